import type { NewOutboxEvent } from './outbox-event.ts'

/** Port: appends to the log of state changes, in the unit of work that makes the change. */
export interface OutboxStore {
  append(...events: NewOutboxEvent[]): Promise<void>
}
