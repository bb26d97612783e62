import type { Topic } from '#core/outbox/topics.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'
import type { AccountRow, EventRow, HoldRow, TransactionRow } from '#test/support/memory/rows.ts'
import { versionOf } from './lane-keys.ts'
import { expect, type Promises } from './promises.ts'
import { CHAIN_ID, type World } from './world.ts'

/** Log lines after which a person must look, and which nothing in the simulation may cause. */
const ALARMS = ['chain.halted', 'ledger.drift', 'ledger.reorg_beyond_final']

/** Which status a transaction may come to, by the event that tells of it. */
const STEPS: Partial<Record<Topic, { from: readonly (TransactionStatus | 'new')[]; to: TransactionStatus }>> =
  {
    'transaction.queued': { from: ['new', 'submitted'], to: 'queued' },
    'transaction.submitted': { from: ['queued'], to: 'submitted' },
    'transaction.mined': { from: ['submitted'], to: 'mined' },
    'transaction.reorged': { from: ['submitted', 'mined'], to: 'submitted' },
    'transaction.confirmed': { from: ['mined'], to: 'confirmed' },
    'transaction.failed': { from: ['submitted'], to: 'failed' },
  }

/** Which state the hold of a transaction is in. */
const HOLD_OF: Record<TransactionStatus, HoldRow['status']> = {
  queued: 'pending',
  submitted: 'pending',
  mined: 'posted',
  confirmed: 'posted',
  failed: 'voided',
}

/** What must be so at every moment, whatever is going on. @throws BrokenPromise */
export async function judge(world: World, promises: Promises): Promise<void> {
  const { tables } = world
  for (const { event, reason } of world.alarms) {
    expect(!ALARMS.includes(event), 'V3', `${event}: ${String(reason)}`)
  }
  const transactions = [...tables.transactions.committed.values()]
  judgeReservations(world, transactions)
  judgeEvents([...tables.events.committed.values()], transactions)
  await judgeBalances(world)
  judgePayments(world, promises, transactions)
}

/** V2: postings and balances sum up to zero, nothing is below zero, and holds are held for live transactions only. */
function judgeReservations({ tables, economies }: World, transactions: readonly TransactionRow[]): void {
  const held = new Map<string, bigint>()
  const pendingIn = new Map<string, bigint>()
  const add = (sums: Map<string, bigint>, economyId: string, id: string, amount: bigint) =>
    sums.set(refKey(economyId, id), (sums.get(refKey(economyId, id)) ?? 0n) + amount)
  for (const { economyId, id, status, amount, commission, fromUserId, transfers } of transactions) {
    const hold = tables.holds.committed.get(refKey(economyId, id))
    expect(
      hold?.status === HOLD_OF[status],
      'V2',
      `the hold of ${id}, ${status}, is ${hold?.status ?? 'missing'}`,
    )
    expect(hold.amount === amount + commission, 'V2', `the hold of ${id} is of another amount`)
    if (hold.status !== 'pending') continue
    add(held, economyId, fromUserId, hold.amount)
    for (const leg of transfers) add(pendingIn, economyId, leg.toAccountId, leg.amount)
  }
  const accounts = [...tables.accounts.committed.values()]
  for (const account of accounts) {
    const key = refKey(account.economyId, account.id)
    expect(
      account.held === (held.get(key) ?? 0n),
      'V2',
      `${account.id} holds ${account.held} for no good reason`,
    )
    expect(
      account.pendingIn === (pendingIn.get(key) ?? 0n),
      'V2',
      `${account.id} awaits ${account.pendingIn} from nobody`,
    )
    const isSigned = account.kind === 'issuance' ? account.settled <= 0n : account.settled >= 0n
    expect(isSigned, 'V2', `${account.id} has ${account.settled}`)
  }
  for (const { id } of economies) {
    const sum = sumOf(accounts.filter(({ economyId }) => economyId === id).map(({ settled }) => settled))
    expect(sum === 0n, 'V2', `the balances of an economy sum up to ${sum}`)
  }
  expect(
    sumOf([...tables.entries.committed.values()].map(({ amount }) => amount)) === 0n,
    'V2',
    'postings do not sum up to zero',
  )
}

/** V2: whoever reserves more than before has it. A re-org may take away what was reserved before. */
export function judgeFunds({ tables }: World, before: ReadonlyMap<string, AccountRow>): void {
  for (const [key, account] of tables.accounts.committed) {
    const isMore = account.held > (before.get(key)?.held ?? 0n)
    expect(!isMore || account.settled >= account.held, 'V2', `${nameOf(account)} is overdrawn`)
  }
}

/** V4: one event per change, in an order that can be, ending where the transaction is. */
function judgeEvents(events: readonly EventRow[], transactions: readonly TransactionRow[]): void {
  const statuses = new Map<string, TransactionStatus>()
  for (const { topic, subjectId } of events) {
    expect(topic !== 'ledger.drift', 'V3', 'reconciliation found a drift')
    const step = STEPS[topic]
    if (!step) continue
    const from = statuses.get(subjectId) ?? 'new'
    expect(step.from.includes(from), 'V4', `${subjectId} was ${from} and then ${topic}`)
    statuses.set(subjectId, step.to)
  }
  for (const { id, status } of transactions) {
    expect(
      statuses.get(id) === status,
      'V4',
      `${id} is ${status}, its events tell ${statuses.get(id) ?? 'nothing'}`,
    )
  }
  expect(statuses.size === transactions.length, 'V4', 'events tell of a transaction that is not there')
}

