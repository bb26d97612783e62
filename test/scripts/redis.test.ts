import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { Processes } from '#scripts/stack/processes.ts'
import { fetchRedis, findRedis, RedisMissing } from '#scripts/stack/redis.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-kit-redis-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function hasPackages(): boolean {
  try {
    return execFileSync('apt-cache', ['policy', 'redis-server'], { encoding: 'utf8' }).includes('Candidate: ')
  } catch {
    return false
  }
}

describe('findRedis', () => {
  it('says in one sentence what to do when there is no package manager', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = folder
    try {
      const refusal = findRedis(join(folder, 'server'))
      await expect(refusal).rejects.toThrow(RedisMissing)
      await expect(refusal).rejects.toThrow(
        /^Redis is missing and cannot be fetched without apt-get: install .+ or set REDIS_URL to .+\.$/,
      )
    } finally {
      process.env['PATH'] = path
    }
  })
})

describe.skipIf(!hasPackages())('fetchRedis', () => {
  it('unpacks a server that runs, and finds it again', { timeout: 180_000 }, async () => {
    const server = await fetchRedis(folder)
    expect(server.command.startsWith(folder)).toBe(true)
    expect((await findRedis(folder, '')).command).toBe(server.command)
    const [port = 0] = await pickFreePorts(1)
    const processes = new Processes(join(folder, 'logs'))
    const running = await processes.start({
      name: 'redis',
      command: server.command,
      args: ['--port', String(port), '--save', ''],
      env: server.env,
      isReady: async () =>
        (await fetch(`http://127.0.0.1:${port}`).catch((error: Error) => error)) instanceof Error,
    })
    expect(running.pid).toBeGreaterThan(0)
    await processes.stopAll()
  })
})
