import { LimitReached } from '../rule/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { UserArchived, UserNotFound } from '../user/errors.ts'
import { type Device, DEVICES_MAX } from './device.ts'

export interface RegisterDevice {
  actor: Actor
  economyId: string
  userId: string
  address: string
  apiSignerAddress: string
}

/**
 * Makes a device known as a user's. From now on it may sign requests; it moves nothing before the wallet's contract has it as
 * an owner.
 *
 * @throws UserNotFound, UserArchived, DeviceExists
 * @throws LimitReached at {@link DEVICES_MAX}
 */
export async function registerDevice(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: RegisterDevice,
): Promise<Device> {
  const { actor, economyId, userId } = command
  const now = deps.clock.now()
  const device: Device = {
    id: deps.ids.next(),
    tenantId: actor.tenantId,
    economyId,
    userId,
    address: command.address.toLowerCase(),
    apiSignerAddress: command.apiSignerAddress.toLowerCase(),
    linkedAddress: null,
    status: 'registered',
    createdAt: now,
    updatedAt: now,
  }
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const user = await tx.users.lock(economyId, userId)
    if (!user) throw new UserNotFound()
    if (user.status !== 'active') throw new UserArchived()
    if ((await tx.devices.count({ economyId, userId })) >= DEVICES_MAX) {
      throw new LimitReached('devices of a user', DEVICES_MAX)
    }
    await tx.devices.insert(device)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'device.registered',
      subjectId: device.id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'device.registered',
        subjectType: 'user',
        subjectId: userId,
        details: { device: device.address, api_signer: device.apiSignerAddress },
      }),
    )
  })
  return device
}
