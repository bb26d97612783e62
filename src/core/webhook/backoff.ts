import type { DeliveryMode } from './webhook.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Before the second try; doubles with each further one. */
const FIRST_DELAY_MS = 5 * SECOND_MS
const DELAY_MS_MAX = 6 * HOUR_MS
/** In order, everything waits for the event in front: it is tried again soon enough after the receiver has recovered. */
const ORDERED_DELAY_MS_MAX = 5 * MINUTE_MS
/** Part of a delay that chance adds or takes away, so that what failed together is not tried together. */
const JITTER = 0.2

/** An event that was not taken for so long is given up. */
export const GIVE_UP_AFTER_MS = 3 * DAY_MS
/** A webhook with nothing but failures for so long is disabled. */
export const DISABLE_AFTER_MS = 5 * DAY_MS
/** Failed tries in a row, of whichever events, after which the webhook as a whole waits between tries. */
export const FAILURES_BEFORE_PAUSE = 10
const PAUSE_MS_MAX = 5 * MINUTE_MS
/** A receiver may ask for at most so much patience. */
export const RETRY_AFTER_MS_MAX = HOUR_MS

/** Milliseconds until a delivery is tried again after its `attempts`-th try failed. @param chance from 0 to 1. */
export function retryDelayMs(attempts: number, mode: DeliveryMode, chance: number): number {
  return jittered(doubled(attempts), mode === 'ordered' ? ORDERED_DELAY_MS_MAX : DELAY_MS_MAX, chance)
}

/** Milliseconds that the whole webhook waits after `failures` failed tries in a row; null: it goes on with other events. */
export function pauseMs(failures: number, chance: number): number | null {
  if (failures < FAILURES_BEFORE_PAUSE) return null
  return jittered(doubled(failures - FAILURES_BEFORE_PAUSE + 1), PAUSE_MS_MAX, chance)
}

/** What a receiver asked for by Retry-After, cut to what is granted. */
export function grantedRetryAfterMs(wantedMs: number | null): number {
  return Math.min(Math.max(wantedMs ?? 0, 0), RETRY_AFTER_MS_MAX)
}

function doubled(times: number): number {
  // 2^20 times the first delay is past every bound.
  return FIRST_DELAY_MS * 2 ** Math.min(Math.max(times - 1, 0), 20)
}

function jittered(delayMs: number, maxMs: number, chance: number): number {
  return Math.round(Math.min(delayMs, maxMs) * (1 + JITTER * (2 * chance - 1)))
}
