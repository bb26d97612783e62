import { readToken } from '#core/economy/read-token.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { ownerOf } from '../plugins/owner.ts'
import { presentToken } from '../presenters/token.ts'
import { TokenSchema } from '../schemas/token.ts'

/** The economy's branded token. */
export async function tokenRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/token',
    {
      config: { plane: 'data', scope: 'token:read' },
      schema: {
        operationId: 'getToken',
        summary: "Get the economy's token",
        description:
          'Addresses, supply, rates, what the company has, and how far the ledger has read the chain.',
        tags: ['Token'],
        response: { 200: TokenSchema },
      },
    },
    async (request) => presentToken(await readToken(deps, ownerOf(request))),
  )
}
