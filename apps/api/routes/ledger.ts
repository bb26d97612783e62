import { listEntries } from '#core/ledger/list-entries.ts'
import { UserNotFound } from '#core/user/errors.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentEntry } from '../presenters/ledger.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { LedgerEntrySchema, ListEntriesQuery } from '../schemas/ledger.ts'

/** What moved in and out of users' wallets. */
export async function ledgerRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/users/:id/ledger',
    {
      config: { plane: 'data', scope: 'users:read' },
      schema: {
        operationId: 'listLedgerEntries',
        summary: "List a user's ledger entries",
        description:
          'What the chain says moved in and out of the wallet, by block, the newest first. Entries never change: what a re-organisation took back is reversed by another entry.',
        tags: ['Balances'],
        params: IdParams('usr'),
        querystring: ListEntriesQuery,
        response: {
          200: ListOf(LedgerEntrySchema),
          ...problems('user_not_found', 'invalid_cursor'),
        },
      },
    },
    async (request) => {
      const userId = idFromPath('usr', request.params.id, () => new UserNotFound())
      const page = await listEntries(deps, { ...ownerOf(request), userId, page: pageOf(request) })
      return toList(request, page, presentEntry, (entry) => entry.position)
    },
  )
}
