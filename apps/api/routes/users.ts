import assert from 'node:assert'
import type { FastifyRequest } from 'fastify'
import { type DomainError, InvalidRequest } from '#core/shared/errors.ts'
import { archiveUser } from '#core/user/archive-user.ts'
import { createUser, createUsers, type NewUser } from '#core/user/create-users.ts'
import { UserNotFound } from '#core/user/errors.ts'
import { getUser } from '#core/user/get-user.ts'
import { listUsers } from '#core/user/list-users.ts'
import { type UserChange, updateUser } from '#core/user/update-user.ts'
import type { User } from '#core/user/user.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentUser } from '../presenters/users.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  AnyUsersBody,
  CreateUserBody,
  CreateUsersBody,
  ListUsersQuery,
  UpdateUserBody,
  UserBatchSchema,
  UserSchema,
} from '../schemas/users.ts'

const tags = ['Users']
const reads = { plane: 'data', scope: 'users:read' } as const
const writes = { plane: 'data', scope: 'users:write' } as const

/** The business's people, each with a wallet from the start. */
export async function userRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/users',
    {
      config: writes,
      schema: {
        operationId: 'createUser',
        summary: 'Create a user',
        description: 'With a wallet whose address is known at once; nothing is deployed.',
        tags,
        body: CreateUserBody,
        response: { 201: UserSchema, ...problems('external_id_taken') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const command = { ...ownerOf(request), user: toNewUser(request.body) }
        return { status: 201, body: presentUser(await createUser({ ...deps, unitOfWork }, command)) }
      }),
  )

  const validateItem = itemValidator(app)
  app.post(
    '/users/batch',
    {
      config: writes,
      // Items are judged one by one below, so that a bad one does not fail the others.
      validatorCompiler: (part) =>
        compilerOf(app)(part.httpPart === 'body' ? { ...part, schema: AnyUsersBody } : part),
      schema: {
        operationId: 'createUsers',
        summary: 'Create many users',
        description: 'Each item is judged on its own: one that is refused does not fail the others.',
        tags,
        body: CreateUsersBody,
        response: { 200: UserBatchSchema },
      },
    },
    async (request, reply) => {
      const wrong = request.body.users.map((item) => validateItem(item))
      const good = request.body.users.filter((_item, index) => wrong[index] === null)
      return once(deps, request, reply, async (unitOfWork) => {
        const command = { ...ownerOf(request), users: good.map(toNewUser) }
        const created = await createUsers({ ...deps, unitOfWork }, command)
        const outcomes = created.values()
        const results = wrong.map(
          (refused) => (refused ? { refused } : outcomes.next().value) ?? assert.fail('one outcome per item'),
        )
        return { status: 200, body: presentBatch(app, request, results) }
      })
    },
  )

  app.get(
    '/users',
    {
      config: reads,
      schema: {
        operationId: 'listUsers',
        summary: 'List users',
        description: "The economy's company user is among them.",
        tags,
        querystring: ListUsersQuery,
        response: { 200: ListOf(UserSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { external_id: externalId, status, type, name_prefix: namePrefix } = request.query
      const filter = {
        ...(externalId !== undefined && { externalId }),
        ...(status && { status }),
        ...(type && { type }),
        ...(namePrefix !== undefined && { namePrefix }),
      }
      const page = await listUsers(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentUser)
    },
  )

  app.get(
    '/users/:id',
    {
      config: reads,
      schema: {
        operationId: 'getUser',
        summary: 'Get a user',
        tags,
        params: IdParams('usr'),
        response: { 200: UserSchema, ...problems('user_not_found') },
      },
    },
    async (request) => presentUser(await getUser(deps, refOf(request, request.params))),
  )

  app.patch(
    '/users/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateUser',
        summary: 'Update a user',
        description: 'Absent fields stay; null empties; metadata is replaced as a whole.',
        tags,
        params: IdParams('usr'),
        body: UpdateUserBody,
        response: {
          200: UserSchema,
          ...problems('user_not_found', 'user_archived', 'external_id_taken', 'company_user_fixed'),
        },
      },
    },
    async (request) => {
      const { external_id: externalId, is_verified: isVerified, ...labels } = request.body
      const change: UserChange = {
        ...labels,
        ...(externalId !== undefined && { externalId }),
        ...(isVerified !== undefined && { isVerified }),
      }
      return presentUser(await updateUser(deps, { ...refOf(request, request.params), change }))
    },
  )

  app.post(
    '/users/:id/archive',
    {
      config: writes,
      schema: {
        operationId: 'archiveUser',
        summary: 'Archive a user',
        description: 'It takes part in nothing new; what it has stays its own. Repeating changes nothing.',
        tags,
        params: IdParams('usr'),
        response: { 200: UserSchema, ...problems('user_not_found', 'company_user_fixed') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const user = await archiveUser({ ...deps, unitOfWork }, refOf(request, request.params))
        return { status: 200, body: presentUser(user) }
      }),
  )
}

function refOf(request: FastifyRequest, { id }: { id: string }) {
  return { ...ownerOf(request), userId: idFromPath('usr', id, () => new UserNotFound()) }
}

function toNewUser(body: CreateUserBody): NewUser {
  const { external_id, name, is_verified, metadata } = body
  return {
    externalId: external_id ?? null,
    name: name ?? null,
    isVerified: is_verified ?? false,
    metadata: metadata ?? {},
  }
}

function compilerOf(app: App) {
  assert(app.validatorCompiler, 'the validation plugin is registered before the routes')
  return app.validatorCompiler
}

/** What is wrong with one item of a batch; null for a good one. */
function itemValidator(app: App): (item: unknown) => InvalidRequest | null {
  const validate = compilerOf(app)({
    schema: CreateUserBody,
    method: 'POST',
    url: '/users/batch',
    httpPart: 'body',
  })
  return (item) => {
    const result: unknown = validate(item)
    const error = typeof result === 'object' && result !== null && 'error' in result ? result.error : null
    return error instanceof InvalidRequest ? error : null
  }
}

function presentBatch(
  app: App,
  request: FastifyRequest,
  results: readonly ({ user: User } | { refused: DomainError })[],
) {
  const data = results.map((result, index) => {
    if ('user' in result) return { index, user: presentUser(result.user), problem: null }
    // A problem's body has at least these two.
    const problem = app.problemOf(result.refused, request).body as { code: string; detail: string }
    return { index, user: null, problem }
  })
  const created = results.filter((result) => 'user' in result).length
  return { object: 'user_batch' as const, created, refused: data.length - created, data }
}