/** V3: every account holds what the chain said at the block that the ledger stands at. */
async function judgeBalances({ tables, chain, economies }: World): Promise<void> {
  const cursor = tables.cursors.committed.get(String(CHAIN_ID))
  if (!cursor) return
  const tokens = new Map(economies.map(({ id, token }) => [id, token]))
  for (const account of tables.accounts.committed.values()) {
    const [onChain] = await chain.balancesOf(
      tokens.get(account.economyId) ?? '',
      [account.address],
      cursor.hash,
    )
    expect(
      account.settled === onChain,
      'V3',
      `${nameOf(account)} has ${account.settled}, on the chain ${String(onChain)}`,
    )
  }
}

/** V1: what is mined was paid once on the ledger's branch of the chain, and nothing else was paid. */
function judgePayments(
  { tables, chain, economies }: World,
  promises: Promises,
  transactions: readonly TransactionRow[],
): void {
  const cursor = tables.cursors.committed.get(String(CHAIN_ID))
  const paid = countPayments(chain.historyOf(cursor?.hash ?? ''), economies, promises)
  const known = new Set<bigint>()
  for (const { id, status, amount } of transactions) {
    const times = paid.get(amount) ?? 0
    const due = status === 'mined' || status === 'confirmed' ? 1 : 0
    expect(times === due, 'V1', `${id} is ${status} and was paid ${times} times`)
    expect(!known.has(amount), 'V1', `one item became two transactions, the second is ${id}`)
    known.add(amount)
  }
  for (const amount of paid.keys()) expect(known.has(amount), 'V1', `${amount} was paid for no transaction`)
  for (const amount of promises.refused())
    expect(!known.has(amount), 'V1', `${amount} was refused and is a transaction`)
  for (const { id, economy, item } of promises.acknowledged()) {
    const row = tables.transactions.committed.get(refKey(economy.id, id))
    expect(row?.amount === item.amount, 'V1', `${id} was acknowledged and is not there`)
  }
}

/** How often each amount that somebody asked for was paid, from logs alone. */
export function countPayments(
  history: ReturnType<World['chain']['historyOf']>,
  economies: World['economies'],
  promises: Promises,
): Map<bigint, number> {
  const paid = new Map<bigint, number>()
  const addresses = new Map(
    economies.flatMap(({ company, users }) => [company, ...users]).map(({ id, address }) => [id, address]),
  )
  for (const log of history.flatMap(({ logs }) => logs)) {
    if (log.type !== 'transfer') continue
    const asked = promises.askedFor(log.amount)?.item
    if (!asked || addresses.get(asked.payer) !== log.from || addresses.get(asked.recipient) !== log.to)
      continue
    paid.set(log.amount, (paid.get(log.amount) ?? 0) + 1)
  }
  return paid
}

/** What must be so once the faults are healed and the queues are drained. @throws BrokenPromise */
export async function judgeEnd(world: World, promises: Promises): Promise<void> {
  await judge(world, promises)
  const { tables, chain, economies } = world
  expect(promises.unanswered().length === 0, 'V5', 'a caller never got an answer')
  for (const account of tables.accounts.committed.values()) {
    const isFree = account.held === 0n && account.pendingIn === 0n
    expect(isFree, 'V5', `${nameOf(account)} still holds ${account.held} and awaits ${account.pendingIn}`)
  }
  const history = chain.historyOf(chain.head.hash)
  const paid = countPayments(history, economies, promises)
  for (const { id, economy, item } of promises.acknowledged()) {
    const status = tables.transactions.committed.get(refKey(economy.id, id))?.status
    const due = status === 'confirmed' ? 1 : 0
    expect(status === 'confirmed' || status === 'failed', 'V5', `${id} ended as ${status ?? 'nothing'}`)
    expect((paid.get(item.amount) ?? 0) === due, 'V1', `${id} is ${status} and the chain paid it otherwise`)
  }
  const minted = history.flatMap(({ logs }) =>
    logs.flatMap((log) => (log.type === 'transfer' ? [log.amount] : [])),
  )
  for (const { amount } of world.grants) {
    const times = minted.filter((each) => each === amount).length
    expect(times === 1, 'V1', `a grant of ${amount} was minted ${times} times`)
  }
  for (const lane of tables.lanes.committed.values()) {
    judgeNonces(world, lane)
    expect(versionOf(lane.keyJwe) === world.masterKey, 'V5', 'a key was never sealed anew')
  }
}

/** Every nonce below the chain's count was used by one of our rows, or by somebody else with the key. */
function judgeNonces(
  { tables, chain, foreign }: World,
  { id, address }: { id: string; address: string },
): void {
  const nonces = [...tables.submissions.committed.values()].flatMap((row) =>
    row.laneId === id ? (row.nonce ?? []) : [],
  )
  const used = new Set([...nonces, ...(foreign.get(address) ?? [])])
  const count = chain.countOf(address)
  for (const nonce of nonces) expect(nonce < count, 'V5', `nonce ${nonce} of a lane was never used`)
  for (let nonce = 0; nonce < count; nonce += 1)
    expect(used.has(nonce), 'V4', `nobody knows of nonce ${nonce}`)
}

function nameOf({ kind, address }: AccountRow): string {
  return `${kind} ${address.slice(0, 8)}`
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
