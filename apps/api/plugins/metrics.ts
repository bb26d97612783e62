import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { collectDefaultMetrics, Gauge, Histogram } from 'prom-client'
import type { AppDeps } from '../deps.ts'
import { routeOf } from './route-of.ts'

/** Seconds. Reads take one to ten milliseconds, group commits a few more, `Prefer: wait` seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Measures every request by its route's pattern, and the process itself. */
export const metrics = fp(async (app: FastifyInstance, deps: AppDeps) => {
  collectDefaultMetrics({ register: deps.metrics })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [deps.metrics],
  })
  measureStanding(deps)
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request).url ?? 'unknown'
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
    done()
  })
})

/** What the process stands on, looked at whenever somebody asks: nothing here waits. */
function measureStanding({ metrics: registry, database, redis }: AppDeps): void {
  const gauge = (name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        read(this)
      },
    })
  gauge('ost_dependency_up', '1 while it answers within a second.', ['dependency'], (up) => {
    up.set({ dependency: 'postgres' }, database.isSilent ? 0 : 1)
    up.set({ dependency: 'redis' }, redis?.status === 'ready' ? 1 : 0)
  })
  gauge('ost_database_connections', 'Connections of the money path, by what they do.', ['state'], (size) => {
    const { totalCount, idleCount, waitingCount } = database.pool
    size.set({ state: 'busy' }, totalCount - idleCount)
    size.set({ state: 'idle' }, idleCount)
    size.set({ state: 'awaited' }, waitingCount)
  })
  gauge('ost_process_clock_seconds', 'What the clock of this process shows.', [], (clock) =>
    clock.set(Date.now() / 1_000),
  )
}
