import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { TokenRuleNotFound } from './errors.ts'
import type { TokenRuleVersion } from './token-rule.ts'

/** A page of everything a token rule ever said, newest first unless the page says otherwise. @throws TokenRuleNotFound */
export async function listTokenRuleVersions(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; ruleId: string; page: PageRequest },
): Promise<Page<TokenRuleVersion>> {
  return deps.unitOfWork(query.tenantId, async (tx) => {
    if (!(await tx.tokenRules.find(query.economyId, query.ruleId))) throw new TokenRuleNotFound()
    return tx.tokenRules.listVersions(query.economyId, query.ruleId, query.page)
  })
}
