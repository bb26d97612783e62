import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createV3Client } from '#apps/cli/v3-client.ts'
import type { WireBalance, WireTransaction } from '#apps/cli/wire.ts'
import { type Demo, seedDemo } from '#scripts/seed-demo.ts'
import { type LivePlatform, startLivePlatform } from './live-platform.ts'

let platform: LivePlatform
let demo: Demo

/** Seeds with what an earlier run kept, and tells what it kept and said itself. */
async function seed(known: unknown): Promise<{ demo: Demo; kept: Partial<Demo>[]; notes: string[] }> {
  const kept: Partial<Demo>[] = []
  const notes: string[] = []
  const seeded = await seedDemo({
    apiUrl: platform.apiUrl,
    operatorKey: platform.operatorKey,
    known,
    save: async (part) => void kept.push(structuredClone(part)),
    utilityRpcUrl: platform.rpcUrl,
    note: (text) => notes.push(text),
  })
  return { demo: seeded, kept, notes }
}

async function counts(): Promise<unknown> {
  const { rows } = await platform.bed.owner.query(
    `SELECT (SELECT count(*) FROM tenant) AS tenants, (SELECT count(*) FROM economy) AS economies,
            (SELECT count(*) FROM economy_user) AS users, (SELECT count(*) FROM transaction) AS transactions,
            (SELECT count(*) FROM api_key) AS keys, (SELECT count(*) FROM transaction_type) AS types`,
  )
  return rows[0]
}

beforeAll(async () => {
  platform = await startLivePlatform()
  demo = (await seed(undefined)).demo
})
afterAll(() => platform.close())

describe('the demo economy', () => {
  it('comes with a key, ten people and money for Alice', async () => {
    const client = createV3Client({ url: platform.apiUrl, key: demo.api_key })
    const balance = await client.get<WireBalance>(`/v3/users/${demo.user_ids[0]}/balance`)
    await client.close()
    expect(balance).toMatchObject({ settled: (1_000n * 10n ** 18n).toString(), token: { symbol: 'BEAN' } })
    expect(await counts()).toMatchObject({ economies: '1', users: '11', types: '3' })
    expect(demo).toMatchObject({
      api_url: platform.apiUrl,
      utility_rpc_url: platform.rpcUrl,
      value_rpc_url: null,
    })
  })

  it('prints a first transaction that works as it is', async () => {
    const [, key = ''] = /Bearer (ost_test_\w+)/.exec(demo.curl) ?? []
    const [, body = ''] = /-d '(.*)'/.exec(demo.curl) ?? []
    const client = createV3Client({ url: platform.apiUrl, key })
    const transaction = await client.post<WireTransaction>('/v3/transactions', JSON.parse(body))
    await client.close()
    expect(transaction).toMatchObject({ from_user_id: demo.user_ids[0], to_user_id: demo.user_ids[1] })
  })

  it('is found again by the next start, which changes nothing', async () => {
    const before = await counts()
    const again = await seed(demo)
    expect(again.demo).toEqual(demo)
    expect(again.notes).toEqual([])
    expect(await counts()).toEqual(before)
  })

  it('is continued where a start was cut short', async () => {
    const before = await counts()
    const { tenant_id, tenant_key } = demo
    const continued = await seed({ tenant_id, tenant_key })
    expect(continued.demo).toMatchObject({ economy_id: demo.economy_id, user_ids: demo.user_ids })
    expect(await counts()).toMatchObject({ ...(before as object), keys: expect.anything() })
  })

  it('gets a new key when the old one was revoked', async () => {
    await platform.bed.owner.query('UPDATE api_key SET revoked_at = now() WHERE economy_id IS NOT NULL')
    // The API remembers a key for a second.
    await expect.poll(async () => (await seed(demo)).demo.api_key, { timeout: 10_000 }).not.toBe(demo.api_key)
  })

  it('keeps the tenant before anything else, so that nothing is made twice', async () => {
    const { kept } = await seed({ tenant_key: 'nonsense' })
    const withTenant = kept.findIndex((part) => part.tenant_key !== undefined)
    expect(kept[withTenant]).not.toHaveProperty('economy_id')
  })

  it('is made anew, with a clear line, where the database is another one', async () => {
    const gone = { ...demo, tenant_key: `${demo.tenant_key.slice(0, -3)}abc` }
    const { demo: made, notes } = await seed(gone)
    expect(made.tenant_id).not.toBe(demo.tenant_id)
    expect(notes[0]).toContain('gone')
  })
})
