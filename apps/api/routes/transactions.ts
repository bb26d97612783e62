import type { FastifyReply, FastifyRequest } from 'fastify'
import { InvalidRequest } from '#core/shared/errors.ts'
import { type AcceptRequest, type ItemResult } from '#core/transaction/accept-transactions.ts'
import { onlyItem, toError } from '#core/transaction/acceptor.ts'
import { TransactionNotFound } from '#core/transaction/errors.ts'
import { getTransaction } from '#core/transaction/get-transaction.ts'
import { listTransactions } from '#core/transaction/list-transactions.ts'
import { readTimeline } from '#core/transaction/read-timeline.ts'
import {
  asQueued,
  type ExecuteTransaction as Command,
  type Transaction,
} from '#core/transaction/transaction.ts'
import type { TransactionFilter } from '#core/transaction/transaction-reader.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { claimOf } from '../plugins/idempotency.ts'
import { noteAccepted } from '../plugins/log.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentDryRun, presentTimelineEvent, presentTransaction } from '../presenters/transactions.ts'
import { fromWire, idFromBody, idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  BatchSchema,
  DryRunSchema,
  ExecuteBatch,
  ExecuteTransaction,
  type ExecuteTransactionBody,
  ListTransactionsQuery,
  TimelineSchema,
  TransactionSchema,
  WAIT_SECONDS_MAX,
} from '../schemas/transactions.ts'

const tags = ['Transactions']

/** What any execution may be refused with. */
const REFUSALS = problems(
  'economy_not_active',
  'transaction_type_not_found',
  'transaction_type_archived',
  'user_not_found',
  'user_archived',
  'user_not_managed',
  'invalid_parties',
  'invalid_amount',
  'invalid_commission',
  'insufficient_funds',
  'rule_violated',
  'price_missing',
  'price_stale',
  'price_deviates',
)

