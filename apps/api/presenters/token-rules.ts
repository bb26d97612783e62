import type { DryRun } from '#core/rule/dry-run-token-rule.ts'
import type { TokenRule, TokenRuleVersion } from '#core/rule/token-rule.ts'
import { toWire } from './wire-id.ts'

/** A token rule as /v3 shows it. */
export function presentTokenRule(rule: TokenRule) {
  return {
    object: 'token_rule' as const,
    id: toWire('rul', rule.id),
    name: rule.name,
    version: rule.version,
    type_id: rule.typeId === null ? null : toWire('typ', rule.typeId),
    expression: rule.expression,
    message: rule.message,
    status: rule.status,
    created_at: rule.createdAt.toISOString(),
    updated_at: rule.updatedAt.toISOString(),
  }
}

/** What a token rule said at one version. */
export function presentTokenRuleVersion(ruleId: string, version: TokenRuleVersion) {
  return {
    object: 'token_rule_version' as const,
    rule_id: toWire('rul', ruleId),
    version: version.version,
    type_id: version.typeId === null ? null : toWire('typ', version.typeId),
    expression: version.expression,
    message: version.message,
    created_at: version.createdAt.toISOString(),
  }
}

/** What an expression would have done to past transactions. */
export function presentDryRun({ samples, ...counts }: DryRun) {
  return {
    object: 'token_rule_dry_run' as const,
    ...counts,
    samples: samples.map((sample) => ({
      transaction_id: toWire('txn', sample.transactionId),
      created_at: sample.createdAt.toISOString(),
      amount: sample.amount.toString(),
      from_user_id: toWire('usr', sample.fromUserId),
      to_user_id: toWire('usr', sample.toUserId),
      error: sample.error,
    })),
  }
}
