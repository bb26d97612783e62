import { EconomyNotFound } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { LimitReached, TransactionTypeNotFound } from './errors.ts'
import type { RuleCompiler } from './rule-compiler.ts'
import { TOKEN_RULES_MAX, type TokenRule } from './token-rule.ts'

export interface CreateTokenRule {
  actor: Actor
  economyId: string
  name: string
  typeId: string | null
  expression: string
  message: string
}

/**
 * Adds a token rule. It is asked for every transaction that is accepted after this returns.
 *
 * Atomic: the rule, its event and its audit entry, or nothing.
 * @throws InvalidExpression, TransactionTypeNotFound, TokenRuleNameTaken, LimitReached, EconomyNotFound
 */
export async function createTokenRule(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; ruleCompiler: RuleCompiler },
  command: CreateTokenRule,
): Promise<TokenRule> {
  const { actor, economyId, name, typeId, expression, message } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    deps.ruleCompiler.compile(expression, economy.decimals)
    if (typeId !== null && !(await tx.transactionTypes.find(economyId, typeId))) {
      throw new TransactionTypeNotFound('/type_id')
    }
    if ((await tx.tokenRules.countActive(economyId)) >= TOKEN_RULES_MAX) {
      throw new LimitReached('active token rules', TOKEN_RULES_MAX)
    }
    const now = deps.clock.now()
    const rule: TokenRule = {
      id: deps.ids.next(),
      tenantId: actor.tenantId,
      economyId,
      name,
      version: 1,
      typeId,
      expression,
      message,
      status: 'active',
      createdAt: now,
      updatedAt: now,
    }
    await tx.tokenRules.insert(rule)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'token_rule.created',
      subjectId: rule.id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'token_rule.created',
        subjectType: 'token_rule',
        subjectId: rule.id,
        details: { name, type_id: typeId, expression, message },
      }),
    )
    return rule
  })
}
