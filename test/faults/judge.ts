import type { Finding } from './finding.ts'
import type { Snapshot } from './snapshot.ts'
import { paidOnce } from './verdicts/v1-paid-once.ts'
import { booksBalance } from './verdicts/v2-books-balance.ts'
import { ledgerEqualsChain } from './verdicts/v3-ledger-equals-chain.ts'
import { oneStory } from './verdicts/v4-one-story.ts'
import { allEnded } from './verdicts/v5-all-ended.ts'

const VERDICTS = [paidOnce, booksBalance, ledgerEqualsChain, oneStory, allEnded]

/** The five verdicts on what was left behind; nothing found means that it passed. */
export function judge(snapshot: Snapshot): Finding[] {
  return VERDICTS.flatMap((verdict) => verdict(snapshot))
}
