/** pending: waits for its next try · delivered: taken by the receiver (2xx) · failed: given up after days of tries. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed'

/** How one event fares with one webhook. */
export interface Delivery {
  webhookId: string
  eventId: string
  topic: string
  subjectId: string
  status: DeliveryStatus
  attempts: number
  /** Null: there will be no further try. */
  nextAttemptAt: Date | null
  lastAttemptAt: Date | null
  /** Of the last try. */
  statusCode: number | null
  error: string | null
  createdAt: Date
}

/** One try of a delivery. */
export interface DeliveryAttempt {
  at: Date
  url: string
  durationMs: number
  statusCode: number | null
  /** The beginning of the answer. */
  responseBody: string | null
  error: string | null
}

/** A delivery with what was sent and what came back. */
export interface DeliveryWithAttempts extends Delivery {
  /** The body, as it was sent on every try. */
  requestBody: string
  /** Newest first. */
  log: readonly DeliveryAttempt[]
}

/** Tries of a delivery that are shown. */
export const ATTEMPTS_SHOWN_MAX = 50
