import { TokenRuleNameTaken } from '#core/rule/errors.ts'
import type { TokenRule } from '#core/rule/token-rule.ts'
import type { TokenRuleStore } from '#core/rule/token-rule-store.ts'
import { toPage } from '#core/shared/page.ts'
import type { PrismaTx } from './database.ts'
import type { TokenRule as TokenRuleRow } from './generated/client.ts'
import { lockRow } from './lock-row.ts'
import { pageOf, pageQuery } from './page.ts'
import { raiseConfigVersion } from './raise-config-version.ts'
import { orTaken } from './unique-violation.ts'

export function createTokenRuleStore(tx: PrismaTx, tenantId: string): TokenRuleStore {
  const find = async (economyId: string, id: string) => {
    const row = await tx.tokenRule.findFirst({ where: { tenantId, economyId, id } })
    return row && toTokenRule(row)
  }
  const insertVersion = (rule: TokenRule) => {
    const { economyId, id: ruleId, version, typeId, expression, message, updatedAt: createdAt } = rule
    const row = { tenantId, economyId, ruleId, version, typeId, expression, message, createdAt }
    return tx.tokenRuleVersion.createMany({ data: [row], skipDuplicates: true })
  }
  return {
    find,

    async insert(rule) {
      await raiseConfigVersion(tx, tenantId, rule.economyId)
      const { count } = await tx.tokenRule.createMany({ data: [rule], skipDuplicates: true })
      if (count === 0) throw new TokenRuleNameTaken(rule.name)
      await insertVersion(rule)
    },

    async lock(economyId, id) {
      await lockRow(tx, 'token_rule', { tenantId, economyId, id })
      return find(economyId, id)
    },

    async list(economyId, page, filter) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId, ...filter }
      return pageOf(await tx.tokenRule.findMany({ ...query, where }), page, toTokenRule)
    },

    async update(rule) {
      const { id, economyId, name, version, typeId, expression, message, status, updatedAt } = rule
      await raiseConfigVersion(tx, tenantId, economyId)
      const data = { name, version, typeId, expression, message, status, updatedAt }
      await orTaken(
        tx.tokenRule.updateMany({ where: { tenantId, economyId, id }, data }),
        () => new TokenRuleNameTaken(name),
      )
      await insertVersion(rule)
    },

    countActive: (economyId) => tx.tokenRule.count({ where: { tenantId, economyId, status: 'active' } }),

    async listVersions(economyId, ruleId, page) {
      const after = page.after === undefined ? undefined : Number(page.after)
      const rows = await tx.tokenRuleVersion.findMany({
        where: {
          tenantId,
          economyId,
          ruleId,
          ...(after !== undefined && { version: { [page.order === 'asc' ? 'gt' : 'lt']: after } }),
        },
        orderBy: { version: page.order },
        take: page.limit + 1,
        select: { version: true, typeId: true, expression: true, message: true, createdAt: true },
      })
      return toPage(rows, page.limit, (row) => row.version.toString())
    },
  }
}

function toTokenRule(row: TokenRuleRow): TokenRule {
  // A CHECK keeps the column to these values.
  return { ...row, status: row.status as TokenRule['status'] }
}
