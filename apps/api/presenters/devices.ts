import type { Device } from '#core/device/device.ts'
import { toWire } from './wire-id.ts'

/** A user's device, registered through the API of 2019. */
export function presentDevice(device: Device) {
  return {
    object: 'device' as const,
    id: toWire('dev', device.id),
    user_id: toWire('usr', device.userId),
    address: device.address,
    api_signer_address: device.apiSignerAddress,
    status: device.status,
    created_at: device.createdAt.toISOString(),
    updated_at: device.updatedAt.toISOString(),
  }
}
