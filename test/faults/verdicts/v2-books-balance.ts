import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot, TransactionRow } from '../snapshot.ts'

/** Which state a hold has while its transaction is in each of these. */
const HOLD_OF: Readonly<Record<string, string>> = {
  queued: 'pending',
  submitted: 'pending',
  mined: 'posted',
  confirmed: 'posted',
  failed: 'voided',
}

/** Every entry has its other side; balances are the sum of their entries and never negative; a hold lives as long as its transaction. */
export const booksBalance: Verdict = ({ economies }) => economies.flatMap(judge)

function judge(economy: EconomySnapshot): Finding[] {
  const whats = [...judgeEntries(economy), ...judgeHolds(economy), ...judgeReservations(economy)]
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

function judgeHolds({ holds, transactions }: EconomySnapshot): string[] {
  const whats: string[] = []
  const byTransaction = Map.groupBy(holds, (hold) => hold.transaction_id)
  for (const row of transactions) {
    const own = byTransaction.get(row.id) ?? []
    const [hold] = own
    if (hold === undefined || own.length > 1) whats.push(`${row.id} has ${own.length} holds`)
    if (hold && hold.status !== HOLD_OF[row.status])
      whats.push(`${row.id} is ${row.status} and its hold ${hold.status}`)
    if (hold && hold.amount !== row.amount + row.commission)
      whats.push(`${row.id} moves ${row.amount + row.commission} and holds ${hold.amount}`)
    byTransaction.delete(row.id)
  }
  for (const id of byTransaction.keys()) whats.push(`a hold of ${id}, which does not exist`)
  return whats
}

/** `held` and `pending_in` are exactly what live transactions still have to move. */
function judgeReservations({ holds, accounts, transactions }: EconomySnapshot): string[] {
  const held = new Map<string, bigint>()
  const pending = holds.filter(({ status }) => status === 'pending')
  for (const hold of pending) held.set(hold.account_id, (held.get(hold.account_id) ?? 0n) + hold.amount)
  const hasLive = transactions.some(isLive)
  return accounts.flatMap(({ id, address, held: told, pending_in: pendingIn }) => {
    const whats: string[] = []
    const due = held.get(id) ?? 0n
    if (told !== due) whats.push(`${address} has ${told} held, its pending holds are ${due}`)
    if (!hasLive && pendingIn !== 0n) whats.push(`${address} expects ${pendingIn} and nothing is under way`)
    return whats
  })
}

function isLive({ status }: TransactionRow): boolean {
  return status === 'queued' || status === 'submitted'
}
