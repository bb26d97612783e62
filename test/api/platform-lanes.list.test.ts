import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('GET /v3/platform/lanes', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'GET',
    () => '/v3/platform/lanes',
  )

  it('200: shows what waits, what is in flight, nonces with their gaps, and what the chain said last', async () => {
    await api.sql(
      `UPDATE lane SET balance_wei = 5, chain_nonce = 3, base_fee_per_gas = 7, priority_fee_per_gas = 1, balance_checked_at = now() WHERE id = $1`,
      [api.economy.laneId],
    )
    await api.insertSubmission({ status: 'confirmed', nonce: 2 })
    await api.insertSubmission({ nonce: 3 })
    await api.insertSubmission({ nonce: 6 })
    await api.insertSubmission({ status: 'queued', nonce: null, attempts: 0 })
    const { status, body } = await api.operate('GET', '/v3/platform/lanes')
    expect(status).toBe(200)
    const lane = body.data.find(({ id }: { id: string }) => id === toWire('lan', api.economy.laneId))
    expect(lane).toMatchObject({
      object: 'lane',
      chain_id: 31_002,
      status: 'active',
      pause_reason: null,
      balance_wei: '5',
      base_fee_per_gas: '7',
      chain_nonce: 3,
      next_nonce: 7,
      missing_nonces: [4, 5],
      queued_transactions: 0,
      queued_calls: 1,
      in_flight: 2,
    })
    expect(Date.now() - Date.parse(lane.oldest_in_flight_at)).toBeGreaterThan(4_000)
    expect(JSON.stringify(body)).not.toContain('key_jwe')
  })

  it('200: counts queued transactions of every tenant', async () => {
    await api.sql(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
       SELECT $1, gen_random_uuid(), $2, $1, $3, $4, 1, 1 FROM generate_series(1, 3)`,
      [api.economy.economyId, api.economy.tenantId, api.economy.companyId, api.economy.userIds[0]],
    )
    const { body } = await api.operate('GET', '/v3/platform/lanes')
    const counts = body.data.map((lane: { queued_transactions: number }) => lane.queued_transactions)
    expect(counts.toSorted()).toEqual([0, 3])
  })
})
