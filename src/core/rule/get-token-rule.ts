import type { UnitOfWork } from '../unit-of-work.ts'
import { TokenRuleNotFound } from './errors.ts'
import type { TokenRule } from './token-rule.ts'

/** One token rule of the economy, archived or not. @throws TokenRuleNotFound */
export async function getTokenRule(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; ruleId: string },
): Promise<TokenRule> {
  const rule = await deps.unitOfWork(query.tenantId, (tx) =>
    tx.tokenRules.find(query.economyId, query.ruleId),
  )
  if (!rule) throw new TokenRuleNotFound()
  return rule
}
