import { type Job as BullmqJob, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { JobName } from '#core/outbox/job-dispatcher.ts'
import { JOB_NAMES, type JobData, QUEUE_PREFIX, QUEUES } from './queues.ts'
import { openRedis } from './redis.ts'

/** A worker that does not renew its claim on a job for so long is taken for dead, and the job is given to another. */
const LOCK_DURATION_MS = 5_000
const LOCK_RENEW_MS = 1_000
const STALLED_INTERVAL_MS = 1_000
/** A job is handed on so often before it counts as failed; the sweeper would bring it back even then. */
const STALLED_MAX = 3
const RETRY_AFTER_LOST_CONNECTION_MS = 250
/** Closing without waiting for jobs only has to cut connections. */
const FORCED_CLOSE_MS = 500
/** Seconds a worker waits for a job in one call. */
const DRAIN_DELAY_SECONDS = 5

/**
 * Does the work behind a job. `again` asks for one more run right after this one, for runs that stopped at a bound.
 * `signal` is aborted when the run has taken longer than its queue allows.
 */
export type JobHandler = (id: string, signal: AbortSignal) => Promise<'again' | void>

export interface WorkerEvents {
  /** A run ended, well or not. */
  finished?(run: { name: JobName; id: string; durationMs: number; error?: unknown }): void
  /** The carriage itself had a problem: connection lost, claim lost. */
  troubled?(name: JobName, error: unknown): void
}

export interface Workers {
  /** Queues this process serves. */
  readonly names: readonly JobName[]
  /** Runs under way in this process. */
  running(name: JobName): number
  /** Milliseconds of the monotonic clock when a run of the queue last ended; 0: none has since the last (re)build. */
  lastFinishedAt(name: JobName): number
  /** Throws all connections away and starts with new ones. Runs under way go on and end without a claim. */
  rebuild(): Promise<void>
  /** Takes no more jobs, waits for those under way at most `graceMs`, closes the connections. */
  close(graceMs: number): Promise<void>
}

interface Running {
  worker: Worker<JobData>
  redis: Redis
}

/** Starts one BullMQ worker per queue that has a handler, each with connections of its own. */
export function startWorkers(options: {
  redisUrl: string
  prefix?: string
  handlers: Partial<Record<JobName, JobHandler>>
  again(name: JobName, id: string): Promise<void>
  events?: WorkerEvents
}): Workers {
  const { handlers, events = {} } = options
  const names = JOB_NAMES.filter((name) => handlers[name] !== undefined)
  let workers: Running[] = []
  const running = new Map<JobName, number>()
  const finishedAt = new Map<JobName, number>()

  function start(): void {
    workers = names.map((name) => {
      const redis = openRedis(options.redisUrl, 'worker')
      const worker = new Worker<JobData>(name, async (job) => runJob(name, job), {
        connection: redis,
        prefix: options.prefix ?? QUEUE_PREFIX,
        concurrency: QUEUES[name].concurrency,
        lockDuration: LOCK_DURATION_MS,
        lockRenewTime: LOCK_RENEW_MS,
        stalledInterval: STALLED_INTERVAL_MS,
        maxStalledCount: STALLED_MAX,
        runRetryDelay: RETRY_AFTER_LOST_CONNECTION_MS,
        drainDelay: DRAIN_DELAY_SECONDS,
      })
      worker.on('error', (error) => events.troubled?.(name, error))
      return { worker, redis }
    })
  }

  async function runJob(name: JobName, job: BullmqJob<JobData>): Promise<void> {
    const handler = handlers[name]
    if (!handler) throw new Error(`no handler for ${name}`)
    const { id } = job.data
    const startedAt = performance.now()
    running.set(name, (running.get(name) ?? 0) + 1)
    let failure: unknown
    try {
      if ((await withTimeout(handler, id, QUEUES[name].timeoutMs)) === 'again') await options.again(name, id)
    } catch (error) {
      failure = error
      throw error
    } finally {
      running.set(name, (running.get(name) ?? 1) - 1)
      finishedAt.set(name, performance.now())
      const durationMs = performance.now() - startedAt
      events.finished?.({ name, id, durationMs, ...(failure !== undefined && { error: failure }) })
    }
  }

  async function stop(graceMs: number): Promise<void> {
    const stopping = workers
    workers = []
    const isForced = graceMs === 0
    const closed = Promise.allSettled(stopping.map(async ({ worker }) => worker.close(isForced)))
    await Promise.race([closed, delay(isForced ? FORCED_CLOSE_MS : graceMs)])
    for (const { redis } of stopping) redis.disconnect()
  }

  start()
  return {
    names,
    running: (name) => running.get(name) ?? 0,
    lastFinishedAt: (name) => finishedAt.get(name) ?? 0,
    async rebuild() {
      await stop(0)
      finishedAt.clear()
      start()
    },
    close: stop,
  }
}

async function withTimeout(handler: JobHandler, id: string, timeoutMs: number): Promise<'again' | void> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`the run took longer than ${timeoutMs} ms`)
      abort.abort(error)
      reject(error)
    }, timeoutMs)
  })
  try {
    return await Promise.race([handler(id, abort.signal), timeout])
  } finally {
    clearTimeout(timer)
  }
}

async function delay(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
