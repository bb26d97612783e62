import { toWire } from '#apps/api/presenters/wire-id.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'

/** An API with a funded economy, for the transaction endpoints. */
export interface TransactionsApi extends TestApi {
  economy: EconomyFixture
  /** Wire id of the economy. */
  economyId: string
  alice: string
  bob: string
  company: string
  /** Executes with a fresh idempotency key unless one is given. */
  execute(
    body: Record<string, unknown>,
    options?: { once?: string; headers?: Record<string, string>; key?: string },
  ): Promise<Answer>
}

/** Alice has 1,000 base units, Bob none, the company 10,000. */
export async function startTransactionsApi(
  options: Parameters<typeof startApi>[0] = {},
): Promise<TransactionsApi> {
  const api = await startApi(options)
  const tenantId = uuidOfWire(api.tenant.id)
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId,
    balances: [1_000n, 0n],
    company: 10_000n,
  })
  const economyId = toWire('eco', economy.economyId)
  const [alice = '', bob = ''] = economy.userIds.map((id) => toWire('usr', id))
  let count = 0
  return {
    ...api,
    economy,
    economyId,
    alice,
    bob,
    company: toWire('usr', economy.companyId),
    execute: (body, { once = `key-${count++}`, ...options } = {}) =>
      api.request('POST', '/v3/transactions', { economy: economyId, once, body, ...options }),
  }
}

/** Four queued transactions, oldest first; their wire ids. */
export async function seedTransactions(api: TransactionsApi): Promise<string[]> {
  const ids: string[] = []
  for (const [index, body] of [
    { type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '10', metadata: { order: 'A-1' } },
    { type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '20' },
    { type: 'reward', to_user_id: api.bob, amount: '30' },
    { type: 'purchase', from_user_id: api.alice, amount: '40', metadata: { order: 'A-1', vip: true } },
  ].entries()) {
    const { body: created } = await api.execute(body, { once: `seed-${index}` })
    ids.push(created.id)
  }
  return ids
}
