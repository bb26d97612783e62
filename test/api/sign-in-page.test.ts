import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

const run = promisify(execFile)
const hasCurl = ['curl', 'bash'].every((name) => spawnSync(name, ['--version']).status === 0)

describe('docs/sign-in.md', () => {
  let api: TestApi
  const lines: string[] = []
  beforeAll(async () => {
    api = await startApi({
      env: { LOG_LEVEL: 'debug' },
      deps: () => ({ logTo: { write: (text) => void lines.push(text) } }),
    })
  })
  afterAll(() => api.close())

  it.skipIf(!hasCurl)(
    'begins with an example that works as it stands, and leaves nothing secret in the log',
    async () => {
      const page = await readFile('docs/sign-in.md', 'utf8')
      const [, code = ''] = /```sh\n(.*?)```/s.exec(page) ?? []
      const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
      const { stdout } = await run(
        'bash',
        ['-euo', 'pipefail', '-c', `${code}\nprintf '\\n%s' "$grant" "$invitation"`],
        {
          env: { ...process.env, API: url, KEY: api.tenant.key },
        },
      )
      const [sessions = '', grant = '', invitation = ''] = stdout.split('\n')
      expect(JSON.parse(sessions).data).toMatchObject([{ object: 'session', is_current: true }])
      const { access_token, refresh_token } = JSON.parse(grant)
      await expect
        .poll(async () => (await api.request('GET', '/v3/tenant', { key: access_token })).status)
        .toBe(401)
      await expect.poll(() => lines.join('')).toContain('/v3/auth/sign-out')
      const log = lines.join('')
      const secrets = [access_token, refresh_token, invitation, 'battery staple', api.tenant.key]
      for (const secret of secrets) expect(log.includes(secret), secret).toBe(false)
    },
  )
})
