import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import { OPERATOR_KEY, startApi, type TestApi } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'

/** An API with a live economy of a tenant, and the jobs that it rang for. */
export interface PlatformApi extends TestApi {
  economy: EconomyFixture
  rung: Job[]
  /** A request with the operator key. */
  operate(method: 'GET' | 'POST', url: string): ReturnType<TestApi['request']>
  /** A submission of the economy's lane, with so many attempts. */
  insertSubmission(options?: { status?: string; nonce?: number | null; attempts?: number }): Promise<string>
}

export async function startPlatformApi(env: Record<string, string> = {}): Promise<PlatformApi> {
  const rung: Job[] = []
  const api = await startApi({ env, deps: () => ({ jobs: { wake: (job) => void rung.push(job) } }) })
  const economy = await insertEconomy(api.database.ownerUrl, { balances: [10n], company: 10n })
  return {
    ...api,
    economy,
    rung,
    operate: (method, url) => api.request(method, url, { key: OPERATOR_KEY }),

    async insertSubmission({ status = 'broadcast', nonce = 0, attempts = 1 } = {}) {
      const id = uuidv7()
      const isMined = ['mined', 'confirmed', 'reverted'].includes(status)
      await api.sql(
        `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
           transaction_ids, block_number, tx_hash, signed_at)
         SELECT $1, e.chain_id, e.lane_id, e.id, e.tenant_id, 'transfer_batch', e.token_rules_address, '', 100000, $3::bigint, $4, '{}',
           CASE WHEN $5 THEN 7 END, CASE WHEN $5 THEN '0xabc' END, CASE WHEN $3::bigint IS NOT NULL THEN now() - interval '5 s' END
         FROM economy e WHERE e.id = $2`,
        [id, economy.economyId, nonce, status, isMined],
      )
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        await api.sql(
          `INSERT INTO submission_attempt (submission_id, attempt, raw_tx, tx_hash, max_fee_per_gas, max_priority_fee_per_gas, broadcasts, answers)
           VALUES ($1, $2, '', $3, $4, 1, 1, $5)`,
          [
            id,
            attempt,
            `0x${randomBytes(32).toString('hex')}`,
            attempt * 100,
            JSON.stringify([
              { at: new Date().toISOString(), verdict: 'accepted', reason: 'accepted', message: '' },
            ]),
          ],
        )
      }
      return id
    },
  }
}

/** Nobody but the operator gets an answer, and nobody else makes anything happen. */
export function itIsForTheOperatorOnly(
  api: () => PlatformApi,
  method: 'GET' | 'POST',
  url: () => string,
): void {
  it.each([
    ['no key', () => null],
    ["a tenant's key", () => api().tenant.key],
    ['a wrong key', () => `${OPERATOR_KEY}x`],
  ])('401: refuses %s', async (_who, key) => {
    const before = api().rung.length
    const { status, body } = await api().request(method, url(), { key: key() })
    expect([status, body.code]).toEqual([401, 'unauthenticated'])
    expect(api().rung).toHaveLength(before)
  })
}
