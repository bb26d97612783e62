import type { Static, TSchema } from 'typebox'
import { fingerprintOf } from '#core/idempotency/fingerprint.ts'
import { createTransactionType } from '#core/rule/create-transaction-type.ts'
import { DomainError } from '#core/shared/errors.ts'
import { onlyItem, toError } from '#core/transaction/acceptor.ts'
import { asQueued } from '#core/transaction/transaction.ts'
import { createUser } from '#core/user/create-users.ts'
import { parseKey } from '../../plugins/idempotency.ts'
import { noteAccepted } from '../../plugins/log.ts'
import { toInvalidRequest } from '../../plugins/validation.ts'
import { presentTransactionType } from '../../presenters/transaction-types.ts'
import { presentTransaction } from '../../presenters/transactions.ts'
import { presentUser } from '../../presenters/users.ts'
import { toCommand } from '../../routes/transactions.ts'
import { CreateTransactionTypeBody } from '../../schemas/transaction-types.ts'
import { ExecuteBatch, ExecuteTransaction } from '../../schemas/transactions.ts'
import { CreateUserBody } from '../../schemas/users.ts'
import { type GraphqlContext as Context, ownerOf } from '../context.ts'

type Input = Record<string, unknown>

/** Writes of the first cut: users, types and transactions, over REST's schemas and use cases. */
export const mutations = {
  createUser: async (_root: unknown, { input }: { input: Input }, context: Context) => {
    const body = parse(context, CreateUserBody, input)
    const user = {
      externalId: body.external_id ?? null,
      name: body.name ?? null,
      isVerified: body.is_verified ?? false,
      metadata: body.metadata ?? {},
    }
    return presentUser(await createUser(context.deps, { ...ownerOf(context, 'users:write'), user }))
  },

  createTransactionType: async (_root: unknown, { input }: { input: Input }, context: Context) => {
    const {
      amount = null,
      commission = null,
      metadata = {},
      ...rest
    } = parse(context, CreateTransactionTypeBody, input)
    const { actor, economyId } = ownerOf(context, 'types:write')
    const command = { actor, economyId, ...rest, amount, commission, metadata }
    return presentTransactionType(await createTransactionType(context.deps, command))
  },

  executeTransaction: async (
    _root: unknown,
    args: { input: Input; idempotencyKey: string },
    context: Context,
  ) => {
    const body = parse(context, ExecuteTransaction, args.input)
    const result = await submit(context, [toCommand(body)], args.idempotencyKey, body)
    return presentTransaction(asQueued(onlyItem(result).item.accepted))
  },

  executeTransactions: async (
    _root: unknown,
    args: { inputs: Input[]; idempotencyKey: string },
    context: Context,
  ) => {
    const body = parse(context, ExecuteBatch, { transactions: args.inputs })
    const commands = body.transactions.map((item, index) => toCommand(item, `/transactions/${index}`))
    const result = await submit(context, commands, args.idempotencyKey, body)
    if ('error' in result) throw result.error
    return result.items.map((item) => {
      if ('accepted' in item)
        return { transaction: presentTransaction(asQueued(item.accepted)), problem: null }
      const { code, message } = toError(item.refused)
      return { transaction: null, problem: { code, detail: message } }
    })
  },
}

async function submit(
  context: Context,
  items: ReturnType<typeof toCommand>[],
  idempotencyKey: string,
  body: unknown,
) {
  const { tenantId, economyId } = ownerOf(context, 'transactions:write')
  const key = parseKey(idempotencyKey)
  const fingerprint = fingerprintOf('POST', '/graphql', body)
  const result = await context.deps.acceptor.submit({
    tenantId,
    economyId,
    items,
    idempotency: { key, fingerprint },
    dryRun: false,
  })
  noteAccepted(context.request, result)
  return result
}

/** Checks an input by the schema of REST's body, so that both surfaces refuse the same with the same words. */
function parse<Schema extends TSchema>({ app }: Context, schema: Schema, input: unknown): Static<Schema> {
  const body = toSnakeCase(input)
  const compile = app.validatorCompiler
  if (!compile) throw new DomainError('internal_error', 'the API has no validator')
  const result = compile({ schema, method: 'POST', url: '/graphql', httpPart: 'body' })(body) as {
    error?: { validation: [] }
  }
  if (result.error) throw toInvalidRequest(result.error.validation, 'body')
  // Just checked against the schema.
  return body as Static<Schema>
}

/** Field names of inputs as REST writes them; what is inside metadata stays as it is. */
function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined && part !== null)
      .map(([name, part]) => [snakeCase(name), name === 'metadata' ? part : toSnakeCase(part)]),
  )
}

export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
