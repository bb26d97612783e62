import { readBalance } from '#core/ledger/read-balance.ts'
import { UserNotFound } from '#core/user/errors.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { ownerOf } from '../plugins/owner.ts'
import { problems } from '../plugins/problem.ts'
import { presentBalance } from '../presenters/balances.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { BalanceSchema } from '../schemas/balances.ts'
import { IdParams } from '../schemas/common.ts'

/** What users have. */
export async function balanceRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/users/:id/balance',
    {
      config: { plane: 'data', scope: 'users:read' },
      schema: {
        operationId: 'getBalance',
        summary: "Get a user's balance",
        tags: ['Balances'],
        params: IdParams('usr'),
        response: { 200: BalanceSchema, ...problems('user_not_found') },
      },
    },
    async (request) => {
      const userId = idFromPath('usr', request.params.id, () => new UserNotFound())
      return presentBalance(await readBalance(deps, { ...ownerOf(request), userId }))
    },
  )
}
