import { listReconciliations } from '#core/ledger/list-reconciliations.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentReconciliation } from '../presenters/reconciliations.ts'
import { toWire } from '../presenters/wire-id.ts'
import { ListOf } from '../schemas/common.ts'
import {
  ListReconciliationsQuery,
  ReconciliationRequestSchema,
  ReconciliationSchema,
} from '../schemas/reconciliations.ts'

const tags = ['Token']
const config = { plane: 'data', scope: 'token:read' } as const

/** Is what the ledger says what the chain says? */
export async function reconciliationRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/token/reconciliations',
    {
      config,
      schema: {
        operationId: 'requestReconciliation',
        summary: 'Compare the ledger with the chain now',
        description:
          'Every account is compared at one block, by a worker: the result is in the list a moment later. It happens by itself every few minutes too; this only asks for it now.',
        tags,
        response: { 202: ReconciliationRequestSchema, ...problems() },
      },
    },
    async (request, reply) => {
      const { economyId } = ownerOf(request)
      const answer = await once(deps, request, reply, async () => ({
        status: 202,
        body: {
          object: 'reconciliation_request' as const,
          economy_id: toWire('eco', economyId),
          status: 'queued' as const,
          requested_at: deps.clock.now().toISOString(),
        },
      }))
      // After the commit. A request whose bell is not heard is repeated by its caller, and the regular comparison comes anyway.
      deps.jobs.wake({ name: 'reconcile-economy', id: economyId })
      return answer
    },
  )

  app.get(
    '/token/reconciliations',
    {
      config,
      schema: {
        operationId: 'listReconciliations',
        summary: 'List comparisons of the ledger with the chain',
        tags,
        querystring: ListReconciliationsQuery,
        response: { 200: ListOf(ReconciliationSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await listReconciliations(deps, { ...ownerOf(request), page: pageOf(request) })
      return toList(request, page, presentReconciliation)
    },
  )
}
