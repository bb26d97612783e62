import { setTimeout as delay } from 'node:timers/promises'
import { type BullmqJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import { type JobHandler, startWorkers } from '#adapters/bullmq/workers.ts'
import { type Job, type JobName, SINGLETON } from '#core/outbox/job-dispatcher.ts'
import { sweepWork } from '#core/outbox/sweep-work.ts'
import type { WorkFinder } from '#core/outbox/work-finder.ts'
import type { Clock } from '#core/shared/clock.ts'
import type { Observer } from '#core/shared/observer.ts'
import type { WorkerMetrics } from './metrics.ts'
import { startTicker, type Ticker } from './ticker.ts'
import { createWatchdog } from './watchdog.ts'

/** Milliseconds. Work whose job was lost is found again within this time. */
const SWEEP_INTERVAL_MS = 1_000
const WATCHDOG_INTERVAL_MS = 2_000
/** The relay's own beat: what the API's wake-ups do not cover (deployments, airdrops) starts within this time. */
const RELAY_INTERVAL_MS = 250
/** A chain is looked at twice per block, within these bounds. */
const FOLLOW_INTERVAL_MS_MIN = 100
const FOLLOW_INTERVAL_MS_MAX = 5_000
const RECONCILE_LOOK_INTERVAL_MS = 15_000
const RECONCILE_EVERY_MS = 10 * 60_000
const RECONCILE_ECONOMIES_MAX = 20
const CLEAN_UP_INTERVAL_MS = 60 * 60_000
const PRICES_INTERVAL_MS = 60_000

export interface Carriage {
  /** Takes no more jobs, waits for those under way, closes the connections. */
  stop(graceMs: number): Promise<void>
}

/**
 * Starts what brings jobs to their handlers: the workers, the timers that ring for regular work, the sweeper that finds what
 * was lost, and the watchdog over all of it. The timers need only this process; Redis may lose everything at any moment.
 */
export function startCarriage(options: {
  redisUrl: string
  prefix?: string
  handlers: Handlers
  around?: (job: JobHandler) => JobHandler
  jobs: BullmqJobDispatcher
  finder: WorkFinder
  /** Chains to follow, while they have our contracts. */
  chains: () => readonly { id: number; blockTimeMs: number }[]
  hasPriceFeeds: boolean
  clock: Clock
  observer: Observer
  metrics: WorkerMetrics
  /** The process is to end with a failure; called once. */
  giveUp: (reason: string) => void
  sweepIntervalMs?: number
  deafAfterMs?: number
}): Carriage & { sweep(): Promise<void> } {
  const { jobs, finder, observer, metrics, clock } = options
  const workers = startWorkers({
    redisUrl: options.redisUrl,
    ...(options.prefix !== undefined && { prefix: options.prefix }),
    handlers: withAround(options.handlers, options.around),
    again: async (name, id) => jobs.dispatch([{ name, id }]),
    events: {
      finished({ name, id, durationMs, error }) {
        metrics.jobFinished(name, durationMs, error !== undefined)
        if (error !== undefined) observer.log('error', 'job.failed', { job: name, id, error: inWords(error) })
      },
      troubled: (name, error) =>
        observer.log('warn', 'worker.troubled', { job: name, error: inWords(error) }),
    },
  })
  const served = new Set(workers.names)
  const check = createWatchdog({
    workers,
    depths: async () => jobs.depths(),
    reachRedis: async () => assertNoEviction(options.redisUrl),
    ...(options.deafAfterMs !== undefined && { deafAfterMs: options.deafAfterMs }),
  })

  async function ring(...wanted: Job[]): Promise<void> {
    const known = wanted.filter((job) => served.has(job.name))
    if (known.length > 0) await jobs.dispatch(known)
  }

  async function sweep(): Promise<void> {
    await sweepWork({
      finder,
      jobs: { dispatch: async (found) => ring(...found), wake: (job) => jobs.wake(job) },
    })
  }

  async function ringChains(dueAt: Map<number, number>): Promise<void> {
    const now = performance.now()
    const due = options.chains().filter(({ id }) => (dueAt.get(id) ?? 0) <= now)
    for (const { id, blockTimeMs } of due) {
      dueAt.set(id, now + Math.min(Math.max(blockTimeMs / 2, FOLLOW_INTERVAL_MS_MIN), FOLLOW_INTERVAL_MS_MAX))
    }
    await ring(...due.map(({ id }) => ({ name: 'follow-chain' as const, id: String(id) })))
  }

  async function ringUnreconciled(): Promise<void> {
    const before = new Date(clock.now().getTime() - RECONCILE_EVERY_MS)
    const ids = await finder.findUnreconciled(before, RECONCILE_ECONOMIES_MAX)
    await ring(...ids.map((id) => ({ name: 'reconcile-economy' as const, id })))
  }

  async function watch(): Promise<void> {
    const verdict = await check()
    if (verdict.state === 'redis-away') observer.log('error', 'redis.away', { error: inWords(verdict.error) })
    if (verdict.state === 'rebuilt') {
      metrics.watchdogRebuilt()
      observer.log('error', 'watchdog.rebuilt', { queues: verdict.deaf.join(' ') })
    }
    if (verdict.state === 'give-up') {
      options.giveUp(
        `workers of ${verdict.deaf.join(', ')} do not hear their queues, nor did new connections help`,
      )
    }
  }

  const dueAt = new Map<number, number>()
  const tick = (event: string, intervalMs: number, turn: () => Promise<void>): Ticker =>
    startTicker({ intervalMs, turn, onError: reportOnce(observer, event) })
  const tickers = [
    tick('chain.ring_failed', FOLLOW_INTERVAL_MS_MIN, async () => ringChains(dueAt)),
    tick('relay.ring_failed', RELAY_INTERVAL_MS, async () => ring({ name: 'relay-outbox', id: SINGLETON })),
    startTicker({
      intervalMs: options.sweepIntervalMs ?? SWEEP_INTERVAL_MS,
      turn: sweep,
      onError(error) {
        metrics.sweepFailed()
        observer.log('warn', 'sweep.failed', { error: inWords(error) })
      },
    }),
    tick('watchdog.failed', WATCHDOG_INTERVAL_MS, watch),
    tick('reconcile.ring_failed', RECONCILE_LOOK_INTERVAL_MS, ringUnreconciled),
    tick('clean_up.ring_failed', CLEAN_UP_INTERVAL_MS, async () => ring({ name: 'clean-up', id: SINGLETON })),
  ]
  if (options.hasPriceFeeds) {
    tickers.push(
      tick('prices.ring_failed', PRICES_INTERVAL_MS, async () =>
        ring({ name: 'refresh-prices', id: SINGLETON }),
      ),
    )
  }

  return {
    sweep,
    async stop(graceMs) {
      const ticked = Promise.all(tickers.map(async (ticker) => ticker.stop()))
      await Promise.all([
        workers.close(graceMs),
        Promise.race([ticked, delay(graceMs, undefined, { ref: false })]),
      ])
    },
  }
}

type Handlers = Partial<Record<JobName, JobHandler>>

function withAround(handlers: Handlers, around: (job: JobHandler) => JobHandler = (job) => job): Handlers {
  return Object.fromEntries(Object.entries(handlers).map(([name, job]) => [name, around(job)]))
}

/** A timer that fails does so many times a second: one line per cause and ten seconds is enough. */
function reportOnce(observer: Observer, event: string): (error: unknown) => void {
  let last = ''
  let mutedUntil = 0
  return (error) => {
    const words = inWords(error)
    const now = performance.now()
    if (words === last && now < mutedUntil) return
    last = words
    mutedUntil = now + 10_000
    observer.log('warn', event, { error: words })
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
