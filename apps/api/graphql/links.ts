import { GraphQLInt, GraphQLNonNull, GraphQLString } from 'graphql'
import { PAGE_LIMIT_DEFAULT } from '#core/shared/page.ts'
import { presentEntry } from '../presenters/ledger.ts'
import { fromWire } from '../presenters/wire-id.ts'
import { type List, toList } from '../plugins/pagination.ts'
import { pageCost } from './bounds.ts'
import { ownerOf } from './caller.ts'
import type { GraphqlContext } from './context.ts'
import { callOperation, derive, type Operation } from './operations.ts'
import { toConnection, type Connections } from './schema/connections.ts'
import type { Links, Source } from './schema/type-book.ts'

/** What the nodes of the graph lead to, beside what REST says of them. All of it is read by loaders. */
export function linksWith(connections: Connections): Links {
  const user = (wireName: string, description: string) => (book: Parameters<Links[string]>[0]) => ({
    type: book.resource('user'),
    description: `${description} Needs \`users:read\`. Null: there is none.`,
    resolve: (source: Source, _args: unknown, context: GraphqlContext) =>
      load(context.loaders.users, source[wireName]),
  })
  const type = (book: Parameters<Links[string]>[0]) => ({
    type: book.resource('transaction_type'),
    description: 'The transaction type itself. Needs `types:read`. Null: there is none.',
    resolve: (source: Source, _args: unknown, context: GraphqlContext) =>
      load(context.loaders.transactionTypes, source['type_id']),
  })
  return {
    User: (book) => ({
      balance: {
        type: book.resource('balance'),
        description: 'What the user has.',
        resolve: (source, _args, context) =>
          callOperation(context, operation(context, 'getBalance'), { params: { id: String(source['id']) } }),
      },
      ledger: {
        type: new GraphQLNonNull(connections.of(book.resource('ledger_entry'))),
        description: 'What moved in and out of the user’s wallet, by block.',
        args: {
          first: {
            type: GraphQLInt,
            defaultValue: PAGE_LIMIT_DEFAULT,
            description: 'Entries of a page, at most 100.',
          },
          after: {
            type: GraphQLString,
            description: 'The cursor of an edge of this list, to go on from there.',
          },
          order: {
            type: book.input({ enum: ['asc', 'desc'] }, 'Order'),
            description: 'The newest first, unless it says asc.',
          },
        },
        extensions: { complexity: pageCost },
        resolve: ledgerOf,
      },
    }),
    Transaction: (book) => ({
      fromUser: user('from_user_id', 'Who pays.')(book),
      toUser: user('to_user_id', 'Who is paid.')(book),
      type: type(book),
    }),
    Airdrop: (book) => ({ type: type(book) }),
    TokenRule: (book) => ({ type: type(book) }),
    LedgerEntryCounterparty: (book) => ({ user: user('user_id', 'The other user.')(book) }),
  }
}

interface LedgerArgs {
  first?: number | null
  after?: string | null
  order?: 'asc' | 'desc' | null
}

/** First pages of many users come from one statement; who goes on in a ledger is alone with its cursor. */
async function ledgerOf(source: Source, args: LedgerArgs, context: GraphqlContext) {
  const entries = operation(context, 'listLedgerEntries')
  const id = String(source['id'])
  const { first, after, order } = args
  const query = {
    ...(typeof first === 'number' && { limit: first }),
    ...(typeof after === 'string' && { cursor: after }),
    ...(order && { order }),
  }
  if (typeof after === 'string') {
    // A route whose answer is declared a list answers one.
    return toConnection((await callOperation(context, entries, { params: { id }, query })) as List, true)
  }
  await ownerOf(context, 'users:read')
  // Checked against the route's own schema, which fills in limit and order.
  const paging = entries.check('querystring', query) as { limit: number; order: 'asc' | 'desc' }
  const request = derive(context.request, entries, { params: { id }, query: { ...paging } })
  const page = await context.loaders.ledgers.load({ userId: fromWire('usr', id) ?? '', ...paging })
  const list = toList({ ...pick(request), query: paging }, page, presentEntry, (entry) => entry.position)
  return toConnection(list, false)
}

/** What a cursor is bound to. */
function pick({ url, server, credential, economyId }: ReturnType<typeof derive>) {
  return { url, server, credential, economyId }
}

function operation({ app }: GraphqlContext, id: string): Operation {
  const found = app.operations.get(id)
  if (!found) throw new TypeError(`there is no route ${id}`)
  return found
}

function load(
  loader: { load(id: string): Promise<Source | null> },
  id: unknown,
): Promise<Source | null> | null {
  return typeof id === 'string' ? loader.load(id) : null
}
