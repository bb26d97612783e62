import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

const PATH = '/v3/token/reconciliations'

let api: TestApi
let economy: { id: string }
const rung: Job[] = []

beforeAll(async () => {
  api = await startApi({ deps: () => ({ jobs: { wake: (job) => rung.push(job) } }) })
  economy = await api.createEconomy()
})
beforeEach(() => {
  rung.length = 0
})
afterAll(() => api.close())

describe('POST /v3/token/reconciliations', () => {
  it('202: rings for a comparison of this economy', async () => {
    const { status, body } = await api.request('POST', PATH, { economy: economy.id })
    expect(status).toBe(202)
    expect(body).toMatchObject({ economy_id: economy.id, status: 'queued' })
    expect(rung).toContainEqual({ name: 'reconcile-economy', id: uuidOfWire(economy.id) })
  })

  it('202: rings again when the request is repeated, in case the first bell was not heard', async () => {
    const first = await api.request('POST', PATH, { economy: economy.id, once: 'compare-1' })
    const again = await api.request('POST', PATH, { economy: economy.id, once: 'compare-1' })
    expect(again.body).toEqual(first.body)
    expect(rung).toHaveLength(2)
  })

  it('400: needs to know the economy', async () => {
    const { status, body } = await api.request('POST', PATH)
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'economy_required' })
    expect(rung).toEqual([])
  })

  it('404: an economy of another tenant', async () => {
    const other = await api.createTenant()
    const { status, body } = await api.request('POST', PATH, { economy: economy.id, key: other.key })
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'economy_not_found' })
    expect(rung).toEqual([])
  })

  it('403: a key without token:read', async () => {
    const key = await api.createKey({ scopes: ['users:read'] })
    const { status, body } = await api.request('POST', PATH, { economy: economy.id, key })
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'scope_missing' })
  })
})

describe('GET /v3/token/reconciliations', () => {
  it('200: lists results, newest first, page by page', async () => {
    const fresh = await api.createEconomy()
    await insertReconciliation(fresh.id, 10)
    await insertReconciliation(fresh.id, 11, [
      { kind: 'balance', subject_id: ids.next(), address: '0xab', expected: '5', found: '7' },
    ])
    const first = await api.request('GET', `${PATH}?limit=1`, { economy: fresh.id })
    expect(first.body.data).toMatchObject([
      {
        object: 'reconciliation',
        economy_id: fresh.id,
        status: 'drift',
        block_number: 11,
        accounts: 3,
        differences: [{ kind: 'balance', address: '0xab', expected: '5', found: '7' }],
      },
    ])
    const rest = await api.request('GET', `${PATH}?limit=1&cursor=${first.body.next_cursor}`, {
      economy: fresh.id,
    })
    expect(rest.body.data).toMatchObject([{ status: 'equal', block_number: 10, differences: [] }])
    expect(rest.body.has_more).toBe(false)
  })

  it('200: shows nothing of another economy', async () => {
    await insertReconciliation(economy.id, 12)
    const other = await api.createEconomy()
    const { body } = await api.request('GET', PATH, { economy: other.id })
    expect(body.data).toEqual([])
  })
})

async function insertReconciliation(
  economyId: string,
  blockNumber: number,
  differences: object[] = [],
): Promise<void> {
  await api.sql(
    `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status, differences)
     VALUES ($1, $2, $3, $4, $5, 3, $6, $7)`,
    [
      uuidOfWire(economyId),
      ids.next(),
      uuidOfWire(api.tenant.id),
      blockNumber,
      `0x${randomBytes(32).toString('hex')}`,
      differences.length === 0 ? 'equal' : 'drift',
      JSON.stringify(differences),
    ],
  )
}
