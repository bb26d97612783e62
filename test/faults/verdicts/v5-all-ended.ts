import type { Finding, Verdict } from '../finding.ts'
import type { EconomySnapshot } from '../snapshot.ts'

const OPEN = ['queued', 'submitted', 'mined']
const OPEN_SUBMISSION = ['queued', 'signed', 'broadcast', 'mined']

/** Everybody was answered, everything has ended, and in time after the fault was over. */
export const allEnded: Verdict = ({ economies, drainedS, drainedWithinS }) => {
  const whats = economies.flatMap(judge)
  if (drainedS === null) whats.push(`something is under way ${drainedWithinS} s after the fault ended`)
  else if (drainedS > drainedWithinS)
    whats.push(`it took ${drainedS.toFixed(1)} s to end, ${drainedWithinS} are allowed`)
  return whats.map((what): Finding => ({ verdict: 'V5', kind: 'mismatch', what }))
}

function judge({ intents, transactions, submissions }: EconomySnapshot): string[] {
  const unanswered = intents.filter(({ answer }) => answer === undefined)
  return [
    ...unanswered.map(({ idempotencyKey, item }) => `${idempotencyKey}#${item} has no final answer`),
    ...transactions
      .filter(({ status }) => OPEN.includes(status))
      .map(({ id, status }) => `${id} is still ${status}`),
    ...submissions
      .filter(({ status }) => OPEN_SUBMISSION.includes(status))
      .map(({ id, status }) => `submission ${id} is still ${status}`),
  ]
}
