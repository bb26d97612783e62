import type { RedeemerStore } from '#core/gateway/redeemer-store.ts'
import type { PrismaTx } from './database.ts'

/** The redeemers of the tenant's economies, in a unit of work. */
export function createRedeemerStore(tx: PrismaTx, tenantId: string): RedeemerStore {
  return {
    find: async (economyId) =>
      tx.redeemer.findFirst({ where: { tenantId, economyId }, select: { id: true, address: true } }),

    async insert({ economyId, id, address, salt, keyJwe, allowanceSignature }, at) {
      const of = { tenantId, economyId }
      await tx.economyUser.create({ data: { ...of, id, type: 'redeemer', createdAt: at, updatedAt: at } })
      await tx.wallet.create({
        data: {
          ...of,
          userId: id,
          address,
          salt: Uint8Array.from(salt),
          custody: 'self_custody',
          createdAt: at,
        },
      })
      await tx.account.create({ data: { ...of, id, kind: 'wallet', address } })
      // Not create: that would read the key back, which the API may not.
      await tx.redeemer.createMany({
        data: [{ ...of, id, address, keyJwe, allowanceSignature, createdAt: at }],
      })
    },
  }
}
