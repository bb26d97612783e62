import type { TypeName } from './world.ts'

/** A user by its position in the economy, the company, or an id as it stands. */
export type Party = number | 'company' | { id: string }

/** What the platform must answer: worked out here, not taken from the platform. Amounts in base units. */
export type Expectation =
  | {
      outcome: 'accepted'
      from: number | 'company'
      to: number | 'company'
      amount: bigint
      commission: bigint
    }
  | { outcome: 'refused'; code: string; rule?: string }

export interface PlannedTransfer {
  /** From 1, in the order of the plan. */
  number: number
  type: TypeName | 'nonesuch'
  from: Party | null
  to: Party | null
  /** As it goes over the wire; null: left out. */
  amount: string | null
  order: string | null
  expect: Expectation
}

/**
 * How a single transfer is sent. replay: again afterwards with the same key · twin: twice at once · hasty: the first
 * connection is cut after some milliseconds · reuse: afterwards another body under the same key.
 */
export type Manner = 'once' | 'replay' | 'twin' | 'hasty' | 'reuse'

/** What one caller does, one step after the other. */
export type Act =
  | { kind: 'single'; economy: number; transfer: PlannedTransfer; manner: Manner; giveUpAfterMs: number }
  | { kind: 'batch'; economy: number; number: number; transfers: PlannedTransfer[]; isReplayed: boolean }
  | { kind: 'sequence'; economy: number; transfers: PlannedTransfer[] }
