import type { OutboxPosition } from '../outbox/outbox-event.ts'
import type { ReadableEvent } from './event.ts'
import type { WebhookFormat } from './webhook.ts'
import type { EventBody } from './webhook-store.ts'

/** A piece of the log, as far as webhooks care for it. */
export interface LogSpan {
  /** Where the reader stood. */
  from: OutboxPosition
  /** Where it stands once the span is worked off; null: nothing is there to read. */
  to: OutboxPosition | null
  /** Of economies with a webhook for their topic. */
  events: WantedEvent[]
  /** False: more is there to read after `to`. */
  caughtUp: boolean
}

/** An event, and the formats in which webhooks of its economy want it. */
export interface WantedEvent extends ReadableEvent {
  formats: readonly WebhookFormat[]
}

/** An event for the webhooks of its economy, in one format. */
export interface FannedEvent extends EventBody {
  tenantId: string
  economyId: string
  format: WebhookFormat
  createdAt: Date
}

/** Port: the log of state changes on its way to webhooks, read by one consumer with a cursor. */
export interface EventLog {
  /** Some `limit` events of the log after the cursor (a step's events are read together), of which those without a webhook are left out. */
  readSpan(limit: number): Promise<LogSpan>
  /** The acceptances of the transactions submitted among `events` that no webhook of theirs has been told of yet. */
  untoldAcceptances(events: readonly ReadableEvent[]): Promise<WantedEvent[]>
  /**
   * Queues the events, in this order, for every enabled webhook of their economies and format that wants their topic, and moves the
   * cursor: in one database transaction. What is queued already stays as it is.
   * @returns the webhooks that have something new; null: another reader was faster, and nothing was done.
   */
  fanOut(span: LogSpan, events: readonly FannedEvent[]): Promise<string[] | null>
}
