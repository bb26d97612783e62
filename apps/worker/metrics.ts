import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { QueueDepth } from '#adapters/bullmq/job-dispatcher.ts'
import type { PlatformGauges } from '#adapters/postgres/platform-gauges.ts'
import type { JobName } from '#core/outbox/job-dispatcher.ts'

/** Seconds. Most runs take a few milliseconds; those that wait for a chain take longer. */
const BUCKETS = [0.002, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]

export interface WorkerMetrics {
  jobFinished(name: JobName, durationMs: number, isFailed: boolean): void
  watchdogRebuilt(): void
  sweepFailed(): void
  /** Everything as Prometheus reads it; gauges of Postgres and Redis are read now. What does not answer keeps its last values. */
  print(): Promise<string>
}

/** The worker's own metrics, and gauges that are read from Postgres and Redis when somebody asks for them. */
export function createMetrics(
  registry: Registry,
  sources: { gauges: () => Promise<PlatformGauges>; depths: () => Promise<QueueDepth[]> },
): WorkerMetrics {
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const jobs = counter('ost_jobs_finished_total', 'Runs of jobs that ended.', ['queue', 'result'])
  const rebuilds = counter(
    'ost_watchdog_rebuilds_total',
    'Times the worker replaced its connections to Redis because it no longer heard its queues.',
  )
  const failedSweeps = counter('ost_sweeps_failed_total', 'Sweeps for unfinished work that failed.')
  const duration = new Histogram({
    name: 'ost_job_duration_seconds',
    help: 'How long runs took.',
    labelNames: ['queue'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const showPlatform = platformGauges(registry)
  const showQueues = queueGauges(registry)
  return {
    jobFinished(name, durationMs, isFailed) {
      jobs.inc({ queue: name, result: isFailed ? 'failed' : 'completed' })
      duration.observe({ queue: name }, durationMs / 1_000)
    },
    watchdogRebuilt: () => rebuilds.inc(),
    sweepFailed: () => failedSweeps.inc(),
    async print() {
      await Promise.allSettled([sources.gauges().then(showPlatform), sources.depths().then(showQueues)])
      return registry.metrics()
    },
  }
}

function platformGauges(registry: Registry): (now: PlatformGauges) => void {
  const gauge = gaugeIn(registry)
  const oldestQueued = gauge(
    'ost_oldest_queued_seconds',
    'Age of the oldest transaction that waits for its lane.',
  )
  const outboxLag = gauge('ost_outbox_lag_seconds', 'Age of the oldest event the relay has not read.')
  const inFlight = gauge('ost_submissions_in_flight', 'Signed submissions that are in no block yet.', LANE)
  const balance = gauge('ost_lane_balance_wei', "A relayer's funds, as last read.", LANE)
  const laneActive = gauge('ost_lane_active', '1 while the lane signs, 0 while it is paused.', LANE)
  const behind = gauge('ost_chain_blocks_behind', 'Blocks of the node that are not indexed yet.', CHAIN)
  const chainActive = gauge('ost_chain_active', '1 while the chain is followed, 0 while it is halted.', CHAIN)
  const sinceRead = gauge('ost_chain_seconds_since_read', 'Time since the chain was last read.', CHAIN)
  return (now) => {
    oldestQueued.set(now.oldestQueuedSeconds)
    outboxLag.set(now.outboxLagSeconds)
    for (const lane of now.lanes) {
      const labels = { chain: lane.chainId, lane: lane.address }
      inFlight.set(labels, lane.inFlight)
      balance.set(labels, lane.balanceWei)
      laneActive.set(labels, lane.isActive ? 1 : 0)
    }
    for (const chain of now.chains) {
      behind.set({ chain: chain.id }, chain.blocksBehind)
      chainActive.set({ chain: chain.id }, chain.isActive ? 1 : 0)
      sinceRead.set({ chain: chain.id }, chain.secondsSinceRead)
    }
  }
}

function queueGauges(registry: Registry): (depths: readonly QueueDepth[]) => void {
  const gauge = gaugeIn(registry)
  const jobs = gauge('ost_queue_jobs', 'Jobs in Redis by state.', ['queue', 'state'])
  const oldest = gauge('ost_queue_oldest_waiting_seconds', 'Age of the oldest job that waits.', ['queue'])
  return (depths) => {
    for (const queue of depths) {
      for (const state of ['waiting', 'active', 'delayed', 'failed'] as const) {
        jobs.set({ queue: queue.name, state }, queue[state])
      }
      oldest.set({ queue: queue.name }, queue.oldestWaitingMs / 1_000)
    }
  }
}

const LANE = ['chain', 'lane']
const CHAIN = ['chain']

function gaugeIn(registry: Registry) {
  return (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
}
