import { FIAT_CURRENCIES, type FiatCurrency } from '#core/rule/currency.ts'
import type { PricePoint } from '#core/rule/price-point.ts'
import type { PricePointStore } from '#core/rule/price-point-store.ts'
import type { PrismaTx } from './database.ts'
import type { PricePoint as PricePointRow } from './generated/client.ts'
import { pageOf, pageQuery } from './page.ts'
import { raiseConfigVersion } from './raise-config-version.ts'
import { decimalText } from './transaction-type-row.ts'

export function createPricePointStore(tx: PrismaTx, tenantId: string): PricePointStore {
  return {
    async insert(point) {
      await raiseConfigVersion(tx, tenantId, point.economyId)
      const { onChain, ...data } = point
      await tx.pricePoint.create({
        data: { ...data, ...(onChain && { ...onChain, rate: onChain.rate.toString() }) },
      })
    },

    async find(economyId, id) {
      const row = await tx.pricePoint.findFirst({ where: { tenantId, economyId, id } })
      return row && toPricePoint(row)
    },

    async latest(economyId) {
      const rows = await Promise.all(
        FIAT_CURRENCIES.map(async (currency) => {
          const of = { tenantId, economyId, currency }
          // As price_in_force does it.
          const ofChain = await tx.pricePoint.findFirst({
            where: { ...of, source: 'chain' },
            orderBy: { asOf: 'desc' },
          })
          return (
            ofChain ?? tx.pricePoint.findFirst({ where: of, orderBy: [{ asOf: 'desc' }, { id: 'desc' }] })
          )
        }),
      )
      return rows.flatMap((row) => (row ? [toPricePoint(row)] : []))
    },

    async list(economyId, page, filter) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId, ...filter }
      return pageOf(await tx.pricePoint.findMany({ ...query, where }), page, toPricePoint)
    },
  }
}

function toPricePoint(row: PricePointRow): PricePoint {
  const { valuePrice, rate, rateDecimals, usableUntil, blockNumber, blockHash, ...rest } = row
  return {
    ...rest,
    // A CHECK has all of them there, or none.
    onChain:
      valuePrice && rate && rateDecimals !== null && usableUntil && blockNumber !== null && blockHash !== null
        ? {
            valuePrice: decimalText(valuePrice),
            rate: BigInt(rate.toFixed()),
            rateDecimals,
            usableUntil,
            blockNumber,
            blockHash,
          }
        : null,
    // CHECKs keep these columns to the values of their types.
    currency: row.currency as FiatCurrency,
    source: row.source as PricePoint['source'],
    price: decimalText(row.price),
  }
}
