import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot, TransactionRow } from '../snapshot.ts'

/** Every entry has its other side; balances are the sum of their entries and never negative; funds are held as long as a transaction is live. */
export const booksBalance: Verdict = ({ economies }) => economies.flatMap(judge)

function judge(economy: EconomySnapshot): Finding[] {
  const whats = [...judgeEntries(economy), ...judgePlaces(economy), ...judgeReservations(economy)]
  return whats.map((what) => ({ verdict: 'V2', kind: 'mismatch', what }))
}

function judgeEntries({ unbalanced, accounts }: EconomySnapshot): string[] {
  const whats = unbalanced.map((txHash) => `the entries of ${txHash} do not add up to nothing`)
  for (const { address, kind, settled, held, entered } of accounts) {
    if (settled !== entered) whats.push(`${address} has ${settled}, its entries say ${entered}`)
    if (kind !== 'issuance' && settled < 0n) whats.push(`${address} is below nothing: ${settled}`)
    if (kind !== 'issuance' && settled < held) whats.push(`${address} holds ${held} of ${settled}`)
  }
  return whats
}

/** The queued transactions are in the queue, and nothing else is; what is on its way is carried by a submission that is. */
function judgePlaces({ queued, submissions, transactions }: EconomySnapshot): string[] {
  const whats: string[] = []
  const inQueue = new Set(queued)
  const carried = new Set(
    submissions
      .filter(({ status }) => ON_ITS_WAY.has(status))
      .flatMap(({ transaction_ids: transactionIds }) => transactionIds),
  )
  for (const { id, status } of transactions) {
    if (inQueue.delete(id) !== (status === 'queued'))
      whats.push(`${id} is ${status} and ${status === 'queued' ? 'not ' : ''}in the queue`)
    if ((status === 'submitted' || status === 'mined') && !carried.has(id))
      whats.push(`${id} is ${status} and nothing carries it`)
  }
  for (const id of inQueue) whats.push(`${id} is in the queue and does not exist`)
  return whats
}

const ON_ITS_WAY = new Set(['signed', 'broadcast', 'mined'])

/** `held` and `pending_in` are exactly what live transactions still have to move. */
function judgeReservations({ accounts, transactions }: EconomySnapshot): string[] {
  const held = new Map<string, bigint>()
  const live = transactions.filter(isLive)
  for (const { from_account_id: id, amount, commission } of live)
    held.set(id, (held.get(id) ?? 0n) + amount + commission)
  return accounts.flatMap(({ id, address, held: told, pending_in: pendingIn }) => {
    const whats: string[] = []
    const due = held.get(id) ?? 0n
    if (told !== due) whats.push(`${address} has ${told} held, its live transactions need ${due}`)
    if (live.length === 0 && pendingIn !== 0n)
      whats.push(`${address} expects ${pendingIn} and nothing is under way`)
    return whats
  })
}

function isLive({ status }: TransactionRow): boolean {
  return status === 'queued' || status === 'submitted'
}
