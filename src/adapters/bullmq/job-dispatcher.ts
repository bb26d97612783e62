import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue } from 'bullmq'
import type { Job, JobDispatcher, JobName } from '#core/outbox/job-dispatcher.ts'
import { deduplicationOf, EVENTS_KEPT_MAX, JOB_NAMES, type JobData, QUEUE_PREFIX, QUEUES } from './queues.ts'
import { openRedis } from './redis.ts'

/** Jobs of one queue that go to Redis in one round trip. */
const BULK_MAX = 500
/** Different wake-ups under way at once; more are left to the sweeper. */
const WAKES_MAX = 1_000
const DISPATCH_TIMEOUT_MS = 3_000
/** What closing waits for, so that a Redis that is away does not hold up the end of the process. */
const CLOSE_TIMEOUT_MS = 500
/** Between two rings of one bell: a busy api would ring a lane with every batch, and the worker gathers for longer than this. */
const REST_MS = 60
/** Options of a job kept in Redis: none of ours is bigger. */
const JOB_DATA_BYTES_MAX = 256

/** How many jobs of a queue wait, and since when the first of them does. */
export interface QueueDepth {
  name: JobName
  waiting: number
  active: number
  delayed: number
  failed: number
  oldestWaitingMs: number
}

export interface BullmqJobDispatcher extends JobDispatcher {
  depths(): Promise<QueueDepth[]>
  /** @throws when Redis does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Hands jobs to BullMQ over one connection. Starting needs no Redis: while it is away, `dispatch` fails within
 * {@link DISPATCH_TIMEOUT_MS} and `wake` does nothing.
 */
export function createJobDispatcher(options: {
  redisUrl: string
  prefix?: string
  /** Told of wake-ups that did not reach Redis. */
  onWakeFailed?: (job: Job, error: unknown) => void
}): BullmqJobDispatcher {
  const redis = openRedis(options.redisUrl, 'dispatcher')
  const queues = new Map<JobName, Queue<JobData>>()
  /** Wake-ups on their way and at rest after it; true: rung again meanwhile, so Redis must be told again after. */
  const wakes = new Map<string, boolean>()
  const rings = new Set<Promise<void>>()
  const closing = new AbortController()

  function queueOf(name: JobName): Queue<JobData> {
    const known = queues.get(name)
    if (known) return known
    const queue = new Queue<JobData>(name, {
      connection: redis,
      prefix: options.prefix ?? QUEUE_PREFIX,
      streams: { events: { maxLen: EVENTS_KEPT_MAX } },
    })
    queue.on('error', () => {})
    queues.set(name, queue)
    return queue
  }

  async function dispatch(jobs: readonly Job[]): Promise<void> {
    if (redis.status !== 'ready') await readyWithin(redis, DISPATCH_TIMEOUT_MS)
    const byQueue = Map.groupBy(jobs, (job) => job.name)
    for (const [name, ofQueue] of byQueue) {
      for (let start = 0; start < ofQueue.length; start += BULK_MAX) {
        const bulk = ofQueue.slice(start, start + BULK_MAX)
        await within(queueOf(name).addBulk(bulk.map(bulkEntryOf)), DISPATCH_TIMEOUT_MS)
      }
    }
  }

  async function ring(key: string, job: Job): Promise<void> {
    try {
      do {
        wakes.set(key, false)
        await dispatch([job])
        await sleep(REST_MS, undefined, { signal: closing.signal, ref: false }).catch(() => {})
      } while (wakes.get(key))
    } catch (error) {
      options.onWakeFailed?.(job, error)
    } finally {
      wakes.delete(key)
    }
  }

  return {
    dispatch,

    wake(job) {
      const key = `${job.name} ${job.id}`
      if (wakes.has(key)) {
        wakes.set(key, true)
        return
      }
      if (wakes.size >= WAKES_MAX || redis.status !== 'ready') return
      const ringing = ring(key, job).finally(() => rings.delete(ringing))
      rings.add(ringing)
    },

    async depths() {
      return Promise.all(
        JOB_NAMES.map(async (name) => within(depthOf(name, queueOf(name)), DISPATCH_TIMEOUT_MS)),
      )
    },

    async ping() {
      await within(redis.ping(), DISPATCH_TIMEOUT_MS)
    },

    async close() {
      closing.abort()
      await within(Promise.all(rings), CLOSE_TIMEOUT_MS).catch(() => {})
      await Promise.allSettled(
        [...queues.values()].map(async (queue) => within(queue.close(), CLOSE_TIMEOUT_MS)),
      )
      redis.disconnect()
    },
  }
}

function bulkEntryOf(job: Job) {
  const settings = QUEUES[job.name]
  return {
    name: job.name,
    data: { id: job.id },
    opts: {
      // Not BullMQ's counter: that starts again at 1 when Redis lost its data, and would meet the ids of jobs still running.
      jobId: `${job.id}.${randomUUID()}`,
      deduplication: deduplicationOf(job.id),
      attempts: settings.attempts,
      backoff: { type: 'exponential', delay: settings.backoffMs },
      removeOnComplete: settings.keepCompleted,
      removeOnFail: settings.keepFailed,
      stackTraceLimit: 5,
      sizeLimit: JOB_DATA_BYTES_MAX,
    },
  }
}

async function depthOf(name: JobName, queue: Queue<JobData>): Promise<QueueDepth> {
  const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'failed')
  const [oldest] = counts['wait'] ? await queue.getJobs(['wait'], 0, 0, true) : []
  return {
    name,
    waiting: counts['wait'] ?? 0,
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    failed: counts['failed'] ?? 0,
    oldestWaitingMs: oldest ? Math.max(0, Date.now() - oldest.timestamp) : 0,
  }
}

async function readyWithin(redis: ReturnType<typeof openRedis>, timeoutMs: number): Promise<void> {
  const listening = new AbortController()
  const ready = new Promise<void>((resolve) => {
    const onReady = () => resolve()
    redis.once('ready', onReady)
    listening.signal.addEventListener('abort', () => redis.off('ready', onReady))
  })
  try {
    await within(ready, timeoutMs)
  } finally {
    listening.abort()
  }
}

/** @throws when Redis does not answer in time; what was asked may still happen. */
async function within<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
