import type { Snapshot } from './snapshot.ts'

export type VerdictId = 'V1' | 'V2' | 'V3' | 'V4' | 'V5'

/** Something that must never be. `lost`: accepted and not paid; `doubled`: paid more often than was asked. */
export interface Finding {
  verdict: VerdictId
  kind: 'lost' | 'doubled' | 'mismatch'
  what: string
}

/** Pure: looks at what was taken down, and at nothing else. */
export type Verdict = (snapshot: Snapshot) => Finding[]
