import type { FastifyRequest } from 'fastify'
import type { DialectUser } from '#core/dialect/dialect-reader.ts'
import { createUser } from '#core/user/create-users.ts'
import { UserNotFound } from '#core/user/errors.ts'
import { updateUser } from '#core/user/update-user.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { blaming, type DialectRouter, valuesOf } from '../dialect.ts'
import { isUuid, Parameters } from '../parameters.ts'
import { presentUnits } from './amounts.ts'
import { readName } from './names.ts'
import { IDS_MAX, metaOf, readPage } from './pages.ts'

type Deps = Pick<AppDeps, 'unitOfWork' | 'addressBook' | 'clock' | 'ids' | 'dialectReader' | 'balanceReader'>

/** The people of the business. */
export function userRoutes(router: DialectRouter, deps: Deps): void {
  router.post('/users', 'users:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const name = readName(parameters)
    parameters.check()
    const user = { externalId: null, name: name ?? null, isVerified: false, metadata: {} }
    const { id } = await createUser(deps, { ...ownerOf(request), user })
    return { result_type: 'user', user: await readUser(deps, request, id) }
  })

  router.post('/users/:id', 'users:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const { id } = request.params as { id: string }
    if (!isUuid(id)) parameters.refuse('id', 'must be a UUID')
    const name = readName(parameters)
    if (name === undefined) parameters.refuse('name', 'is required')
    parameters.check()
    // The company is no user of the dialect.
    await readUser(deps, request, id)
    await updateUser(deps, { ...ownerOf(request), userId: id, change: { name: name ?? null } })
    return { result_type: 'user', user: await readUser(deps, request, id) }
  })

  router.get('/users', 'users:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const isAirdropped = parameters.boolean('airdropped')
    const ids = parameters.list('id', IDS_MAX, isUuid)
    const page = readPage(parameters, ['created', 'name'])
    parameters.check()
    const filter = { ...(ids && { ids }), ...(isAirdropped !== undefined && { isAirdropped }) }
    const users = await deps.dialectReader.users(ownerOf(request), filter, page)
    return {
      result_type: 'users',
      users: await Promise.all(users.rows.map((user) => presentUser(deps, request, user))),
      meta: metaOf(page, users, { airdropped: parameters.text('airdropped'), id: parameters.text('id') }),
    }
  })

  router.get('/users/:id', 'users:read', async (request) => {
    const { id } = request.params as { id: string }
    return { result_type: 'user', user: await readUser(deps, request, id).catch(blaming('id')) }
  })
}

/** A user as the dialect shows it. @throws UserNotFound, also for the company and for what is no UUID */
export async function readUser(
  deps: Pick<AppDeps, 'dialectReader' | 'balanceReader'>,
  request: FastifyRequest,
  id: string,
) {
  return presentUser(deps, request, await findUser(deps, request, id))
}

/** @throws UserNotFound, also for the company and for what is no UUID */
export async function findUser(
  deps: Pick<AppDeps, 'dialectReader'>,
  request: FastifyRequest,
  id: string,
): Promise<DialectUser> {
  if (!isUuid(id)) throw new UserNotFound()
  const page = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const
  const { rows } = await deps.dialectReader.users(ownerOf(request), { ids: [id] }, page)
  const [user] = rows
  if (!user) throw new UserNotFound()
  return user
}

/** What a user has: airdropped tokens are spent before the others, and never more than there are. */
export async function readFunds(
  deps: Pick<AppDeps, 'balanceReader'>,
  request: FastifyRequest,
  user: DialectUser,
) {
  const { tenantId, economyId } = ownerOf(request)
  const balance = await deps.balanceReader(tenantId, economyId, user.id)
  if (!balance) throw new UserNotFound()
  const available = balance.settled - balance.held
  const airdropped = user.airdropped < available ? user.airdropped : available
  const { decimals } = balance.token
  return {
    available: presentUnits(available, decimals),
    airdropped: presentUnits(airdropped, decimals),
    own: presentUnits(available - airdropped, decimals),
  }
}

async function presentUser(deps: Pick<AppDeps, 'balanceReader'>, request: FastifyRequest, user: DialectUser) {
  const funds = await readFunds(deps, request, user)
  return {
    id: user.id,
    addresses: [[String(user.chainId), user.address]],
    name: user.name,
    airdropped_tokens: funds.airdropped,
    token_balance: funds.own,
  }
}
