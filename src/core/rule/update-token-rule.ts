import { EconomyNotFound } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { TokenRuleArchived, TokenRuleNotFound, TransactionTypeNotFound } from './errors.ts'
import type { RuleCompiler } from './rule-compiler.ts'
import type { TokenRule } from './token-rule.ts'

/** What may change; absent fields stay. */
export interface TokenRuleChange {
  name?: string
  typeId?: string | null
  expression?: string
  message?: string
}

/**
 * Changes a token rule. What it says or where it applies makes a new version, and the old ones stay readable; a new name, or
 * what it said already, does not. Transactions name the version they were accepted under.
 *
 * @throws TokenRuleNotFound, TokenRuleArchived, InvalidExpression, TransactionTypeNotFound, TokenRuleNameTaken
 */
export async function updateTokenRule(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; ruleCompiler: RuleCompiler },
  command: { actor: Actor; economyId: string; ruleId: string; change: TokenRuleChange },
): Promise<TokenRule> {
  const { actor, economyId, ruleId, change } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    const before = await tx.tokenRules.lock(economyId, ruleId)
    if (!before) throw new TokenRuleNotFound()
    if (before.status === 'archived') throw new TokenRuleArchived()
    const wanted: TokenRule = { ...before, ...change }
    if (change.expression !== undefined) deps.ruleCompiler.compile(wanted.expression, economy.decimals)
    if (change.typeId && !(await tx.transactionTypes.find(economyId, change.typeId))) {
      throw new TransactionTypeNotFound('/type_id')
    }
    const after: TokenRule = {
      ...wanted,
      version: saysTheSame(before, wanted) ? before.version : before.version + 1,
      updatedAt: deps.clock.now(),
    }
    await tx.tokenRules.update(after)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'token_rule.updated',
      subjectId: ruleId,
      payload: { fields: Object.keys(change), version: after.version },
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'token_rule.updated',
        subjectType: 'token_rule',
        subjectId: ruleId,
        details: { before: toDetails(before), after: toDetails(after) },
      }),
    )
    return after
  })
}

function saysTheSame(a: TokenRule, b: TokenRule): boolean {
  return a.typeId === b.typeId && a.expression === b.expression && a.message === b.message
}

function toDetails({ name, version, typeId, expression, message }: TokenRule) {
  return { name, version, type_id: typeId, expression, message }
}
