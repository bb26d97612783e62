import DataLoader from 'dataloader'
import type { LedgerEntry } from '#core/ledger/list-entries.ts'
import { PAGE_LIMIT_MAX, type Page } from '#core/shared/page.ts'
import { presentTransactionType } from '../presenters/transaction-types.ts'
import { presentUser } from '../presenters/users.ts'
import { fromWire, type IdPrefix } from '../presenters/wire-id.ts'
import { ownerOf } from './caller.ts'
import type { GraphqlContext } from './context.ts'

/** Ids that one statement looks for at most. */
const BATCH_MAX = 500

/** The first page of a user's ledger, as one of many users asked for in the same query. */
export interface LedgerKey {
  userId: string
  limit: number
  order: 'asc' | 'desc'
}

export interface Loaders {
  users: DataLoader<string, Record<string, unknown> | null>
  transactionTypes: DataLoader<string, Record<string, unknown> | null>
  ledgers: DataLoader<LedgerKey, Page<LedgerEntry>, string>
}

/** What the nodes of one list lead to is read by one statement for all of them, whatever their number. */
export function createLoaders(context: GraphqlContext): Loaders {
  const { deps } = context
  return {
    users: byWireId('usr', async (ids) => {
      const { tenantId, economyId } = await ownerOf(context, 'users:read')
      const users = await deps.unitOfWork(tenantId, (tx) => tx.users.findMany(economyId, ids))
      return new Map(users.map((user) => [user.id, presentUser(user)]))
    }),

    transactionTypes: byWireId('typ', async (ids) => {
      const { tenantId, economyId } = await ownerOf(context, 'types:read')
      const types = await deps.unitOfWork(tenantId, (tx) => tx.transactionTypes.findMany(economyId, ids))
      return new Map(types.map((type) => [type.id, presentTransactionType(type)]))
    }),

    ledgers: new DataLoader<LedgerKey, Page<LedgerEntry>, string>(
      async (keys) => {
        const { tenantId, economyId } = await ownerOf(context, 'users:read')
        const pages = new Map<string, Page<LedgerEntry>>()
        for (const [, same] of Map.groupBy(keys, ({ limit, order }) => `${limit} ${order}`)) {
          const { limit, order } = same[0] ?? { limit: PAGE_LIMIT_MAX, order: 'desc' }
          const userIds = same.map(({ userId }) => userId)
          const found = await deps.firstEntries(tenantId, economyId, userIds, { limit, order })
          for (const [userId, page] of found) pages.set(`${userId} ${limit} ${order}`, page)
        }
        return keys.map(
          ({ userId, limit, order }) =>
            pages.get(`${userId} ${limit} ${order}`) ?? { rows: [], nextAfter: null },
        )
      },
      {
        maxBatchSize: BATCH_MAX,
        cacheKeyFn: ({ userId, limit, order }) => `${userId} ${limit} ${order}`,
      },
    ),
  }
}

function byWireId(
  prefix: IdPrefix,
  read: (uuids: string[]) => Promise<Map<string, Record<string, unknown>>>,
): DataLoader<string, Record<string, unknown> | null> {
  return new DataLoader(
    async (ids) => {
      const uuids = ids.map((id) => fromWire(prefix, id) ?? '')
      const found = await read(uuids)
      return uuids.map((uuid) => found.get(uuid) ?? null)
    },
    { maxBatchSize: BATCH_MAX },
  )
}
