import type { Topic } from './topics.ts'

/** A state change, appended in the database transaction that makes it. Events without a tenant are metrics and logs only. */
export interface NewOutboxEvent {
  tenantId: string
  economyId: string | null
  topic: Topic
  /** The thing that changed: the economy, the transaction, the airdrop … */
  subjectId: string
  payload?: Readonly<Record<string, unknown>>
}

/**
 * A reader's place in the log: everything up to and including it was read. `xid` is the writing database transaction's
 * number, so the order is that of the transactions' beginnings, and nothing that commits late can be passed over.
 */
export interface OutboxPosition {
  xid: bigint
  id: string
}

/**
 * Committed events of one topic and one economy that one step wrote, as the relay reads them. Its `id` is the greatest of theirs,
 * so its place is behind all of them.
 */
export interface OutboxRecord extends OutboxPosition {
  tenantId: string
  economyId: string | null
  /** A topic of a newer version may be unknown to this reader; it passes such events by. */
  topic: string
  /** How many events. */
  events: number
  /** The events and what each is of, at the same places. Left out for states that a transaction only passes through: nobody asks. */
  eventIds: readonly string[]
  subjectIds: readonly string[]
  createdAt: Date
}
