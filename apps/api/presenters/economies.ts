import type { Economy } from '#core/economy/economy.ts'
import { toWire } from './wire-id.ts'

export function presentEconomy(economy: Economy) {
  return {
    object: 'economy' as const,
    id: toWire('eco', economy.id),
    name: economy.name,
    symbol: economy.symbol,
    decimals: economy.decimals,
    environment: economy.environment,
    status: economy.status,
    failure_reason: economy.failureReason,
    chain_id: economy.chainId,
    token_address: economy.tokenAddress,
    token_rules_address: economy.tokenRulesAddress,
    company_user_id: toWire('usr', economy.companyUserId),
    initial_grant: economy.initialGrant.toString(),
    metadata: economy.metadata,
    steps: economy.steps.map((step) => ({
      name: step.name,
      status: step.status,
      detail: step.detail,
      started_at: step.startedAt?.toISOString() ?? null,
      finished_at: step.finishedAt?.toISOString() ?? null,
    })),
    created_at: economy.createdAt.toISOString(),
    updated_at: economy.updatedAt.toISOString(),
  }
}
