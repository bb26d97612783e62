/** Webhooks that one process sends to at the same time, of one tenant. */
export const WEBHOOKS_PER_TENANT_MAX = 32

/** Places of one process for sending, so that the hanging receivers of one tenant leave places for the others. */
export interface DeliveryPlaces {
  /** Null: the tenant has all of its places. @returns gives the place back. */
  take(tenantId: string): (() => void) | null
}

export function createDeliveryPlaces(perTenantMax = WEBHOOKS_PER_TENANT_MAX): DeliveryPlaces {
  const taken = new Map<string, number>()
  return {
    take(tenantId) {
      const count = taken.get(tenantId) ?? 0
      if (count >= perTenantMax) return null
      taken.set(tenantId, count + 1)
      return () => {
        const left = (taken.get(tenantId) ?? 1) - 1
        if (left > 0) taken.set(tenantId, left)
        else taken.delete(tenantId)
      }
    },
  }
}
