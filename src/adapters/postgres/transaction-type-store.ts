import { TransactionTypeNameTaken } from '#core/rule/errors.ts'
import type { TransactionType } from '#core/rule/transaction-type.ts'
import type { TransactionTypeStore } from '#core/rule/transaction-type-store.ts'
import type { PrismaTx } from './database.ts'
import { toJson } from './json.ts'
import { lockRow } from './lock-row.ts'
import { pageOf, pageQuery } from './page.ts'
import { raiseConfigVersion } from './raise-config-version.ts'
import { toPricingColumns, toTransactionType } from './transaction-type-row.ts'
import { orTaken } from './unique-violation.ts'

export function createTransactionTypeStore(tx: PrismaTx, tenantId: string): TransactionTypeStore {
  const find = async (economyId: string, id: string) => {
    const row = await tx.transactionType.findFirst({ where: { tenantId, economyId, id } })
    return row && toTransactionType(row)
  }
  return {
    find,

    async findMany(economyId, ids) {
      const where = { tenantId, economyId, id: { in: [...ids] } }
      return (await tx.transactionType.findMany({ where })).map(toTransactionType)
    },

    async insert(type) {
      await raiseConfigVersion(tx, tenantId, type.economyId)
      const { id, economyId, kind, createdAt } = type
      const { count } = await tx.transactionType.createMany({
        data: [{ tenantId, economyId, id, kind, createdAt, ...toColumns(type) }],
        skipDuplicates: true,
      })
      if (count === 0) throw new TransactionTypeNameTaken(type.name)
    },

    async lock(economyId, id) {
      await lockRow(tx, 'transaction_type', { tenantId, economyId, id })
      return find(economyId, id)
    },

    async list(economyId, page, filter) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId, ...filter }
      return pageOf(await tx.transactionType.findMany({ ...query, where }), page, toTransactionType)
    },

    async update(type) {
      const { id, economyId, name } = type
      await raiseConfigVersion(tx, tenantId, economyId)
      await orTaken(
        tx.transactionType.updateMany({ where: { tenantId, economyId, id }, data: toColumns(type) }),
        () => new TransactionTypeNameTaken(name),
      )
    },

    count: (economyId) => tx.transactionType.count({ where: { tenantId, economyId } }),
  }
}

function toColumns(type: TransactionType) {
  const { name, status, metadata, updatedAt } = type
  return { name, status, updatedAt, metadata: toJson(metadata), ...toPricingColumns(type) }
}
