import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { TokenRuleNotFound } from './errors.ts'
import type { TokenRule } from './token-rule.ts'

/** Takes a token rule out of force; it stays readable. Archiving again changes nothing. @throws TokenRuleNotFound */
export async function archiveTokenRule(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; ruleId: string },
): Promise<TokenRule> {
  const { actor, economyId, ruleId } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const before = await tx.tokenRules.lock(economyId, ruleId)
    if (!before) throw new TokenRuleNotFound()
    if (before.status === 'archived') return before
    const after: TokenRule = { ...before, status: 'archived', updatedAt: deps.clock.now() }
    await tx.tokenRules.update(after)
    const act = 'token_rule.archived'
    await tx.outbox.append({ tenantId: actor.tenantId, economyId, topic: act, subjectId: ruleId })
    await tx.audit.append(
      auditEntry(deps, actor, { action: act, subjectType: 'token_rule', subjectId: ruleId }),
    )
    return after
  })
}
