import type { EconomyReconciliation } from '#core/chain/platform-desk.ts'
import type { PastReconciliation } from '#core/ledger/list-reconciliations.ts'
import { presentReconciliation } from './reconciliations.ts'
import { toWire } from './wire-id.ts'

export function presentEconomyReconciliation(economy: EconomyReconciliation) {
  const { economyId, newest } = economy
  return {
    economy_id: toWire('eco', economyId),
    tenant_id: toWire('ten', economy.tenantId),
    symbol: economy.symbol,
    chain_id: economy.chainId,
    newest: newest && presentReconciliation({ economyId, ...newest, differences: differencesOf(newest) }),
  }
}

function differencesOf(newest: NonNullable<EconomyReconciliation['newest']>) {
  return newest.differences.map(({ kind, address, expected, found }) => ({
    // Written by the reconciliation store from a Difference.
    kind: kind as PastReconciliation['differences'][number]['kind'],
    subjectId: null,
    ...(address !== null && { address }),
    ...(expected !== null && { expected }),
    ...(found !== null && { found }),
  }))
}
