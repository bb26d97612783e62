import type { Database } from './database.ts'

/** What a device's key names: who signs for whom, in which economy. */
export interface DeviceCredential {
  tenantId: string
  economyId: string
  environment: 'sandbox' | 'production'
  /** Lower-case hex with 0x. */
  apiSignerAddress: string
  deviceStatus: string
  userStatus: string
  tenantStatus: string
}

export interface DeviceKey {
  tokenNumber: number
  userId: string
  deviceAddress: string
}

/** Finds a registered device by what its key names, whoever's it is. */
export function createFindDevice(database: Pick<Database, 'readForNobody'>) {
  return async ({ tokenNumber, userId, deviceAddress }: DeviceKey): Promise<DeviceCredential | null> => {
    const [row] = await database.readForNobody<{
      tenant_id: string
      economy_id: string
      environment: DeviceCredential['environment']
      api_signer_address: string
      device_status: string
      user_status: string
      tenant_status: string
    }>('authenticate_device', 'SELECT * FROM authenticate_device($1, $2, $3)', [
      tokenNumber,
      userId,
      deviceAddress,
    ])
    return row
      ? {
          tenantId: row.tenant_id,
          economyId: row.economy_id,
          environment: row.environment,
          apiSignerAddress: row.api_signer_address,
          deviceStatus: row.device_status,
          userStatus: row.user_status,
          tenantStatus: row.tenant_status,
        }
      : null
  }
}

/** The domains that may use a token's browser wallet, as its business says; null: it says nothing, or there is no such token. */
export function createFindTokenDomains(database: Pick<Database, 'readForNobody'>) {
  return async (tokenNumber: number, environment: string): Promise<string | null> => {
    const [row] = await database.readForNobody<{ domains: string | null }>(
      'token_domains',
      'SELECT token_domains($1, $2) AS domains',
      [tokenNumber, environment],
    )
    return row?.domains ?? null
  }
}
