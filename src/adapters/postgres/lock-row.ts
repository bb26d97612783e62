import type { PrismaTx } from './database.ts'
import { Prisma } from './generated/client.ts'

/** Tables whose rows belong to an economy and have an id of their own. */
type EconomyTable = 'economy_user' | 'redeemable_sku' | 'redemption' | 'token_rule' | 'transaction_type'

/** Locks a row until the unit of work ends; nothing happens when there is none. */
export async function lockRow(
  tx: PrismaTx,
  table: EconomyTable,
  { tenantId, economyId, id }: { tenantId: string; economyId: string; id: string },
): Promise<void> {
  await tx.$queryRaw`
    SELECT FROM ${Prisma.raw(table)}
    WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${economyId}::uuid AND id = ${id}::uuid FOR UPDATE`
}
