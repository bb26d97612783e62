import { GIVE_UP_AFTER_MS, grantedRetryAfterMs, retryDelayMs } from './backoff.ts'
import type { DueDelivery, Outcome } from './delivery-queue.ts'
import type { DeliveryMode } from './webhook.ts'
import type { SendResult } from './webhook-sender.ts'

/** The receiver says that it is gone for good. */
const GONE = 410
const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503

/** True for any 2xx: the receiver has taken the event. Everything else is tried again: redirects and refusals too. */
export function isTaken(result: SendResult): boolean {
  return result.kind === 'answer' && result.status >= 200 && result.status < 300
}

export function isGone(result: SendResult): boolean {
  return result.kind === 'answer' && result.status === GONE
}

/** Milliseconds that the receiver asks to be left alone, within bounds; 0: it does not. */
export function askedPauseMs(result: SendResult): number {
  if (result.kind === 'error') return 0
  if (result.status !== TOO_MANY_REQUESTS && result.status !== UNAVAILABLE) return 0
  return grantedRetryAfterMs(result.retryAfterMs)
}

/** What a try leads to. Pure; `chance` from 0 to 1. */
export function outcomeOf(
  result: SendResult,
  delivery: DueDelivery,
  mode: DeliveryMode,
  chance: number,
): Outcome {
  if (isTaken(result)) return { status: 'delivered' }
  const delayMs = retryDelayMs(delivery.attempts + 1, mode, chance)
  const retryInMs = Math.max(delayMs, askedPauseMs(result))
  if (delivery.ageMs + retryInMs > GIVE_UP_AFTER_MS) return { status: 'failed' }
  return { status: 'pending', retryInMs }
}

/** Why a try failed, in words; null: it did not. */
export function failureOf(result: SendResult): string | null {
  if (isTaken(result)) return null
  return result.kind === 'error' ? result.error : `The receiver answered ${result.status}.`
}
