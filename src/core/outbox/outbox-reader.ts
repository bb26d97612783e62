import type { OutboxPosition, OutboxRecord } from './outbox-event.ts'

/** Reads the log of state changes with a cursor per consumer. */
export interface OutboxReader {
  /** The consumer's place; the beginning of the log for a new one. */
  position(consumer: string): Promise<OutboxPosition>
  /** At most `limit` records after `position`, oldest first, none of them from a transaction that an older one might still precede. */
  readAfter(position: OutboxPosition, limit: number): Promise<OutboxRecord[]>
  /** Moves the consumer's place forward; never back, whoever comes late. */
  advance(consumer: string, position: OutboxPosition): Promise<void>
  /** The lanes of those economies that have something queued. An economy's lane never changes. */
  lanesOf(economyIds: readonly string[]): Promise<Map<string, string>>
}
