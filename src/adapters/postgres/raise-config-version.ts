import type { PrismaTx } from './database.ts'

/**
 * Raises an economy's configuration version, so that every cache of its types, rules and prices is read anew. Called first by
 * each write of those: it also locks the economy's row, so that such writes follow each other.
 */
export async function raiseConfigVersion(tx: PrismaTx, tenantId: string, economyId: string): Promise<void> {
  await tx.economy.updateMany({
    where: { tenantId, id: economyId },
    data: { configVersion: { increment: 1 } },
  })
}
