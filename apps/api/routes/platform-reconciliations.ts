import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { requireOperator } from '../plugins/operator.ts'
import { problems } from '../plugins/problem.ts'
import { presentEconomyReconciliation } from '../presenters/platform-reconciliations.ts'
import { idFromBody, toWire } from '../presenters/wire-id.ts'
import {
  EconomyReconciliationsSchema,
  ListEconomyReconciliationsQuery,
  PlatformReconciliationRequestSchema,
} from '../schemas/platform-reconciliations.ts'

const tags = ['Platform']
const config = { plane: 'platform', scope: null, idempotency: 'none' } as const
/** Economies per page. */
const PAGE = 100
/** Economies that one request rings for; their regular comparison comes anyway. */
const ECONOMIES_MAX = 10_000

/** Is what the ledger says what the chain says, in every economy? */
export async function platformReconciliationRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/platform/reconciliations',
    {
      config,
      schema: {
        operationId: 'listEconomyReconciliations',
        summary: "Every live economy's newest comparison of ledger and chain",
        description: 'For the operator.',
        tags,
        querystring: ListEconomyReconciliationsQuery,
        response: { 200: EconomyReconciliationsSchema, ...problems() },
      },
    },
    async (request) => {
      requireOperator(request)
      const { after } = request.query
      const afterId = after === undefined ? null : idFromBody('eco', after, '?after')
      const found = await deps.platformDesk.reconciliations(afterId, PAGE + 1)
      const page = found.slice(0, PAGE)
      const last = page.at(-1)
      return {
        object: 'economy_reconciliations' as const,
        data: page.map(presentEconomyReconciliation),
        next_after: found.length > PAGE && last ? toWire('eco', last.economyId) : null,
      }
    },
  )

  app.post(
    '/platform/reconciliations',
    {
      config,
      schema: {
        operationId: 'requestReconciliations',
        summary: 'Compare ledger and chain of every live economy now',
        description:
          'For the operator. The workers do it one economy after the other; the results are in the list.',
        tags,
        response: { 202: PlatformReconciliationRequestSchema, ...problems() },
      },
    },
    async (request, reply) => {
      requireOperator(request)
      const requestedAt = deps.clock.now()
      const economies = await deps.platformDesk.reconciliations(null, ECONOMIES_MAX)
      for (const { economyId } of economies) deps.jobs.wake({ name: 'reconcile-economy', id: economyId })
      reply.code(202)
      return {
        object: 'platform_reconciliation_request' as const,
        economies: economies.length,
        requested_at: requestedAt.toISOString(),
      }
    },
  )
}
