import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Fields, Labels, Observer } from '#core/shared/observer.ts'

/** All of the platform's own metrics begin so. */
const PREFIX = 'ost_'

/**
 * Says what the platform does: one log line per state change, and Prometheus metrics that come into being when they are first
 * used. Never throws: a metric used with other labels than before is dropped.
 */
export function createObserver(logger: Logger, registry: Registry): Observer {
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const quietly = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      logger.debug({ error: String(error) }, 'metric dropped')
    }
  }
  return {
    log(level, event, fields = {}) {
      logger[level]({ event, ...loggable(fields) }, event)
    },
    count(metric, labels = {}, by = 1) {
      quietly(() =>
        known(counters, metric, () => new Counter(optionsOf(registry, metric, labels))).inc(labels, by),
      )
    },
    gauge(metric, value, labels = {}) {
      quietly(() =>
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
