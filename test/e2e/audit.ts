import { expect } from 'vitest'
import { ZERO_ADDRESS } from '#scripts/simulate/chain-reader.ts'
import { concurrently } from '#scripts/simulate/concurrently.ts'
import type {
  WireBalance,
  WirePage,
  WireReconciliation,
  WireReconciliationRequest,
  WireTransaction,
} from '#apps/cli/wire.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { collect, type Partner, transactionsOf } from './partner.ts'
import type { Platform } from './platform.ts'

const BALANCES_AT_ONCE = 8

/**
 * After everything has ended: what was accepted, and nothing else, was paid on the chain once; every balance equals the
 * chain's; nothing is held or under way; no lane has a gap in its nonces; and the platform's own comparison finds the same.
 *
 * @param accepted Ids that the API answered with 202 or 200, airdropped ones among them.
 */
export async function expectPaidExactlyOnce(
  platform: Platform,
  partner: Partner,
  accepted: readonly string[],
): Promise<void> {
  const transactions = await transactionsOf(partner)
  const listed = transactions.map(({ id }) => id)
  expect({ lost: without(accepted, listed), neverAnswered: without(listed, accepted) }).toEqual({
    lost: [],
    neverAnswered: [],
  })
  expect(new Set(accepted).size).toBe(listed.length)
  expect(transactions.filter(({ status }) => status !== 'confirmed')).toEqual([])
  expect(await movementsOnChain(platform, partner)).toEqual(movementsOf(partner, transactions))
  await expectBalancesOfTheChain(platform, partner)
  await expectNothingUnderWay(platform, partner)
  await expectNoNonceGap(platform)
  await expectReconciled(partner)
}

function without(ids: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return ids.filter((id) => !known.has(id))
}

/** One line per token movement: sorted, so that two tellings can be compared whole, repetitions included. */
function movementsOf({ token, users }: Partner, transactions: readonly WireTransaction[]): string[] {
  const addresses = new Map(users.map((user) => [user.id, user.address]))
  addresses.set(token.company.user_id, token.company.address.toLowerCase())
  const lines = transactions.flatMap(({ chain, transfers }) =>
    transfers.map(({ from_user_id: from, to_user_id: to, amount }) =>
      [chain?.tx_hash.toLowerCase(), addresses.get(from), addresses.get(to), amount].join(' '),
    ),
  )
  return lines.toSorted()
}

/** The token's Transfer logs but for the mint at the economy's start. */
async function movementsOnChain({ chain }: Platform, { token }: Partner): Promise<string[]> {
  const logs = await collect(chain.transferLogs(token.address, 0, await chain.blockNumber()))
  const paid = logs.filter(({ from }) => from !== ZERO_ADDRESS)
  return paid.map(({ txHash, from, to, amount }) => [txHash, from, to, amount].join(' ')).toSorted()
}

export async function expectBalancesOfTheChain({ chain }: Platform, partner: Partner): Promise<void> {
  const { client, token, users } = partner
  const company = { id: token.company.user_id, address: token.company.address }
  const holders = [company, ...users]
  const addresses = holders.map(({ address }) => address)
  const block = await chain.blockNumber()
  const onChain = await chain.balances(token.address, addresses, block)
  const told = new Map<string, bigint>()
  await concurrently(holders, BALANCES_AT_ONCE, async ({ id }) => {
    const { settled, held, pending_in } = await client.get<WireBalance>(`/v3/users/${id}/balance`)
    expect({ id, held, pending_in }).toEqual({ id, held: '0', pending_in: '0' })
    told.set(id, BigInt(settled))
  })
  expect(holders.map(({ id }) => told.get(id))).toEqual(onChain)
  expect(onChain.reduce((sum, balance) => sum + balance, 0n)).toBe(
    await chain.totalSupply(token.address, block),
  )
}

/** What no answer of the API shows: the rows behind it. */
async function expectNothingUnderWay(platform: Platform, { economy }: Partner): Promise<void> {
  const open = await platform.sql(
    `SELECT 'hold' AS what FROM hold WHERE economy_id = $1 AND status NOT IN ('posted', 'voided')
     UNION ALL SELECT 'account' FROM account_balance WHERE economy_id = $1 AND (held <> 0 OR pending_in <> 0)
     UNION ALL SELECT 'submission' FROM chain_submission WHERE economy_id = $1 AND status <> 'confirmed'`,
    [uuidOfWire(economy.id)],
  )
  expect(open).toEqual([])
}

/** Each lane has used every nonce from its first to the chain's count, each for one submission. */
async function expectNoNonceGap(platform: Platform): Promise<void> {
  const lanes = await platform.sql<{
    address: string
    nonces: number
    lowest: number | null
    highest: number | null
  }>(
    `SELECT l.address, count(DISTINCT s.nonce)::int AS nonces, min(s.nonce)::int AS lowest, max(s.nonce)::int AS highest
     FROM lane l LEFT JOIN chain_submission s ON s.lane_id = l.id AND s.nonce IS NOT NULL AND s.status <> 'replaced'
     GROUP BY l.id`,
  )
  for (const { address, nonces, lowest, highest } of lanes) {
    const used = Number(await platform.anvil.rpc('eth_getTransactionCount', [address, 'latest']))
    if (lowest === null || highest === null) expect(used).toBe(0)
    else expect([lowest, nonces, highest + 1]).toEqual([0, used, used])
  }
}

/** Asks for a comparison of ledger and chain, and waits for its result. */
export async function expectReconciled({ client }: Partner): Promise<void> {
  const asked = await client.post<WireReconciliationRequest>('/v3/token/reconciliations')
  const newest = async () => {
    const { data } = await client.get<WirePage<WireReconciliation>>('/v3/token/reconciliations', { limit: 1 })
    return data.find(({ created_at }) => created_at >= asked.requested_at)
  }
  await expect
    .poll(newest, { timeout: 20_000, interval: 100 })
    .toMatchObject({ status: 'equal', differences: [] })
}
