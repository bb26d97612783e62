import { Type } from 'typebox'
import type { AppDeps } from '../deps.ts'
import type { App } from '../app-types.ts'
import { tellWhatNext } from '../plugins/error-handler.ts'
import { checkReadiness } from '../plugins/readiness.ts'
import { Strict } from '../schemas/common.ts'
import { LiveSchema, ReadySchema } from '../schemas/health.ts'

const open = { plane: 'public', scope: null } as const

/** Is the process alive, can it serve, what does it measure. */
export async function healthRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/livez',
    {
      config: open,
      schema: {
        operationId: 'getLiveness',
        summary: 'Is the process alive',
        tags: ['Health'],
        response: { 200: LiveSchema },
      },
    },
    async () => ({ status: 'alive' as const }),
  )

  app.get(
    '/readyz',
    {
      config: open,
      schema: {
        operationId: 'getReadiness',
        summary: 'Is everything up',
        description:
          'With `for=traffic` only what requests cannot do without decides: for load balancers, which must not take every process away because Redis restarts.',
        tags: ['Health'],
        querystring: Strict({ for: Type.Enum(['all', 'traffic'], { default: 'all' }) }),
        response: { 200: ReadySchema, 503: ReadySchema },
      },
    },
    async (request, reply) => {
      const checks = await checkReadiness(deps)
      const decisive = checks.filter((check) => request.query.for === 'all' || check.name === 'postgres')
      const isReady = decisive.every((check) => check.status === 'ok')
      const status = isReady ? 200 : 503
      reply.code(status).header('Cache-Control', 'no-store')
      tellWhatNext(reply, status)
      return { status: isReady ? ('ready' as const) : ('not_ready' as const), checks }
    },
  )

  app.get('/metrics', { config: open, schema: { hide: true } }, async (_request, reply) => {
    reply.type(deps.metrics.contentType)
    return deps.metrics.metrics()
  })
}
