import { setTimeout as delay } from 'node:timers/promises'
import type { BullmqJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import { startWorkers, type WorkerEvents } from '#adapters/bullmq/workers.ts'
import type { WorkFinder } from '#core/outbox/work-finder.ts'
import type { Clock } from '#core/shared/clock.ts'
import type { Observer } from '#core/shared/observer.ts'
import { FOLLOW_INTERVAL_MS_MIN, type FollowPace } from './follow-pace.ts'
import type { JobHandlers } from './jobs.ts'
import type { WorkerMetrics } from './metrics.ts'
import { createRings } from './rings.ts'
import { startTicker } from './ticker.ts'
import { createWatchdog, type WatchdogVerdict } from './watchdog.ts'

/** Milliseconds. Work whose job was lost is found again within this time. */
const SWEEP_INTERVAL_MS = 1_000
/** What the API's wake-ups do not cover starts within this time. */
const RELAY_INTERVAL_MS = 250
const WATCHDOG_INTERVAL_MS = 2_000
const RECONCILE_LOOK_INTERVAL_MS = 15_000
const CLEAN_UP_INTERVAL_MS = 60 * 60_000
const PRICES_INTERVAL_MS = 60_000
/** A price of the chain counts for us at most this long after its block is final. */
const READ_PRICES_INTERVAL_MS = 5_000
/** After a rotation the last values sealed by processes of the old configuration follow within this time. */
const RESEAL_INTERVAL_MS = 60_000
/** The same trouble again is worth a line this often. */
const SAME_TROUBLE_MS = 10_000

export interface Carriage {
  /** Looks for unfinished work now. Never fails: the timer looks again in a second. */
  sweep(): Promise<void>
  /** Takes no more jobs, waits for those under way, closes the connections. */
  stop(graceMs: number): Promise<void>
}

/**
 * Starts what brings jobs to their handlers: the workers, the timers that ring for regular work, the sweeper that finds what
 * was lost, and the watchdog over all of it. The timers need only this process; Redis may lose everything at any moment.
 */
export function startCarriage(options: {
  redisUrl: string
  handlers: JobHandlers
  jobs: BullmqJobDispatcher
  finder: WorkFinder
  /** Chains to follow, while they have our contracts. */
  chains: () => readonly { id: number; blockTimeMs: number }[]
  pace: FollowPace
  clock: Clock
  observer: Observer
  metrics: WorkerMetrics
  /** The process is to end with a failure. */
  giveUp: (reason: string) => void
}): Carriage {
  const { redisUrl, handlers, jobs, observer, metrics } = options
  const workers = startWorkers({
    redisUrl,
    handlers,
    again: async (name, id) => jobs.dispatch([{ name, id }]),
    events: reportRuns(observer, metrics),
  })
  const rings = createRings({ ...options, served: new Set(workers.names) })
  const check = createWatchdog({
    workers,
    depths: async () => jobs.depths(),
    reachRedis: async () => assertNoEviction(redisUrl),
  })
  const reportTrouble = createTroubleReport(observer)

  const turns: Record<string, { intervalMs: number; turn: () => Promise<void> }> = {
    'chains.follow': { intervalMs: FOLLOW_INTERVAL_MS_MIN, turn: async () => rings.followChains() },
    'outbox.relay': { intervalMs: RELAY_INTERVAL_MS, turn: async () => rings.relay() },
    'events.fan-out': { intervalMs: RELAY_INTERVAL_MS, turn: async () => rings.fanOutEvents() },
    sweep: { intervalMs: SWEEP_INTERVAL_MS, turn: async () => rings.sweep() },
    reconcile: { intervalMs: RECONCILE_LOOK_INTERVAL_MS, turn: async () => rings.reconcile() },
    'clean-up': { intervalMs: CLEAN_UP_INTERVAL_MS, turn: async () => rings.cleanUp() },
    prices: { intervalMs: PRICES_INTERVAL_MS, turn: async () => rings.refreshPrices() },
    'prices.read': { intervalMs: READ_PRICES_INTERVAL_MS, turn: async () => rings.readPrices() },
    'keys.reseal': { intervalMs: RESEAL_INTERVAL_MS, turn: async () => rings.resealKeys() },
    watchdog: {
      intervalMs: WATCHDOG_INTERVAL_MS,
      turn: async () => heed(await check(), options),
    },
  }
  const tickers = Object.entries(turns).map(([name, { intervalMs, turn }]) =>
    startTicker({
      intervalMs,
      turn,
      onError(error) {
        metrics.timerFailed(name)
        reportTrouble('timer.failed', name, error)
      },
    }),
  )

  return {
    async sweep() {
      await rings.sweep().catch((error: unknown) => reportTrouble('timer.failed', 'sweep', error))
    },
    async stop(graceMs) {
      const ticked = Promise.all(tickers.map(async (ticker) => ticker.stop()))
      const inTime = delay(graceMs, undefined, { ref: false })
      await Promise.all([workers.close(graceMs), Promise.race([ticked, inTime])])
    },
  }
}

function heed(
  verdict: WatchdogVerdict,
  {
    observer,
    metrics,
    giveUp,
  }: { observer: Observer; metrics: WorkerMetrics; giveUp: (reason: string) => void },
): void {
  switch (verdict.state) {
    case 'well':
      return
    case 'redis-away':
      return observer.log('error', 'redis.away', { error: inWords(verdict.error) })
    case 'rebuilt':
      metrics.watchdogRebuilt()
      return observer.log('error', 'watchdog.rebuilt', { queues: verdict.deaf.join(' ') })
    case 'give-up':
      return giveUp(
        `workers of ${verdict.deaf.join(', ')} do not hear their queues, nor did new connections help`,
      )
  }
}

function reportRuns(observer: Observer, metrics: WorkerMetrics): WorkerEvents {
  const reportTrouble = createTroubleReport(observer)
  return {
    finished({ name, durationMs, error }) {
      metrics.jobFinished(name, durationMs, error !== undefined)
      if (error !== undefined) reportTrouble('job.failed', name, error)
    },
    troubled: (name, error) => reportTrouble('worker.troubled', name, error),
  }
}

/** Timers and jobs that fail do so many times a second: one line per place and cause and ten seconds is enough. */
function createTroubleReport(observer: Observer) {
  const last = new Map<string, { words: string; at: number }>()
  return (event: string, place: string, error: unknown): void => {
    const words = inWords(error)
    const key = `${event} ${place}`
    const before = last.get(key)
    if (before?.words === words && performance.now() - before.at < SAME_TROUBLE_MS) return
    last.set(key, { words, at: performance.now() })
    observer.log('warn', event, { place, error: words })
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
