import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { TransactionTypeKind } from './transaction-type.ts'

/** A party of a transaction as rules see it. */
export interface RuleParty {
  id: string
  type: 'user' | 'company' | 'redeemer'
  isVerified: boolean
  metadata: Metadata
  createdAt: Date
}

/** How many transactions were accepted before in a span, and their sum in base units. */
export interface WindowTotals {
  count: number
  sum: BaseUnits
}

/** What was accepted in the last hour, day and 30 days; nothing of the transaction in question. */
export interface ActivityWindows {
  hour: WindowTotals
  day: WindowTotals
  month: WindowTotals
}

/** Everything a rule may look at. Amounts in base units. */
export interface RuleContext {
  tx: {
    amount: BaseUnits
    commission: BaseUnits
    metadata: Metadata
    createdAt: Date
  }
  type: { id: string; name: string; kind: TransactionTypeKind }
  sender: RuleParty
  recipient: RuleParty
  /** Of the sender over all types, and of the type over all senders. */
  window: { sender: ActivityWindows; type: ActivityWindows }
}

/** A rule's version, named where it was asked. */
export interface EvaluatedRule {
  id: string
  name: string
  version: number
}

/** A token rule ready to be asked. */
export interface CompiledRule extends EvaluatedRule {
  /** Null: asked for every transaction type. */
  typeId: string | null
  /** Shown to the caller when the rule refuses. */
  message: string
  usesWindow: boolean
  /** True lets the transaction pass. */
  evaluate(context: RuleContext): boolean
}

/** The rule that said no; `error` where it could not be evaluated. */
export interface RefusingRule extends EvaluatedRule {
  message: string
  error?: string
}

export interface RuleOutcome {
  /** Asked, in order; the refusing one is the last. */
  evaluated: EvaluatedRule[]
  refusedBy?: RefusingRule
}

/**
 * Asks the rules that apply to the context's type, in order, until one refuses. Pure.
 * A rule that cannot be evaluated refuses: what cannot be decided must not move money.
 */
export function evaluateRules(rules: readonly CompiledRule[], context: RuleContext): RuleOutcome {
  const evaluated: EvaluatedRule[] = []
  for (const rule of rules) {
    if (rule.typeId !== null && rule.typeId !== context.type.id) continue
    const { id, name, version, message } = rule
    evaluated.push({ id, name, version })
    const answer = ask(rule, context)
    if (answer === true) continue
    return {
      evaluated,
      refusedBy: { id, name, version, message, ...(answer !== false && { error: answer.error }) },
    }
  }
  return { evaluated }
}

function ask(rule: CompiledRule, context: RuleContext): boolean | { error: string } {
  try {
    return rule.evaluate(context)
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown failure' }
  }
}
