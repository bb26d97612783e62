import type { DeliveryAttempt } from './delivery.ts'
import type { DeliveryMode, DisabledReason, WebhookFormat } from './webhook.ts'

/** A webhook that this worker alone sends to, until the lease ends. */
export interface LeasedWebhook {
  id: string
  tenantId: string
  economyId: string
  url: string
  mode: DeliveryMode
  format: WebhookFormat
  /** Those that sign now, the newest first. */
  secrets: readonly string[]
  /** Failed tries in a row until now. */
  failures: number
  /** Names the lease. */
  token: string
}

/** A delivery whose time has come. */
export interface DueDelivery {
  eventId: string
  /** The webhook's order. */
  position: bigint
  dueAt: Date
  /** Tries until now. */
  attempts: number
  /** Milliseconds since the tries that count towards giving up began. */
  ageMs: number
  body: string
}

/** What a try leads to. */
export type Outcome =
  | { status: 'delivered' }
  | { status: 'pending'; retryInMs: number }
  | { status: 'failed' }

export interface DeliveryResult {
  eventId: string
  attempt: DeliveryAttempt
  outcome: Outcome
}

/** How a webhook fares after these results. */
export interface WebhookHealth {
  /** Failed tries in a row. */
  failures: number
  /** Nothing is sent for so many milliseconds; null: it may go on. */
  pauseMs: number | null
  /** It took an event after some failures: what waits for a further try need not wait longer. */
  hasRecovered: boolean
}

/**
 * Port: what is to be sent, by webhook. Times are those of the database, so that workers' clocks need not agree.
 */
export interface DeliveryQueue {
  /** Null: disabled, deleted, paused, or another worker's. */
  lease(webhookId: string, token: string, leaseMs: number): Promise<LeasedWebhook | null>
  /**
   * At most `limit` deliveries that are due, after `after`. Of an ordered webhook in the order of the log, and none behind
   * one whose time has not come.
   */
  readDue(webhook: LeasedWebhook, after: DueDelivery | null, limit: number): Promise<DueDelivery[]>
  /** Records tries and what they lead to. @returns milliseconds for which the webhook has only failed; 0: it does not. */
  record(
    webhook: LeasedWebhook,
    results: readonly DeliveryResult[],
    health: WebhookHealth,
  ): Promise<{ failingForMs: number }>
  /** Disables the webhook, with an audit entry and the event `webhook.disabled`. Once only. */
  disable(webhook: LeasedWebhook, reason: DisabledReason): Promise<void>
  /** Gives the lease back, if it is still this one. */
  release(webhook: LeasedWebhook): Promise<void>
}
