import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('POST /v3/economies/{id}/grants', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  const grant = (id: string, amount: unknown, options: { key?: string; once?: string } = {}) =>
    api.request('POST', `/v3/economies/${id}/grants`, { body: { amount }, ...options })

  describe('202: a grant on its way', () => {
    it('queues the faucet’s call on the economy’s lane', async () => {
      const { id } = await api.createEconomy()
      const { status, body } = await grant(id, '500')
      expect(status).toBe(202)
      expect(body).toMatchObject({ object: 'token_grant', economy_id: id, amount: '500', status: 'queued' })
      const [row] = await api.sql(
        `SELECT s.kind, s.status, s.nonce, s.to_address, s.lane_id = e.lane_id AS same_lane
         FROM chain_submission s JOIN economy e ON e.id = s.economy_id WHERE s.id = $1`,
        [uuidOfWire(body.id)],
      )
      expect(row).toEqual({
        kind: 'faucet_grant',
        status: 'queued',
        nonce: null,
        to_address: api.chain.contracts['sandbox_faucet'],
        same_lane: true,
      })
    })

    it('queues one grant for one idempotency key', async () => {
      const { id } = await api.createEconomy()
      const first = await grant(id, '7', { once: 'grant-7' })
      const second = await grant(id, '7', { once: 'grant-7' })
      expect(second.body).toEqual(first.body)
      expect(
        await api.sql('SELECT 1 FROM chain_submission WHERE economy_id = $1', [uuidOfWire(id)]),
      ).toHaveLength(1)
    })
  })

  it.each([5, '1.5', '', 'all'])('400: refuses %j as an amount', async (amount) => {
    const { id } = await api.createEconomy()
    expect((await grant(id, amount)).status).toBe(400)
  })

  it('404: grants nothing to another tenant’s economy', async () => {
    const { id } = await api.createEconomy()
    const answer = await grant(id, '5', { key: (await api.createTenant()).key })
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('economy_not_found')
  })

  it('409: grants nothing before the economy is live', async () => {
    const { id } = await api.createEconomy({ status: 'deploying' })
    const answer = await grant(id, '5')
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('economy_state_conflict')
  })

  it('422: keeps within what the faucet grants', async () => {
    const { id } = await api.createEconomy()
    for (const amount of ['0', (10n ** 27n + 1n).toString()]) {
      const answer = await grant(id, amount)
      expect(answer.status).toBe(422)
      expect(answer.body).toMatchObject({ code: 'invalid_amount', errors: [{ pointer: '/amount' }] })
    }
  })

  it('422: prints no money with value behind it', async () => {
    const { id } = await api.createEconomy()
    await api.sql("UPDATE economy SET environment = 'production' WHERE id = $1", [uuidOfWire(id)])
    const answer = await grant(id, '5')
    expect(answer.status).toBe(422)
    expect(answer.body.code).toBe('production_not_available')
  })

  it('lets the API’s database role queue nothing but a grant of the chain’s own faucet', async () => {
    const { id } = await api.createEconomy()
    const queue = (kind: string, to: string) =>
      api.deps.database.raw([uuidOfWire(api.tenant.id)], (client) =>
        client.query(
          `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, transaction_ids)
           SELECT gen_random_uuid(), chain_id, lane_id, id, tenant_id, $2, $3, '\\x', 1, '{}' FROM economy WHERE id = $1`,
          [uuidOfWire(id), kind, to],
        ),
      )
    const faucet = api.chain.contracts['sandbox_faucet'] ?? ''
    await expect(queue('faucet_grant', `0x${'00'.repeat(20)}`)).rejects.toThrow('row-level security')
    await expect(queue('create_economy', faucet)).rejects.toThrow('row-level security')
    await expect(queue('faucet_grant', faucet)).resolves.toBeDefined()
  })
})
