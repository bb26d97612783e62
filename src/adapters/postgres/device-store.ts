import type { Device, DeviceManager, RecoveryOwner, WalletSession } from '#core/device/device.ts'
import type { DeviceStore } from '#core/device/device-store.ts'
import { DeviceExists } from '#core/device/errors.ts'
import type { PrismaTx } from './database.ts'
import type { Device as DeviceRow, WalletSession as WalletSessionRow } from './generated/client.ts'
import { pageOf, pageQuery } from './page.ts'
import { orTaken } from './unique-violation.ts'

export function createDeviceStore(tx: PrismaTx, tenantId: string): DeviceStore {
  return {
    async insert(device) {
      await orTaken(tx.device.create({ data: device }), () => new DeviceExists())
    },

    count: async (owner) => tx.device.count({ where: { tenantId, ...owner } }),

    async find(owner, address) {
      const row = await tx.device.findFirst({ where: { tenantId, ...owner, address } })
      return row && toDevice(row)
    },

    async list(owner, page) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, ...owner }
      return pageOf(await tx.device.findMany({ ...query, where }), page, toDevice)
    },

    async findMany(owner, addresses) {
      const where = { tenantId, ...owner, address: { in: [...addresses] } }
      return (await tx.device.findMany({ where, orderBy: { id: 'desc' } })).map(toDevice)
    },

    async findRecovering(owner) {
      const where = { tenantId, ...owner, status: { in: ['recovering', 'aborting'] } }
      return (await tx.device.findMany({ where, orderBy: { id: 'desc' } })).map(toDevice)
    },

    async findSession(owner, address) {
      const row = await tx.walletSession.findFirst({ where: { tenantId, ...owner, address } })
      return row && toSession(row)
    },

    async listSessions(owner, page) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, ...owner }
      return pageOf(await tx.walletSession.findMany({ ...query, where }), page, toSession)
    },

    async findSessions(owner, addresses) {
      const where = { tenantId, ...owner, address: { in: [...addresses] } }
      return (await tx.walletSession.findMany({ where, orderBy: { id: 'desc' } })).map(toSession)
    },

    async findManager(owner) {
      const row = await tx.deviceManager.findFirst({ where: { tenantId, ...owner } })
      return row && { ...row, status: row.status as DeviceManager['status'] }
    },

    async findRecoveryOwner(owner, address) {
      const row = await tx.recoveryOwner.findFirst({ where: { tenantId, ...owner, address } })
      return row && { ...row, status: row.status as RecoveryOwner['status'] }
    },
  }
}

/** CHECKs keep the statuses to the values of their types. */
export function toDevice(row: DeviceRow): Device {
  return { ...row, status: row.status as Device['status'] }
}

function toSession(row: WalletSessionRow): WalletSession {
  return {
    ...row,
    spendingLimit: BigInt(row.spendingLimit.toFixed(0)),
    status: row.status as WalletSession['status'],
  }
}