/** Executing transactions and looking at them: the product's main job. */
export async function transactionRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/transactions',
    {
      config: { plane: 'data', scope: 'transactions:write', idempotency: 'required', waits: true },
      schema: {
        operationId: 'executeTransaction',
        summary: 'Execute a transaction',
        description: `Holds the payer's funds and queues the transfer. With \`Prefer: wait=N\` (at most ${WAIT_SECONDS_MAX} seconds) the answer waits until the ledger has settled it.`,
        tags,
        body: ExecuteTransaction,
        response: { 200: TransactionSchema, 202: TransactionSchema, ...REFUSALS },
      },
    },
    async (request, reply) => {
      const result = await deps.acceptor.submit(acceptRequest(request, [request.body]))
      noteAccepted(request, result)
      const { item, replayed } = onlyItem(result)
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      const settled = await waitAsPreferred(deps, request, reply, item.accepted.id)
      if (settled) return reply.code(200).send(presentTransaction(settled))
      return reply.code(202).send(presentTransaction(asQueued(item.accepted)))
    },
  )

  app.post(
    '/transactions/batch',
    {
      config: { plane: 'data', scope: 'transactions:write', idempotency: 'required' },
      schema: {
        operationId: 'executeTransactionBatch',
        summary: 'Execute many transactions',
        description:
          'Each item is decided on its own: one that is refused does not fail the others. One key covers the whole batch.',
        tags,
        body: ExecuteBatch,
        response: { 202: BatchSchema, ...REFUSALS },
      },
    },
    async (request, reply) => {
      const result = await deps.acceptor.submit(
        acceptRequest(request, request.body.transactions, '/transactions'),
      )
      noteAccepted(request, result)
      if ('error' in result) throw result.error
      if (result.replayed) reply.header('Idempotency-Replayed', 'true')
      const data = result.items.map((item, index) => presentItem(app, request, item, index))
      const accepted = result.items.filter((item) => 'accepted' in item).length
      return reply
        .code(202)
        .send({ object: 'transaction_batch' as const, accepted, refused: data.length - accepted, data })
    },
  )

  app.post(
    '/transactions/dry-run',
    {
      config: { plane: 'data', scope: 'transactions:write', idempotency: 'none' },
      schema: {
        operationId: 'dryRunTransaction',
        summary: 'Try a transaction without executing it',
        description: 'Decides as an execution would, now, and writes nothing.',
        tags,
        body: ExecuteTransaction,
        response: { 200: DryRunSchema, ...REFUSALS },
      },
    },
    async (request) => {
      const result = await deps.acceptor.submit({
        ...acceptRequest(request, [request.body]),
        idempotency: null,
        dryRun: true,
      })
      return presentDryRun(onlyItem(result).item.accepted)
    },
  )

  app.get(
    '/transactions',
    {
      config: { plane: 'data', scope: 'transactions:read' },
      schema: {
        operationId: 'listTransactions',
        summary: 'List transactions',
        tags,
        querystring: ListTransactionsQuery,
        response: { 200: ListOf(TransactionSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await listTransactions(deps, ownerOf(request), filterOf(request.query), pageOf(request))
      return toList(request, page, presentTransaction)
    },
  )

  app.get(
    '/transactions/:id',
    {
      config: { plane: 'data', scope: 'transactions:read' },
      schema: {
        operationId: 'getTransaction',
        summary: 'Get a transaction',
        tags,
        params: IdParams('txn'),
        response: { 200: TransactionSchema, ...problems('transaction_not_found') },
      },
    },
    async (request) => presentTransaction(await getTransaction(deps, refOf(request, request.params.id))),
  )

  app.get(
    '/transactions/:id/timeline',
    {
      config: { plane: 'data', scope: 'transactions:read' },
      schema: {
        operationId: 'getTransactionTimeline',
        summary: 'Everything that happened to a transaction',
        tags,
        params: IdParams('txn'),
        response: { 200: TimelineSchema, ...problems('transaction_not_found') },
      },
    },
    async (request) => {
      const events = await readTimeline(deps, refOf(request, request.params.id))
      return {
        object: 'timeline' as const,
        transaction_id: request.params.id,
        data: events.map(presentTimelineEvent),
      }
    },
  )
}

function refOf(request: FastifyRequest, id: string) {
  return { ...ownerOf(request), id: idFromPath('txn', id, () => new TransactionNotFound()) }
}

function acceptRequest(
  request: FastifyRequest,
  bodies: readonly ExecuteTransactionBody[],
  pointer?: string,
): AcceptRequest {
  const items = bodies.map((body, index) =>
    toCommand(body, pointer === undefined ? '' : `${pointer}/${index}`),
  )
  return { ...ownerOf(request), items, idempotency: claimOf(request), dryRun: false }
}

/** The body's words as a command; ids that are none are named by their pointer. */
export function toCommand(body: ExecuteTransactionBody, pointer = ''): Command {
  const typeId = fromWire('typ', body.type)
  const user = (id: string | undefined, name: string) =>
    id === undefined ? null : idFromBody('usr', id, `${pointer}/${name}`)
  return {
    type: typeId === null ? { name: body.type } : { id: typeId },
    fromUserId: user(body.from_user_id, 'from_user_id'),
    toUserId: user(body.to_user_id, 'to_user_id'),
    amount: body.amount ?? null,
    commission: body.commission ?? null,
    metadata: body.metadata ?? {},
  }
}

function presentItem(app: App, request: FastifyRequest, item: ItemResult, index: number) {
  if ('accepted' in item)
    return { index, transaction: presentTransaction(asQueued(item.accepted)), problem: null }
  // The item's problem has the shape of a problem body, which has at least these two.
  const problem = app.problemOf(toError(item.refused), request).body as { code: string; detail: string }
  return { index, transaction: null, problem }
}

/** RFC 7240. The transaction once it is settled; null when nobody asked to wait or the time was up first. */
async function waitAsPreferred(
  deps: AppDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  id: string,
): Promise<Transaction | null> {
  const seconds = /(?:^|[,;\s])wait\s*=\s*(\d{1,3})\b/i.exec(String(request.headers.prefer ?? ''))?.[1]
  if (seconds === undefined) return null
  const waitSeconds = Math.min(Number(seconds), WAIT_SECONDS_MAX)
  const ref = { ...ownerOf(request), id }
  await deps.waiter.wait(ref, waitSeconds * 1_000)
  reply.header('Preference-Applied', `wait=${waitSeconds}`)
  const transaction = await getTransaction(deps, ref)
  return transaction.status === 'queued' || transaction.status === 'submitted' ? null : transaction
}

function filterOf(query: ListTransactionsQuery): TransactionFilter {
  const id = (
    prefix: 'usr' | 'typ' | 'air',
    name: 'user_id' | 'from_user_id' | 'to_user_id' | 'type_id' | 'airdrop_id',
  ) => {
    const text = query[name]
    return text === undefined ? undefined : idFromBody(prefix, text, `?${name}`)
  }
  const filter = {
    status: query.status,
    userId: id('usr', 'user_id'),
    fromUserId: id('usr', 'from_user_id'),
    toUserId: id('usr', 'to_user_id'),
    typeId: id('typ', 'type_id'),
    airdropId: id('air', 'airdrop_id'),
    createdFrom: query['created_at.gte'] === undefined ? undefined : new Date(query['created_at.gte']),
    createdBefore: query['created_at.lt'] === undefined ? undefined : new Date(query['created_at.lt']),
    metadata: query.metadata === undefined ? undefined : metadataOf(query.metadata),
  }
  // Every property that is left has a value, which is what the optional properties of the filter ask for.
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined),
  ) as TransactionFilter
}

function metadataOf(text: string): Record<string, string | number | boolean> {
  const parsed = parseJson(text)
  const isLabels =
    typeof parsed === 'object' &&
    parsed !== null &&
    !Array.isArray(parsed) &&
    Object.values(parsed).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
  if (!isLabels) {
    throw new InvalidRequest([
      { pointer: '?metadata', detail: 'must be a JSON object of labels, such as {"order":"A-1001"}' },
    ])
  }
  // Checked just above, value by value.
  return parsed as Record<string, string | number | boolean>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
