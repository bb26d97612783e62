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
}

/** The worker's own metrics, and gauges that are read from Postgres and Redis when somebody asks for them. */
export function createMetrics(
  registry: Registry,
  sources: { gauges: () => Promise<PlatformGauges>; depths: () => Promise<QueueDepth[]> },
): WorkerMetrics {
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const jobs = new Counter({
    name: 'ost_jobs_finished_total',
    help: 'Runs of jobs that ended.',
    labelNames: ['queue', 'result'],
    registers,
  })
  const duration = new Histogram({
    name: 'ost_job_duration_seconds',
    help: 'How long runs took.',
    labelNames: ['queue'],
    buckets: BUCKETS,
    registers,
  })
  const rebuilds = new Counter({
    name: 'ost_watchdog_rebuilds_total',
    help: 'Times the worker replaced its connections to Redis because it no longer heard its queues.',
    registers,
  })
  const failedSweeps = new Counter({
    name: 'ost_sweeps_failed_total',
    help: 'Sweeps for unfinished work that failed.',
    registers,
  })
  gaugesFromPostgres(registry, sources.gauges)
  gaugesFromRedis(registry, sources.depths)
  return {
    jobFinished(name, durationMs, isFailed) {
      jobs.inc({ queue: name, result: isFailed ? 'failed' : 'completed' })
      duration.observe({ queue: name }, durationMs / 1_000)
    },
    watchdogRebuilt: () => rebuilds.inc(),
    sweepFailed: () => failedSweeps.inc(),
  }
}

function gaugesFromPostgres(registry: Registry, read: () => Promise<PlatformGauges>): void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const outboxLag = gauge('ost_outbox_lag_seconds', 'Age of the oldest event the relay has not read.')
  const inFlight = gauge('ost_submissions_in_flight', 'Signed submissions that are in no block yet.', [
    'chain',
    'lane',
  ])
  const balance = gauge('ost_lane_balance_wei', "A relayer's funds, as last read.", ['chain', 'lane'])
  const laneActive = gauge('ost_lane_active', '1 while the lane signs, 0 while it is paused.', [
    'chain',
    'lane',
  ])
  const behind = gauge('ost_chain_blocks_behind', 'Blocks of the node that are not indexed yet.', ['chain'])
  const chainActive = gauge('ost_chain_active', '1 while the chain is followed, 0 while it is halted.', [
    'chain',
  ])
  const sinceRead = gauge('ost_chain_seconds_since_read', 'Time since the chain was last read.', ['chain'])
  const oldestQueued = new Gauge({
    name: 'ost_oldest_queued_seconds',
    help: 'Age of the oldest transaction that waits for its lane.',
    registers: [registry],
    // One reading serves all gauges of this group: prom-client waits for it before it prints any of them.
    async collect() {
      const now = await read().catch(() => null)
      if (!now) return
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
    },
  })
}

function gaugesFromRedis(registry: Registry, read: () => Promise<QueueDepth[]>): void {
  const oldest = new Gauge({
    name: 'ost_queue_oldest_waiting_seconds',
    help: 'Age of the oldest job that waits.',
    labelNames: ['queue'],
    registers: [registry],
  })
  const depth = new Gauge({
    name: 'ost_queue_jobs',
    help: 'Jobs in Redis by state.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      for (const queue of await read().catch(() => [])) {
        for (const state of ['waiting', 'active', 'delayed', 'failed'] as const) {
          depth.set({ queue: queue.name, state }, queue[state])
        }
        oldest.set({ queue: queue.name }, queue.oldestWaitingMs / 1_000)
      }
    },
  })
}
