import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('GET /v3/platform/reconciliations', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'GET',
    () => '/v3/platform/reconciliations',
  )

  it('200: lists the live economies of every tenant with the newest comparison of each', async () => {
    const { economyId, tenantId } = api.economy
    for (const [status, differences] of [
      ['equal', []],
      ['drift', [{ kind: 'balance', subject_id: null, address: '0x12', expected: '1', found: '2' }]],
    ] as const) {
      await api.sql(
        `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status, differences)
         VALUES ($1, $2, $3, 9, '0xb', 2, $4, $5)`,
        [economyId, uuidv7(), tenantId, status, JSON.stringify(differences)],
      )
    }
    const other = await api.createEconomy()
    const draft = await api.createEconomy({ status: 'deploying' })
    const { status, body } = await api.operate('GET', '/v3/platform/reconciliations')
    expect(status).toBe(200)
    expect(body.next_after).toBeNull()
    const listed = new Map(
      body.data.map((one: { economy_id: string; newest: unknown }) => [one.economy_id, one.newest]),
    )
    expect(listed.get(other.id)).toBeNull()
    expect(listed.has(draft.id)).toBe(false)
    expect(listed.get(toWire('eco', economyId))).toMatchObject({
      status: 'drift',
      differences: [{ kind: 'balance', address: '0x12', expected: '1', found: '2' }],
    })
    const rest = await api.operate('GET', `/v3/platform/reconciliations?after=${body.data.at(-1).economy_id}`)
    expect(rest.body.data).toEqual([])
  })

  it('400: what is no economy to go on after', async () => {
    const { status, body } = await api.operate('GET', '/v3/platform/reconciliations?after=x')
    expect([status, body.code]).toEqual([400, 'invalid_request'])
  })
})
