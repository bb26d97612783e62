import { setTimeout as delay } from 'node:timers/promises'
import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { QueueDepth } from '#adapters/bullmq/job-dispatcher.ts'
import type { PlatformGauges } from '#adapters/postgres/platform-gauges.ts'
import type { JobName } from '#core/outbox/job-dispatcher.ts'

/** Seconds. Most runs take a few milliseconds; those that wait for a chain take longer. */
const BUCKETS = [0.002, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60]

/** Milliseconds that Postgres and Redis have for their gauges. */
const SOURCE_TIMEOUT_MS = 1_000

export interface WorkerMetrics {
  jobFinished(name: JobName, durationMs: number, isFailed: boolean): void
  watchdogRebuilt(): void
  /** A timer's turn failed, by the timer's name. */
  timerFailed(name: string): void
  /**
   * Everything as Prometheus reads it; gauges of Postgres and Redis are read now. What does not answer in time keeps its last
   * values, and is shown as down.
   */
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
  const failedTimers = counter('ost_timers_failed_total', 'Turns of timers that failed.', ['timer'])
  const up = gaugeIn(registry)('ost_dependency_up', '1 while it answers within a second.', ['dependency'])
  const clock = gaugeIn(registry)('ost_process_clock_seconds', 'What the clock of this process shows.')
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
    timerFailed: (timer) => failedTimers.inc({ timer }),
    async print() {
      const [postgres, redis] = await Promise.all([
        isDone(sources.gauges().then(showPlatform)),
        isDone(sources.depths().then(showQueues)),
      ])
      up.set({ dependency: 'postgres' }, postgres ? 1 : 0)
      up.set({ dependency: 'redis' }, redis ? 1 : 0)
      clock.set(Date.now() / 1_000)
      return registry.metrics()
    },
  }
}

/** Whether it ended well, in time. */
async function isDone(work: Promise<void>): Promise<boolean> {
  const inTime = work.then(
    () => true,
    () => false,
  )
  return Promise.race([inTime, delay(SOURCE_TIMEOUT_MS, false, { ref: false })])
}

function platformGauges(registry: Registry): (now: PlatformGauges) => void {
  const gauge = gaugeIn(registry)
  const oldestQueued = gauge(
    'ost_oldest_queued_seconds',
    'Age of the oldest transaction that waits for its lane.',
  )
  const outboxLag = gauge('ost_outbox_lag_seconds', 'Age of the oldest event the relay has not read.')
  const inFlight = gauge('ost_submissions_in_flight', 'Signed submissions that are in no block yet.', LANE)
  const oldestOpen = gauge(
    'ost_lane_oldest_open_seconds',
    "Age of a lane's oldest signed submission that is in no block yet.",
    LANE,
  )
  const paused = gauge('ost_lanes_paused', 'Lanes that do not sign, by the reason.', ['chain', 'reason'])
  const deploying = gauge('ost_oldest_deploying_seconds', 'Age of the oldest economy that is being deployed.')
  const drifting = gauge(
    'ost_ledger_drifting_economies',
    'Economies whose last comparison with the chain found a difference.',
  )
  const reconciled = gauge(
    'ost_ledger_oldest_reconciliation_seconds',
    'Time since the economy that was not compared for longest was compared with the chain.',
  )
  const headAge = gauge('ost_chain_head_age_seconds', 'Age of the newest block in the ledger.', CHAIN)
  const balance = gauge('ost_lane_balance_wei', "A relayer's funds, as last read.", LANE)
  const laneActive = gauge('ost_lane_active', '1 while the lane signs, 0 while it is paused.', LANE)
  const behind = gauge('ost_chain_blocks_behind', 'Blocks of the node that are not indexed yet.', CHAIN)
  const chainActive = gauge('ost_chain_active', '1 while the chain is followed, 0 while it is halted.', CHAIN)
  const sinceRead = gauge('ost_chain_seconds_since_read', 'Time since the chain was last read.', CHAIN)
  const webhookLag = gauge(
    'ost_webhook_oldest_due_seconds',
    'Age of the oldest delivery that is due and not sent, to receivers that are well.',
  )
  const webhooksFailing = gauge(
    'ost_webhooks_failing',
    'Webhooks whose receiver did not take the last event.',
  )
  const webhooksDisabled = gauge(
    'ost_webhooks_disabled',
    'Webhooks that were disabled because of their receiver.',
  )
  return (now) => {
    webhookLag.set(now.webhooks.oldestDueSeconds)
    webhooksFailing.set(now.webhooks.failing)
    webhooksDisabled.set(now.webhooks.disabled)
    oldestQueued.set(now.oldestQueuedSeconds)
    outboxLag.set(now.outboxLagSeconds)
    deploying.set(now.oldestDeployingSeconds)
    drifting.set(now.driftingEconomies)
    reconciled.set(now.oldestReconciliationSeconds)
    paused.reset()
    for (const lane of now.lanes) {
      const reason = lane.pauseReason ?? 'none'
      paused.inc({ chain: lane.chainId, reason }, lane.isActive ? 0 : 1)
      const labels = { chain: lane.chainId, lane: lane.address }
      inFlight.set(labels, lane.inFlight)
      oldestOpen.set(labels, lane.oldestOpenSeconds)
      balance.set(labels, lane.balanceWei)
      laneActive.set(labels, lane.isActive ? 1 : 0)
    }
    for (const chain of now.chains) {
      behind.set({ chain: chain.id }, chain.blocksBehind)
      chainActive.set({ chain: chain.id }, chain.isActive ? 1 : 0)
      sinceRead.set({ chain: chain.id }, chain.secondsSinceRead)
      headAge.set({ chain: chain.id }, chain.headAgeSeconds)
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
