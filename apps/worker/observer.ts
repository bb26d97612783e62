import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Fields, Labels, Observer } from '#core/shared/observer.ts'
import { KNOWN_METRICS } from './known-metrics.ts'

/** All of the platform's own metrics begin so. */
const PREFIX = 'ost_'

/**
 * Says what the platform does: one log line per state change, and Prometheus metrics. Those that are known are there from the
 * first scrape on, at zero for each of `chains` where the chain is all they are told apart by: an alert on a counter that
 * appears with its first event would miss that one. Never throws: a metric used with other labels than before is dropped.
 */
export function createObserver(logger: Logger, registry: Registry, chains: readonly number[] = []): Observer {
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const dropped = new Set<string>()
  for (const [metric, { kind, help, labels }] of Object.entries(KNOWN_METRICS)) {
    const options = { name: `${PREFIX}${metric}`, help, labelNames: [...labels], registers: [registry] }
    if (kind === 'gauge') {
      gauges.set(metric, new Gauge(options))
      continue
    }
    const created = new Counter(options)
    counters.set(metric, created)
    if (labels.join() === 'chain') for (const chain of chains) created.inc({ chain: String(chain) }, 0)
  }

  const quietly = (metric: string, act: () => void): void => {
    try {
      act()
    } catch (error) {
      if (dropped.has(metric)) return
      dropped.add(metric)
      logger.warn({ event: 'metric.dropped', metric, error: String(error) }, 'metric.dropped')
    }
  }
  /** Read from Postgres at every scrape, and exposed under the same name by the worker's own metrics. */
  const isMeasuredElsewhere = (metric: string, own: ReadonlyMap<string, unknown>) =>
    !own.has(metric) && registry.getSingleMetric(`${PREFIX}${metric}`) !== undefined
  return {
    log(level, event, fields = {}) {
      logger[level]({ event, ...loggable(fields) }, event)
    },
    count(metric, labels = {}, by = 1) {
      quietly(metric, () =>
        known(counters, metric, () => new Counter(optionsOf(registry, metric, labels))).inc(labels, by),
      )
    },
    gauge(metric, value, labels = {}) {
      if (isMeasuredElsewhere(metric, gauges)) return
      quietly(metric, () =>
        known(gauges, metric, () => new Gauge(optionsOf(registry, metric, labels))).set(labels, value),
      )
    },
  }
}

function known<Metric>(metrics: Map<string, Metric>, name: string, create: () => Metric): Metric {
  const existing = metrics.get(name)
  if (existing) return existing
  const metric = create()
  metrics.set(name, metric)
  return metric
}

function optionsOf(registry: Registry, metric: string, labels: Labels) {
  return {
    name: `${PREFIX}${metric}`,
    help: metric.replaceAll('_', ' '),
    labelNames: Object.keys(labels),
    registers: [registry],
  }
}

/** JSON has no bigint. */
function loggable(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  )
}
