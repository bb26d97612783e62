import type { FastifyRequest } from 'fastify'
import { readBalance } from '#core/ledger/read-balance.ts'
import { createUser } from '#core/user/create-users.ts'
import { getUser } from '#core/user/get-user.ts'
import type { User } from '#core/user/user.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { metaOf, NO_MORE, readPage } from './pages.ts'
import { userIdInPath, uuidFilter } from './parameters.ts'
import { presentNewUser, presentUser, seconds } from './present.ts'
import type { OstRouter } from './router.ts'
import { tokenOf } from './tokens.ts'

/** The business's people, and the business itself. */
export function userRoutes(router: OstRouter, deps: AppDeps): void {
  router.post('/users', 'users:write', async (request) => {
    const user = { externalId: null, name: null, isVerified: false, metadata: {} }
    const created = await createUser(deps, { ...ownerOf(request), user })
    const { number } = await tokenOf(deps, request)
    return { result_type: 'user', user: presentNewUser(created, number) }
  })

  router.get('/users', 'users:read', async (request) => {
    const ids = uuidFilter(request, 'ids')
    const page = readPage(request, ids !== undefined)
    const { tenantId, economyId } = ownerOf(request)
    const { rows, nextAfter } = await deps.unitOfWork(tenantId, async (tx) => {
      if (!ids) return tx.users.list(economyId, page, {})
      const found = await Promise.all([...new Set(ids)].map((id) => tx.users.find(economyId, id)))
      return { rows: found.filter((user) => user !== null), nextAfter: null }
    })
    return {
      result_type: 'users',
      users: await presentAll(deps, request, rows),
      meta: ids ? NO_MORE : metaOf(page, { nextAfter }),
    }
  })

  router.read('/users/:user_id', 'users:read', async (request) => {
    const user = await findUser(deps, request)
    const [presented] = await presentAll(deps, request, [user])
    return { result_type: 'user', user: presented }
  })

  router.read('/users/:user_id/balance', 'users:read', async (request) => {
    const userId = userIdInPath(request)
    const { settled, held, available, updatedAt } = await readBalance(deps, { ...ownerOf(request), userId })
    return {
      result_type: 'balance',
      balance: {
        user_id: userId,
        total_balance: settled.toString(),
        available_balance: available.toString(),
        unsettled_debit: held.toString(),
        updated_timestamp: seconds(updatedAt),
      },
    }
  })
}

/** The user of the path. @throws UserNotFound */
export async function findUser(deps: AppDeps, request: FastifyRequest): Promise<User> {
  return getUser(deps, { ...ownerOf(request), userId: userIdInPath(request) })
}

async function presentAll(deps: AppDeps, request: FastifyRequest, users: readonly User[]) {
  const { tenantId, economyId } = ownerOf(request)
  const { number } = await tokenOf(deps, request)
  const managers = await deps.unitOfWork(tenantId, (tx) =>
    Promise.all(users.map(({ id }) => tx.devices.findManager({ economyId, userId: id }))),
  )
  return users.map((user, index) =>
    presentUser(user, number, {
      deviceManagerAddress: managers[index]?.address ?? null,
      recoveryOwnerAddress: null,
    }),
  )
}
