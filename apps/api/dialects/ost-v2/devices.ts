import type { FastifyRequest } from 'fastify'
import { registerDevice } from '#core/device/register-device.ts'
import { DomainError } from '#core/shared/errors.ts'
import type { Page } from '#core/shared/page.ts'
import type { Stores } from '#core/stores.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { metaOf, NO_MORE, type OstPage, readPage } from './pages.ts'
import { addressFilter, addressInPath, requiredAddress } from './parameters.ts'
import { presentDevice, presentDeviceManager, presentRecoveryOwner, presentSession } from './present.ts'
import type { OstRouter } from './router.ts'
import { tokenOf } from './tokens.ts'
import { findUser } from './users.ts'

/** What is known of users' devices, and of what their wallets' contracts say. */
export function deviceRoutes(router: OstRouter, deps: AppDeps): void {
  router.post('/users/:user_id/devices', 'users:write', async (request) => {
    const address = requiredAddress(request, 'address')
    const apiSignerAddress = requiredAddress(request, 'api_signer_address')
    const { id: userId } = await findUser(deps, request)
    const { economyId } = ownerOf(request)
    const command = { actor: actorOf(request), economyId, userId, address, apiSignerAddress }
    return { result_type: 'device', device: presentDevice(await registerDevice(deps, command)) }
  })

  router.read('/users/:user_id/devices', 'users:read', async (request) => {
    const { rows, meta } = await listOrFilter(deps, request, {
      list: (tx, owner, page) => tx.devices.list(owner, page),
      find: (tx, owner, addresses) => tx.devices.findMany(owner, addresses),
    })
    return { result_type: 'devices', devices: rows.map(presentDevice), meta }
  })

  router.wallet('GET', '/users/:user_id/devices/pending-recovery', async (request) => {
    const owner = await ownerOfDevices(deps, request)
    const rows = await deps.unitOfWork(owner.tenantId, (tx) => tx.devices.findRecovering(owner.devices))
    return { result_type: 'devices', devices: rows.map(presentDevice), meta: NO_MORE }
  })

  router.read('/users/:user_id/devices/:device_address', 'users:read', async (request) => {
    const address = addressInPath(request, 'device_address')
    const found = await one(deps, request, (tx, owner) => tx.devices.find(owner, address))
    return { result_type: 'device', device: presentDevice(found) }
  })

  router.read('/users/:user_id/sessions', 'users:read', async (request) => {
    const { rows, meta } = await listOrFilter(deps, request, {
      list: (tx, owner, page) => tx.devices.listSessions(owner, page),
      find: (tx, owner, addresses) => tx.devices.findSessions(owner, addresses),
    })
    const chain = await chainOf(deps, request)
    return { result_type: 'sessions', sessions: rows.map((row) => presentSession(row, chain)), meta }
  })

  router.read('/users/:user_id/sessions/:session_address', 'users:read', async (request) => {
    const address = addressInPath(request, 'session_address')
    const found = await one(deps, request, (tx, owner) => tx.devices.findSession(owner, address))
    return { result_type: 'session', session: presentSession(found, await chainOf(deps, request)) }
  })

  router.read('/users/:user_id/device-managers', 'users:read', async (request) => {
    const found = await one(deps, request, (tx, owner) => tx.devices.findManager(owner))
    return { result_type: 'device_manager', device_manager: presentDeviceManager(found) }
  })

  router.read('/users/:user_id/recovery-owners/:recovery_owner_address', 'users:read', async (request) => {
    const address = addressInPath(request, 'recovery_owner_address')
    const found = await one(deps, request, (tx, owner) => tx.devices.findRecoveryOwner(owner, address))
    return { result_type: 'recovery_owner', recovery_owner: presentRecoveryOwner(found) }
  })
}

interface Owner {
  economyId: string
  userId: string
}

async function ownerOfDevices(deps: AppDeps, request: FastifyRequest) {
  const { id: userId } = await findUser(deps, request)
  const { tenantId, economyId } = ownerOf(request)
  return { tenantId, devices: { economyId, userId } }
}

/** One thing of the user. @throws NotThere */
async function one<Thing>(
  deps: AppDeps,
  request: FastifyRequest,
  find: (tx: Stores, owner: Owner) => Promise<Thing | null>,
): Promise<Thing> {
  const { tenantId, devices } = await ownerOfDevices(deps, request)
  const found = await deps.unitOfWork(tenantId, (tx) => find(tx, devices))
  if (found === null) throw new NotThere()
  return found
}

async function listOrFilter<Row>(
  deps: AppDeps,
  request: FastifyRequest,
  how: {
    list: (tx: Stores, owner: Owner, page: OstPage) => Promise<Page<Row>>
    find: (tx: Stores, owner: Owner, addresses: readonly string[]) => Promise<Row[]>
  },
) {
  const addresses = addressFilter(request, 'addresses')
  const page = readPage(request, addresses !== undefined)
  const { tenantId, devices } = await ownerOfDevices(deps, request)
  return deps.unitOfWork(tenantId, async (tx) => {
    if (addresses) return { rows: await how.find(tx, devices, addresses), meta: NO_MORE }
    const found = await how.list(tx, devices, page)
    return { rows: found.rows, meta: metaOf(page, found) }
  })
}

async function chainOf(deps: AppDeps, request: FastifyRequest) {
  const [token, chains] = await Promise.all([tokenOf(deps, request), deps.chainReader()])
  return chains.find(({ id }) => id === token.chainId)
}

/** Nothing of the user's has this address, or the user has no wallet of its own. */
class NotThere extends DomainError {
  constructor() {
    super('route_not_found', 'Nothing of this user has this address.')
  }
}
