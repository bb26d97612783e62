import type { FastifyRequest } from 'fastify'
import type { NumberedPage } from '#core/dialect/dialect-reader.ts'
import { createUser } from '#core/user/create-users.ts'
import { updateUser } from '#core/user/update-user.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { blaming, type DialectRouter, valuesOf } from '../dialect.ts'
import { Parameters } from '../parameters.ts'
import { drop, readAirdrop, readAmount } from './airdrops.ts'
import { readName } from './names.ts'
import { readPage } from './pages.ts'
import { findUser, readUser } from './users.ts'

/** Users of one page: v0 had no limit to choose. */
const PAGE_SIZE = 25
const LISTS = ['all', 'never_airdropped'] as const

/** Users and airdrops of v0. */
export function v0UserRoutes(router: DialectRouter, deps: AppDeps): void {
  router.post('/create', 'users:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const name = readName(parameters)
    parameters.check()
    const user = { externalId: null, name: name ?? null, isVerified: false, metadata: {} }
    const { id } = await createUser(deps, { ...ownerOf(request), user })
    return { result_type: 'economy_users', economy_users: [await v0User(deps, request, id)] }
  })

  router.post('/edit', 'users:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const id = parameters.required('uuid') ?? ''
    const name = readName(parameters)
    if (name === undefined) parameters.refuse('name', 'is required')
    parameters.check()
    await findUser(deps, request, id).catch(blaming('uuid'))
    await updateUser(deps, { ...ownerOf(request), userId: id, change: { name: name ?? null } })
    return { result_type: 'economy_users', economy_users: [await v0User(deps, request, id)] }
  })

  router.get('/list', 'users:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const filter = parameters.oneOf('filter', LISTS, 'all')
    const orderBy = parameters.oneOf('order_by', ['creation_time', 'name'], 'creation_time')
    const page: NumberedPage = {
      ...readPage(new Parameters({}), ['created']),
      number: readPageNumber(parameters),
      limit: PAGE_SIZE,
      orderBy: orderBy === 'name' ? 'name' : 'created',
      order: parameters.oneOf('order', ['asc', 'desc'], 'desc'),
    }
    parameters.check()
    const users = await deps.dialectReader.users(
      ownerOf(request),
      filter === 'all' ? {} : { isAirdropped: false },
      page,
    )
    return {
      result_type: 'economy_users',
      economy_users: await Promise.all(users.rows.map(({ id }) => v0User(deps, request, id))),
      meta: {
        next_page_payload: users.hasMore
          ? { filter, order_by: orderBy, order: page.order, page_no: page.number + 1 }
          : {},
      },
    }
  })

  router.post('/airdrop/drop', 'airdrops:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const amount = await readAmount(deps, request, parameters)
    const list = parameters.required('list_type')
    if (list !== undefined && !LISTS.some((one) => one === list))
      parameters.refuse('list_type', `must be one of ${LISTS.join(', ')}`)
    parameters.check()
    const isAirdropped = list === 'never_airdropped' ? false : undefined
    return { airdrop_uuid: await drop(deps, request, amount, { isAirdropped, userIds: undefined }) }
  })

  router.get('/airdrop/status', 'airdrops:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const id = parameters.required('airdrop_uuid') ?? ''
    parameters.check()
    const { state, steps } = await readAirdrop(deps, request, id).catch(blaming('airdrop_uuid'))
    return { airdrop_uuid: id, current_status: state, steps_complete: steps }
  })
}

/** A user in v0's words. @throws UserNotFound */
export async function v0User(
  deps: Pick<AppDeps, 'dialectReader' | 'balanceReader'>,
  request: FastifyRequest,
  id: string,
) {
  const user = await readUser(deps, request, id)
  return {
    id,
    uuid: id,
    name: user.name,
    total_airdropped_tokens: user.airdropped_tokens,
    token_balance: user.token_balance,
  }
}

/** The only number of v0's lists. */
export function readPageNumber(parameters: Parameters): number {
  const only = parameters.has('page_no') ? { page_no: parameters.text('page_no') ?? '' } : {}
  const checked = new Parameters(only)
  const { number } = readPage(checked)
  if (checked.isWrong('page_no')) parameters.refuse('page_no', 'must be a whole number from 1 to 1000')
  return number
}
