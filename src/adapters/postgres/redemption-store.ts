import type { FiatCurrency } from '#core/rule/currency.ts'
import { trimZeros } from '#core/rule/currency.ts'
import type { RedemptionFilter, RedemptionStore } from '#core/redemption/redemption-store.ts'
import type { Redemption, RedemptionStatus, RedeemableSku, SkuStatus } from '#core/redemption/redemption.ts'
import type { PageRequest } from '#core/shared/page.ts'
import type { PrismaTx } from './database.ts'
import { Prisma, type RedeemableSku as SkuRow } from './generated/client.ts'
import { toJson } from './json.ts'
import { lockRow } from './lock-row.ts'
import { pageOf, pageQuery } from './page.ts'

export function createRedemptionStore(tx: PrismaTx, tenantId: string): RedemptionStore {
  const findSku = async (economyId: string, id: string) => {
    const row = await tx.redeemableSku.findFirst({ where: { tenantId, economyId, id } })
    return row && toSku(row)
  }
  const find = async (economyId: string, id: string) => {
    const [row] = await select(tx, tenantId, economyId, Prisma.sql`r.id = ${id}::uuid`)
    return row ?? null
  }
  return {
    findSku,
    find,

    async insertSku({ images, availability, ...sku }) {
      const data = { ...sku, images: toJson(images), availability: toJson(availability) }
      return toSku(await tx.redeemableSku.create({ data }))
    },

    async updateSku({ id, economyId, name, description, images, availability, status, updatedAt }) {
      const data = { name, description, status, updatedAt }
      await tx.redeemableSku.updateMany({
        where: { tenantId, economyId, id },
        data: { ...data, images: toJson(images), availability: toJson(availability) },
      })
    },

    countSkus: async (economyId) => tx.redeemableSku.count({ where: { tenantId, economyId } }),

    async lockSku(economyId, id) {
      await lockRow(tx, 'redeemable_sku', { tenantId, economyId, id })
      return findSku(economyId, id)
    },

    async findSkuByNumber(economyId, number) {
      const row = await tx.redeemableSku.findFirst({ where: { tenantId, economyId, number } })
      return row && toSku(row)
    },

    async findSkusByNumber(economyId, numbers) {
      const where = { tenantId, economyId, number: { in: [...numbers] } }
      return (await tx.redeemableSku.findMany({ where, orderBy: { id: 'desc' } })).map(toSku)
    },

    async listSkus(economyId, page, filter) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId, ...filter }
      return pageOf(await tx.redeemableSku.findMany({ ...query, where }), page, toSku)
    },

    async lock(economyId, id) {
      await lockRow(tx, 'redemption', { tenantId, economyId, id })
      return find(economyId, id)
    },

    async findByTransaction(economyId, transactionId) {
      const [row] = await select(
        tx,
        tenantId,
        economyId,
        Prisma.sql`r.transaction_id = ${transactionId}::uuid`,
      )
      return row ?? null
    },

    findByTransactions: async (economyId, transactionIds) =>
      select(tx, tenantId, economyId, Prisma.sql`r.transaction_id = ANY (${[...transactionIds]}::uuid[])`),

    findMany: async (economyId, userId, ids) =>
      select(
        tx,
        tenantId,
        economyId,
        Prisma.sql`r.user_id = ${userId}::uuid AND r.id = ANY (${[...ids]}::uuid[]) ORDER BY r.id DESC`,
      ),

    async list(economyId, page, filter) {
      const rows = await select(tx, tenantId, economyId, pageCondition(page, filter))
      return pageOf(rows, page, (row) => row)
    },

    async decide(economyId, id, decision, at) {
      const data = { decision, decidedAt: at }
      await tx.redemption.updateMany({ where: { tenantId, economyId, id }, data })
    },
  }
}

function pageCondition({ order, after, limit }: PageRequest, { userId, skuId }: RedemptionFilter) {
  const [past, direction] = order === 'asc' ? [Prisma.raw('>'), 'ASC'] : [Prisma.raw('<'), 'DESC']
  const conditions = [
    Prisma.sql`true`,
    ...(userId === undefined ? [] : [Prisma.sql`r.user_id = ${userId}::uuid`]),
    ...(skuId === undefined ? [] : [Prisma.sql`r.sku_id = ${skuId}::uuid`]),
    ...(after === undefined ? [] : [Prisma.sql`r.id ${past} ${after}::uuid`]),
  ]
  return Prisma.sql`${Prisma.join(conditions, ' AND ')} ORDER BY r.id ${Prisma.raw(direction)} LIMIT ${limit + 1}`
}

interface RedemptionRow {
  id: string
  economy_id: string
  tenant_id: string
  user_id: string
  sku_id: string
  sku_number: number
  transaction_id: string
  amount_fiat: string
  country_iso_code: string
  currency_iso_code: FiatCurrency
  email: string | null
  status: RedemptionStatus
  created_at: Date
  decided_at: Date | null
}

/** An undecided order is as far as its payment. */
async function select(
  tx: PrismaTx,
  tenantId: string,
  economyId: string,
  condition: Prisma.Sql,
): Promise<Redemption[]> {
  const rows = await tx.$queryRaw<RedemptionRow[]>`
    SELECT r.id, r.economy_id, r.tenant_id, r.user_id, r.sku_id, k.number AS sku_number, r.transaction_id,
           r.amount_fiat::text AS amount_fiat, r.country_iso_code, r.currency_iso_code, r.email,
           coalesce(r.decision, CASE t.status WHEN 'confirmed' THEN 'accepted' WHEN 'failed' THEN 'failed' ELSE 'initiated' END) AS status,
           r.created_at, r.decided_at
    FROM redemption r
    JOIN redeemable_sku k ON k.economy_id = r.economy_id AND k.id = r.sku_id
    JOIN transaction_state t ON t.economy_id = r.economy_id AND t.id = r.transaction_id
    WHERE r.tenant_id = ${tenantId}::uuid AND r.economy_id = ${economyId}::uuid AND ${condition}`
  return rows.map(toRedemption)
}

function toRedemption(row: RedemptionRow): Redemption {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    userId: row.user_id,
    skuId: row.sku_id,
    skuNumber: row.sku_number,
    transactionId: row.transaction_id,
    amountFiat: trimZeros(row.amount_fiat),
    countryIsoCode: row.country_iso_code,
    currencyIsoCode: row.currency_iso_code,
    email: row.email,
    status: row.status,
    createdAt: row.created_at,
    decidedAt: row.decided_at,
  }
}

function toSku(row: SkuRow): RedeemableSku {
  return {
    ...row,
    // Checked by the table, and written through schemas that allow nothing else.
    status: row.status as SkuStatus,
    images: row.images as unknown as RedeemableSku['images'],
    availability: row.availability as unknown as RedeemableSku['availability'],
  }
}
