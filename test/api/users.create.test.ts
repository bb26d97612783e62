import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('POST /v3/users', () => {
  let api: TestApi
  let economy: string
  let key: string
  beforeAll(async () => {
    api = await startApi({ env: { LOG_LEVEL: 'error' } })
    economy = (await api.createEconomy()).id
    key = await api.createKey({ scopes: ['users:read', 'users:write'] as const as never, economy_id: economy })
  })
  afterAll(() => api.close())

  it('works', async () => {
    const answer = await api.request('POST', '/v3/users', { key, body: { external_id: 'a', name: 'Ada' } })
    console.log(JSON.stringify(answer, null, 1))
    const b = await api.request('POST', '/v3/users/batch', { key, body: { users: [{ external_id: 'a' }, { external_id: 'b' }, { external_id: 5 }, { external_id: 'b' }, {}, { nope: 1 }] } })
    console.log(JSON.stringify(b.body, null, 1))
    for (const q of ['', '?name_prefix=ad', '?type=company', '?external_id=b', '?status=archived', '?limit=1']) {
      const l = await api.request('GET', '/v3/users' + q, { key })
      console.log(q, l.status, l.body.data?.length ?? l.body)
    }
  })
})
