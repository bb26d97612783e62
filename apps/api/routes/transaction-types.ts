import type { FastifyRequest } from 'fastify'
import { archiveTransactionType, unarchiveTransactionType } from '#core/rule/archive-transaction-type.ts'
import { createTransactionType } from '#core/rule/create-transaction-type.ts'
import { TransactionTypeNotFound } from '#core/rule/errors.ts'
import { getTransactionType } from '#core/rule/get-transaction-type.ts'
import { listTransactionTypes } from '#core/rule/list-transaction-types.ts'
import { updateTransactionType } from '#core/rule/update-transaction-type.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentTransactionType } from '../presenters/transaction-types.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  CreateTransactionTypeBody,
  ListTransactionTypesQuery,
  TransactionTypeSchema,
  UpdateTransactionTypeBody,
} from '../schemas/transaction-types.ts'

const tags = ['Transaction types']
const reads = { plane: 'data', scope: 'types:read' } as const
const writes = { plane: 'data', scope: 'types:write' } as const

/** Reusable definitions of movements: who pays whom, how much, with what commission on top. */
export async function transactionTypeRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/transaction-types',
    {
      config: writes,
      schema: {
        operationId: 'createTransactionType',
        summary: 'Create a transaction type',
        tags,
        body: CreateTransactionTypeBody,
        response: {
          201: TransactionTypeSchema,
          ...problems('transaction_type_name_taken', 'limit_reached'),
        },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { amount = null, commission = null, metadata = {}, ...rest } = request.body
        const { economyId } = ownerOf(request)
        const command = { actor: actorOf(request), economyId, ...rest, amount, commission, metadata }
        const type = await createTransactionType({ ...deps, unitOfWork }, command)
        return { status: 201, body: presentTransactionType(type) }
      }),
  )

  app.get(
    '/transaction-types',
    {
      config: reads,
      schema: {
        operationId: 'listTransactionTypes',
        summary: 'List transaction types',
        tags,
        querystring: ListTransactionTypesQuery,
        response: { 200: ListOf(TransactionTypeSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { status, kind, name } = request.query
      const filter = { ...(status && { status }), ...(kind && { kind }), ...(name !== undefined && { name }) }
      const page = await listTransactionTypes(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentTransactionType)
    },
  )

  app.get(
    '/transaction-types/:id',
    {
      config: reads,
      schema: {
        operationId: 'getTransactionType',
        summary: 'Get a transaction type',
        tags,
        params: IdParams('typ'),
        response: { 200: TransactionTypeSchema, ...problems('transaction_type_not_found') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), typeId: typeIdOf(request.params) }
      return presentTransactionType(await getTransactionType(deps, query))
    },
  )

  app.patch(
    '/transaction-types/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateTransactionType',
        summary: 'Update a transaction type',
        description:
          'Absent fields stay; metadata is replaced as a whole. Kind and currency are fixed: create another type instead.',
        tags,
        params: IdParams('typ'),
        body: UpdateTransactionTypeBody,
        response: {
          200: TransactionTypeSchema,
          ...problems(
            'transaction_type_not_found',
            'transaction_type_archived',
            'transaction_type_name_taken',
          ),
        },
      },
    },
    async (request) => {
      const command = { ...targetOf(request, request.params), change: request.body }
      return presentTransactionType(await updateTransactionType(deps, command))
    },
  )

  const acts = [
    { name: 'archive', summary: 'Archive a transaction type', act: archiveTransactionType },
    { name: 'unarchive', summary: 'Take a transaction type back into use', act: unarchiveTransactionType },
  ] as const
  for (const { name, summary, act } of acts) {
    app.post(
      `/transaction-types/:id/${name}`,
      {
        config: writes,
        schema: {
          operationId: `${name}TransactionType`,
          summary,
          description: 'Repeating changes nothing.',
          tags,
          params: IdParams('typ'),
          response: { 200: TransactionTypeSchema, ...problems('transaction_type_not_found') },
        },
      },
      async (request, reply) =>
        once(deps, request, reply, async (unitOfWork) => {
          const type = await act({ ...deps, unitOfWork }, targetOf(request, request.params))
          return { status: 200, body: presentTransactionType(type) }
        }),
    )
  }
}

function typeIdOf({ id }: { id: string }): string {
  return idFromPath('typ', id, () => new TransactionTypeNotFound())
}

function targetOf(request: FastifyRequest, params: { id: string }) {
  return { actor: actorOf(request), economyId: ownerOf(request).economyId, typeId: typeIdOf(params) }
}
