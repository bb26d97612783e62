import type { Page, PageRequest } from '../shared/page.ts'
import type { Device, DeviceManager, RecoveryOwner, WalletSession } from './device.ts'

/** Whose devices. */
export interface DeviceOwner {
  economyId: string
  userId: string
}

/** Port: users' devices, and what their wallets' contracts say of sessions, managers and recovery. */
export interface DeviceStore {
  /** @throws DeviceExists */
  insert(device: Device): Promise<void>
  count(owner: DeviceOwner): Promise<number>
  find(owner: DeviceOwner, address: string): Promise<Device | null>
  list(owner: DeviceOwner, page: PageRequest): Promise<Page<Device>>
  /** Those of the addresses that are the user's. */
  findMany(owner: DeviceOwner, addresses: readonly string[]): Promise<Device[]>
  /** Devices in the middle of a recovery. */
  findRecovering(owner: DeviceOwner): Promise<Device[]>
  findSession(owner: DeviceOwner, address: string): Promise<WalletSession | null>
  listSessions(owner: DeviceOwner, page: PageRequest): Promise<Page<WalletSession>>
  findSessions(owner: DeviceOwner, addresses: readonly string[]): Promise<WalletSession[]>
  findManager(owner: DeviceOwner): Promise<DeviceManager | null>
  findRecoveryOwner(owner: DeviceOwner, address: string): Promise<RecoveryOwner | null>
}
