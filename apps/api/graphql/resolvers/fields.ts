import { listEntries } from '#core/ledger/list-entries.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { TransactionNotFound } from '#core/transaction/errors.ts'
import { readTimeline } from '#core/transaction/read-timeline.ts'
import { UserNotFound } from '#core/user/errors.ts'
import { presentBalance } from '../../presenters/balances.ts'
import { presentEntry } from '../../presenters/ledger.ts'
import { presentTimelineEvent } from '../../presenters/transactions.ts'
import { idFromPath } from '../../presenters/wire-id.ts'
import {
  type ConnectionArgs,
  type GraphqlContext as Context,
  ownerOf,
  pageOf,
  toConnection,
} from '../context.ts'

/** Fields that need a read of their own. Everything else is in the presented object already. */
export const fields = {
  User: {
    balance: async (user: { id: string }, _args: unknown, context: Context) => {
      const query = {
        ...ownerOf(context, 'users:read'),
        userId: idFromPath('usr', user.id, () => new UserNotFound()),
      }
      return presentBalance(await readBalance(context.deps, query))
    },
    ledger: async (user: { id: string }, args: ConnectionArgs, context: Context) => {
      const userId = idFromPath('usr', user.id, () => new UserNotFound())
      const query = { ...ownerOf(context, 'users:read'), userId, page: pageOf(args, 'entry') }
      return toConnection(await listEntries(context.deps, query), presentEntry)
    },
  },
  Transaction: {
    timeline: async (transaction: { id: string }, _args: unknown, context: Context) => {
      const id = idFromPath('txn', transaction.id, () => new TransactionNotFound())
      const events = await readTimeline(context.deps, { ...ownerOf(context, 'transactions:read'), id })
      return events.map(presentTimelineEvent)
    },
  },
}
