import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { TokenRule } from './token-rule.ts'
import type { TokenRuleFilter } from './token-rule-store.ts'

/** A page of the economy's token rules, newest first unless the page says otherwise. */
export async function listTokenRules(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: TokenRuleFilter },
): Promise<Page<TokenRule>> {
  return deps.unitOfWork(query.tenantId, (tx) =>
    tx.tokenRules.list(query.economyId, query.page, query.filter),
  )
}
