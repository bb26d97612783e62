import type { Clock } from '../shared/clock.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** Idempotency records are promised for 7 days; one more covers the clocks of all involved. */
export const IDEMPOTENCY_RETENTION_MS = 8 * DAY_MS
/** Events are kept for readers that come late: GET /v3/events, webhook replays, analytics. */
export const OUTBOX_RETENTION_MS = 30 * DAY_MS
/** What was sent, and what came of it, is shown so long; what still waits is kept as long as it waits. */
export const DELIVERY_RETENTION_MS = 30 * DAY_MS
/** What a session was is shown in the audit log; its tokens need not be known once all of them have long expired. */
export const SESSION_RETENTION_MS = 7 * DAY_MS
/** A place is trusted for 30 days after a sign-in there; failures are forgotten much sooner. */
export const TALLY_RETENTION_MS = 31 * DAY_MS
/** Rows per statement, so that no lock is held long. */
const ROWS_PER_STEP = 5_000
/** Statements per run; the next run goes on. */
const STEPS_MAX = 200

/** Deletes what has outlived its retention. */
export interface ExpiredRows {
  /** At most `limit` records written before `before`. @returns how many were deleted. */
  deleteIdempotencyRecords(before: Date, limit: number): Promise<number>
  /** At most `limit` events written before `before` that every reader of the log has passed. @returns how many were deleted. */
  deleteOutboxEvents(before: Date, limit: number): Promise<number>
  /** At most `limit` events sent to webhooks, with their deliveries, of which none waits. @returns how many were deleted. */
  deleteDeliveries(before: Date, limit: number): Promise<number>
  /** At most `limit` sessions that expired before `before`, with their refresh tokens. @returns how many were deleted. */
  deleteSessions(before: Date, limit: number): Promise<number>
  /** At most `limit` tallies of sign-ins that nothing was added to since `before`. @returns how many were deleted. */
  deleteSignInTallies(before: Date, limit: number): Promise<number>
}

/** Deletes expired idempotency records, outbox events, deliveries and sessions in small steps. Safe to run twice or at the same time. */
export async function cleanUp(deps: { expired: ExpiredRows; clock: Clock }): Promise<{
  idempotencyRecords: number
  outboxEvents: number
  webhookEvents: number
  sessions: number
  signInTallies: number
}> {
  const { expired, clock } = deps
  const now = clock.now().getTime()
  return {
    idempotencyRecords: await inSteps(async (limit) =>
      expired.deleteIdempotencyRecords(new Date(now - IDEMPOTENCY_RETENTION_MS), limit),
    ),
    outboxEvents: await inSteps(async (limit) =>
      expired.deleteOutboxEvents(new Date(now - OUTBOX_RETENTION_MS), limit),
    ),
    webhookEvents: await inSteps(async (limit) =>
      expired.deleteDeliveries(new Date(now - DELIVERY_RETENTION_MS), limit),
    ),
    sessions: await inSteps(async (limit) =>
      expired.deleteSessions(new Date(now - SESSION_RETENTION_MS), limit),
    ),
    signInTallies: await inSteps(async (limit) =>
      expired.deleteSignInTallies(new Date(now - TALLY_RETENTION_MS), limit),
    ),
  }
}

async function inSteps(step: (limit: number) => Promise<number>): Promise<number> {
  let total = 0
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const deleted = await step(ROWS_PER_STEP)
    total += deleted
    if (deleted < ROWS_PER_STEP) break
  }
  return total
}
