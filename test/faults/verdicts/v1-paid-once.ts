import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot } from '../snapshot.ts'
import type { Intent, Leg } from '../story.ts'

/**
 * Everything that was accepted has ended in exactly one payment on the chain, or failed without one; nothing else was ever
 * paid. The chain's payments are counted from its logs: a batch's number and the payment's place in it name the transaction.
 */
export const paidOnce: Verdict = ({ economies }) => economies.flatMap(judge)

function judge(economy: EconomySnapshot): Finding[] {
  const findings: Finding[] = []
  const find = (kind: Finding['kind'], what: string) => findings.push({ verdict: 'V1', kind, what })
  const paid = paymentsById(economy, find)
  const rows = new Map(economy.transactions.map((row) => [row.id, row]))
  const accepted = new Map<string, Intent>()

  for (const intent of economy.intents) {
    const { answer } = intent
    if (answer === undefined || !('transactionId' in answer)) continue
    const { transactionId } = answer
    const before = accepted.get(transactionId)
    if (before !== undefined) find('lost', `${nameOf(intent)} and ${nameOf(before)} became one transaction`)
    accepted.set(transactionId, intent)
    const row = rows.get(transactionId)
    const payments = paid.get(transactionId) ?? []
    if (row === undefined) {
      find('lost', `${nameOf(intent)} was accepted as ${transactionId}, which does not exist`)
      continue
    }
    if (row.status === 'confirmed' && payments.length === 0)
      find('lost', `${transactionId} is confirmed and was never paid`)
    if (payments.length > 1) find('doubled', `${transactionId} was paid ${payments.length} times`)
    if (row.status === 'failed' && payments.length > 0)
      find('mismatch', `${transactionId} is failed and was paid`)
    for (const legs of payments) {
      if (!isSame(legs, intent.legs))
        find('mismatch', `${transactionId} moved ${told(legs)} where ${told(intent.legs)} was asked for`)
    }
  }

  for (const [intentsOf, ids] of unasked(economy, accepted)) {
    const times = ids.filter((id) => (paid.get(id)?.length ?? 0) > 0).length
    // A request without a final answer may have been carried out: once.
    const allowed = intentsOf !== null && isUnknown(intentsOf) ? 1 : 0
    if (ids.length > allowed)
      find(times > allowed ? 'doubled' : 'mismatch', `${ids.join(', ')} exist and nobody was told of them`)
  }
  for (const leg of economy.chain.strangers) find('mismatch', `${told([leg])} moved outside every batch`)
  return findings
}

/** Everything that the chain paid, by the transaction it was paid for. */
function paymentsById(
  { chain, submissions }: EconomySnapshot,
  find: (kind: Finding['kind'], what: string) => void,
): Map<string, Leg[][]> {
  const known = new Map(submissions.map((submission) => [submission.id, submission.transaction_ids]))
  const paid = new Map<string, Leg[][]>()
  for (const { submissionId, txHash, payments } of chain.batches) {
    const ids = known.get(submissionId)
    if (ids === undefined) find('doubled', `${txHash} executed a batch ${submissionId} that no row knows`)
    payments.forEach((legs, index) => {
      if (legs === undefined) return
      const id = ids?.[index]
      if (id === undefined) find('doubled', `payment ${index} of ${txHash} belongs to no transaction`)
      else paid.set(id, [...(paid.get(id) ?? []), legs])
    })
  }
  return paid
}

/** Transactions that no answer named, by the request that may have made them. */
function unasked(
  { intents, transactions }: EconomySnapshot,
  accepted: ReadonlyMap<string, Intent>,
): Map<Intent | null, string[]> {
  const byAmount = new Map(intents.map((intent) => [intent.legs[0]?.amount, intent]))
  const rest = transactions.filter(({ id }) => !accepted.has(id))
  const found = Map.groupBy(rest, ({ amount }) => byAmount.get(amount) ?? null)
  return new Map([...found].map(([intent, rows]) => [intent, rows.map(({ id }) => id)]))
}

function isUnknown({ answer }: Intent): boolean {
  return answer === undefined || 'unknown' in answer
}

function isSame(legs: readonly Leg[], others: readonly Leg[]): boolean {
  return told(legs) === told(others)
}

function told(legs: readonly Leg[]): string {
  return legs.map(({ from, to, amount }) => `${amount} from ${from} to ${to}`).join(', ')
}

function nameOf({ idempotencyKey, item }: Intent): string {
  return `${idempotencyKey}#${item}`
}
