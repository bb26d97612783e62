import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot, TransactionRow } from '../snapshot.ts'

/** Every entry has its other side; balances are the sum of their entries and never negative; funds are held as long as a transaction is live. */
export const booksBalance: Verdict = ({ economies }) => economies.flatMap(judge)

function judge(economy: EconomySnapshot): Finding[] {
  const whats = [...judgeEntries(economy), ...judgeOpen(economy), ...judgeReservations(economy)]
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

/** Live and mined transactions are among the open ones, the queued ones in the queue, and nothing else is. */
function judgeOpen({ open, transactions }: EconomySnapshot): string[] {
  const whats: string[] = []
  const places = new Map(open.map(({ transaction_id: id, is_queued: isQueued }) => [id, isQueued]))
  for (const { id, status } of transactions) {
    const isQueued = places.get(id)
    const isOpen = status !== 'confirmed' && status !== 'failed'
    if (isOpen !== places.has(id))
      whats.push(`${id} is ${status} and ${isOpen ? 'not ' : ''}among the open ones`)
    if (isOpen && isQueued !== undefined && isQueued !== (status === 'queued'))
      whats.push(`${id} is ${status} and ${isQueued ? '' : 'not '}in the queue`)
    places.delete(id)
  }
  for (const id of places.keys()) whats.push(`${id} is open and does not exist`)
  return whats
}

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
