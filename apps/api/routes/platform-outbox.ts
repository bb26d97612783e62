import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { requireOperator } from '../plugins/operator.ts'
import { problems } from '../plugins/problem.ts'
import { presentOutbox } from '../presenters/platform-outbox.ts'
import { OutboxSchema } from '../schemas/platform-outbox.ts'

/** How far the readers of the log of state changes have come, and what holds them back. */
export async function platformOutboxRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/platform/outbox',
    {
      config: { plane: 'platform', scope: null },
      schema: {
        operationId: 'getOutbox',
        summary: 'How far the readers of state changes have come',
        description:
          'For the operator. No reader goes past the oldest database transaction that still writes: one that hangs holds all of them back.',
        tags: ['Platform'],
        response: { 200: OutboxSchema, ...problems() },
      },
    },
    async (request) => {
      requireOperator(request)
      const { platformDesk, clock } = deps
      const readers = await platformDesk.outboxReaders()
      const open = await platformDesk.openTransactions()
      return presentOutbox(readers, open, await platformDesk.outboxHorizon(), clock.now())
    },
  )
}
