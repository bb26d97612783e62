import type { JobName } from '#core/outbox/job-dispatcher.ts'

/**
 * Keys of all queues begin with this. The braces make it one hash slot, so that BullMQ's scripts, which touch several keys
 * of a queue at once, run on a Redis Cluster.
 */
export const QUEUE_PREFIX = '{ost}'

/** What Redis holds of a job: the id of what it is done for, nothing else. The truth about it is in Postgres. */
export interface JobData {
  id: string
}

export interface QueueSettings {
  /** What the job's `id` names; jobs of a queue with the same id are one (see `deduplicationOf`). */
  idOf: 'lane' | 'chain' | 'economy' | 'airdrop' | 'webhook' | 'replay' | 'message' | 'all'
  /** Tries in a row before the job is given up; the sweeper then brings it back for as long as Postgres holds the work. */
  attempts: number
  /** Before the second try; doubles with each further one. */
  backoffMs: number
  /** Jobs of this queue that one process runs at the same time. */
  concurrency: number
  /** A run that takes longer has hung: its place is given to others. Every job is safe to run again beside it. */
  timeoutMs: number
  /** Finished jobs that stay visible in Redis: at most so many, at most so old. */
  keepCompleted: { count: number; age: number }
  keepFailed: { count: number; age: number }
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/** Quick, frequent jobs leave few traces; rare ones more. Ages in seconds. */
const FREQUENT = {
  attempts: 2,
  backoffMs: 250,
  keepCompleted: { count: 20, age: MINUTE },
  keepFailed: { count: 200, age: HOUR },
}
const RARE = {
  attempts: 3,
  backoffMs: 500,
  keepCompleted: { count: 100, age: HOUR },
  keepFailed: { count: 500, age: 24 * HOUR },
}

/** Every queue of the platform, in the order of a transaction's life. */
export const QUEUES: Readonly<Record<JobName, QueueSettings>> = {
  'relay-outbox': { ...FREQUENT, idOf: 'all', concurrency: 1, timeoutMs: 60_000 },
  'deploy-economy': { ...RARE, idOf: 'economy', concurrency: 8, timeoutMs: 60_000 },
  'run-airdrop': { ...RARE, idOf: 'airdrop', concurrency: 2, timeoutMs: 120_000 },
  'submit-lane': { ...FREQUENT, idOf: 'lane', concurrency: 16, timeoutMs: 60_000 },
  'rebroadcast-lane': { ...FREQUENT, idOf: 'lane', concurrency: 4, timeoutMs: 60_000 },
  'follow-chain': { ...FREQUENT, idOf: 'chain', concurrency: 4, timeoutMs: 120_000 },
  'reconcile-economy': { ...RARE, idOf: 'economy', concurrency: 1, timeoutMs: 600_000 },
  'refresh-prices': { ...RARE, idOf: 'all', concurrency: 1, timeoutMs: 60_000 },
  'publish-prices': { ...RARE, idOf: 'all', concurrency: 1, timeoutMs: 60_000 },
  'read-prices': { ...FREQUENT, idOf: 'all', concurrency: 1, timeoutMs: 120_000 },
  'reseal-keys': { ...RARE, idOf: 'all', concurrency: 1, timeoutMs: 600_000 },
  'fan-out-events': { ...FREQUENT, idOf: 'all', concurrency: 1, timeoutMs: 60_000 },
  // A receiver that hangs keeps its place for as long as a try may take; the others must not wait for it.
  'deliver-webhooks': { ...FREQUENT, idOf: 'webhook', concurrency: 128, timeoutMs: 60_000 },
  'replay-events': { ...RARE, idOf: 'replay', concurrency: 2, timeoutMs: 60_000 },
  'advance-message': { ...FREQUENT, idOf: 'message', concurrency: 8, timeoutMs: 60_000 },
  'anchor-roots': { ...FREQUENT, idOf: 'chain', concurrency: 2, timeoutMs: 60_000 },
  'post-backing': { ...RARE, idOf: 'economy', concurrency: 2, timeoutMs: 60_000 },
  'clean-up': { ...RARE, idOf: 'all', concurrency: 1, timeoutMs: 600_000 },
}

// The table's keys are exactly the names: its type says so.
export const JOB_NAMES = Object.keys(QUEUES) as JobName[]

/** Entries of a queue's event stream, which nothing of ours reads. */
export const EVENTS_KEPT_MAX = 500

/**
 * While a job waits, the same job again is dropped; while it runs, the same job again is remembered (once) and starts when
 * the run ends. BullMQ decides this inside Redis together with the job's end, so that no wake-up falls between "found
 * nothing more" and the job's removal.
 */
export function deduplicationOf(id: string): { id: string; keepLastIfActive: true } {
  return { id, keepLastIfActive: true }
}
