import {
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql'
import { followBalances } from '#core/ledger/follow-balances.ts'
import { InvalidRequest } from '#core/shared/errors.ts'
import { UserNotFound } from '#core/user/errors.ts'
import { EventNotFound } from '#core/webhook/errors.ts'
import { EVENT_TOPICS, type EventTopic } from '#core/webhook/event-topics.ts'
import { followEvents } from '#core/webhook/follow-events.ts'
import type { EventWithSubject } from '#core/webhook/list-events.ts'
import { makeCursor, openCursor } from '../plugins/pagination.ts'
import { presentBalance } from '../presenters/balances.ts'
import { presentEvent } from '../presenters/events.ts'
import { fromWire, idFromBody, idFromPath } from '../presenters/wire-id.ts'
import { ownerOf } from './caller.ts'
import type { GraphqlContext } from './context.ts'
import { derive } from './operations.ts'
import type { Connections } from './schema/connections.ts'
import type { TypeBook } from './schema/type-book.ts'

/** Users whose balances one subscription watches. */
const WATCHED_USERS_MAX = 100

/** A subscription runs through a socket, whose end ends it. */
export interface SubscriptionContext extends GraphqlContext {
  signal?: AbortSignal
}

type Field = GraphQLFieldConfig<unknown, SubscriptionContext>

const AFTER = {
  type: GraphQLString,
  description:
    'Where to go on: the cursor of the last event you have, a `next_cursor` of `GET /v3/events`, or the event’s id. Left out: from now on.',
}

/** What happens, as it happens. */
export function subscriptionFields(
  book: TypeBook,
  connections: Connections,
): GraphQLFieldConfigMap<unknown, GraphqlContext> {
  const fields: Record<string, Field> = {
    economyEvents: {
      type: new GraphQLNonNull(connections.edge(book.resource('event'))),
      description:
        'Every state change of the economy, in the order of the log: what webhooks and `GET /v3/events` tell. Nothing is left out or told twice to who goes on with `after`.\n\nScope: `events:read`.',
      args: {
        types: {
          type: new GraphQLList(new GraphQLNonNull(book.input({ enum: [...EVENT_TOPICS] }, 'EventTopic'))),
          description: 'What to be told of. Left out or empty: everything.',
        },
        after: AFTER,
      },
      subscribe: async (_root, args: { types?: EventTopic[] | null; after?: string | null }, context) =>
        endable(context, async (signal) =>
          map(await eventsOf(context, args.types ?? [], args.after ?? null, signal), (row) => ({
            economyEvents: {
              node: presentEvent(context.deps, row.event, row.subject),
              cursor: cursorOf(context, row),
            },
          })),
        ),
    },

    transactionUpdated: {
      type: new GraphQLNonNull(updateType(book)),
      description:
        'A transaction’s way: queued, submitted, mined, confirmed or failed. Of one transaction, of one user’s, or of all.\n\nScope: `events:read`.',
      args: {
        id: { type: GraphQLID, description: 'Only this transaction.' },
        userId: { type: GraphQLID, description: 'Only those that this user pays or receives.' },
        after: AFTER,
      },
      subscribe: async (
        _root,
        args: { id?: string | null; userId?: string | null; after?: string | null },
        context,
      ) => {
        const id = args.id ? idFromBody('txn', args.id, '/id') : null
        const userId = args.userId ? idFromBody('usr', args.userId, '/userId') : null
        return endable(context, async (signal) => {
          const events = await eventsOf(context, TRANSACTION_TOPICS, args.after ?? null, signal)
          return map(
            filter(events, (row) => concerns(row, id, userId)),
            (row) => ({
              transactionUpdated: {
                event_id: presentEvent(context.deps, row.event, null).id,
                type: row.event.topic,
                cursor: cursorOf(context, row),
                transaction: presentEvent(context.deps, row.event, row.subject).data,
              },
            }),
          )
        })
      },
    },

    balanceChanged: {
      type: new GraphQLNonNull(book.resource('balance')),
      description:
        'The balances of some users: as they are now, and each one again whenever it is another, whoever moved it. After a break, subscribe again: what was missed is in the first ones.\n\nScope: `users:read`.',
      args: {
        userIds: {
          type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLID))),
          description: `Whose; at most ${WATCHED_USERS_MAX}.`,
        },
      },
      subscribe: async (_root, args: { userIds: string[] }, context) => {
        const owner = await ownerOf(context, 'users:read')
        const userIds = [...new Set(args.userIds)].map((id) =>
          idFromPath('usr', id, () => new UserNotFound()),
        )
        if (userIds.length === 0 || userIds.length > WATCHED_USERS_MAX)
          throw new InvalidRequest([
            { pointer: '/userIds', detail: `must be 1 to ${WATCHED_USERS_MAX} users` },
          ])
        return endable(context, async (signal) => {
          const balances = followBalances(
            { ...context.deps, onFailed: noted(context) },
            { ...owner, userIds },
            signal,
          )
          return map(await begun(balances), (balance) => ({ balanceChanged: presentBalance(balance) }))
        })
      },
    },
  }
  return fields
}

const TRANSACTION_TOPICS = EVENT_TOPICS.filter((topic) => topic.startsWith('transaction.'))

function updateType(book: TypeBook): GraphQLObjectType {
  const nonNullText = new GraphQLNonNull(GraphQLString)
  return new GraphQLObjectType<Record<string, unknown>>({
    name: 'TransactionUpdate',
    description: 'A step of a transaction.',
    fields: {
      eventId: {
        type: new GraphQLNonNull(GraphQLID),
        description: 'The event’s id: the same here, in webhooks and in `GET /v3/events`.',
        resolve: (source) => source['event_id'],
      },
      type: { type: nonNullText, description: 'What happened: `transaction.mined`, for example.' },
      cursor: { type: nonNullText, description: 'Give it as `after` to go on from here.' },
      transaction: {
        type: book.resource('transaction'),
        description: 'The transaction as it stood then. Null: it is kept no longer.',
      },
    },
  })
}

function concerns({ event, subject }: EventWithSubject, id: string | null, userId: string | null): boolean {
  if (id !== null && event.subjectId !== id) return false
  if (userId === null) return true
  if (subject?.kind !== 'transaction') return false
  const { fromUserId, toUserId } = subject.transaction
  return fromUserId === userId || toUserId === userId
}

async function eventsOf(
  context: SubscriptionContext,
  topics: readonly EventTopic[],
  after: string | null,
  signal: AbortSignal,
): Promise<AsyncGenerator<EventWithSubject>> {
  const owner = await ownerOf(context, 'events:read')
  const { deps } = context
  const ports = {
    events: deps.eventReader,
    subjects: deps.eventSubjects,
    bell: deps.eventBell,
    onFailed: noted(context),
  }
  const place = after === null ? null : await placeOf(context, owner, after)
  return followEvents(ports, { ...owner, topics, after: place }, signal)
}

async function placeOf(
  context: SubscriptionContext,
  { tenantId, economyId }: { tenantId: string; economyId: string },
  after: string,
): Promise<string> {
  const eventId = fromWire('evt', after)
  if (eventId === null) return openCursor(logRequest(context), after)
  const place = await context.deps.findEventPlace(tenantId, economyId, eventId)
  if (place === null) throw new EventNotFound()
  return place
}

function cursorOf(context: SubscriptionContext, { place }: EventWithSubject): string {
  return makeCursor(logRequest(context), place)
}

/** What `GET /v3/events` without a filter would have asked: its cursors work here, and ours there. */
function logRequest({ app, request }: GraphqlContext) {
  const list = app.operations.get('listEvents')
  if (!list) throw new TypeError('there is no route listEvents')
  const { url, server, credential, economyId } = derive(request, list, {})
  return { url, server, credential, economyId, query: { limit: 1, order: 'asc' as const } }
}

/**
 * A subscription that ends at once when its client or its socket does, also while it waits for something to happen: a generator
 * alone would hear of it only then.
 */
async function endable<Item>(
  { signal: socket }: SubscriptionContext,
  begin: (signal: AbortSignal) => Promise<AsyncGenerator<Item>>,
): Promise<AsyncIterable<Item>> {
  if (!socket)
    throw new InvalidRequest([
      { pointer: '/query', detail: 'Subscriptions run through a WebSocket at /graphql' },
    ])
  const end = new AbortController()
  const source = await begin(AbortSignal.any([socket, end.signal]))
  const ended: AsyncIterator<Item> = {
    next: () => source.next(),
    return: () => {
      end.abort()
      return source.return(undefined)
    },
  }
  return { [Symbol.asyncIterator]: () => ended }
}

function noted({ request }: GraphqlContext) {
  return (error: unknown) => request.log.warn({ err: error }, 'a subscription could not read; it tries again')
}

async function* map<From, To>(source: AsyncIterable<From>, change: (from: From) => To): AsyncGenerator<To> {
  for await (const item of source) yield change(item)
}

async function* filter<Item>(
  source: AsyncIterable<Item>,
  isWanted: (item: Item) => boolean,
): AsyncGenerator<Item> {
  for await (const item of source) if (isWanted(item)) yield item
}

/** The same values, the first of which is there already: what refuses to begin is an answer and not an end. */
async function begun<Item>(source: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await source.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* source
  })()
}
