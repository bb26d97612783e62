import type { PastReconciliation } from '#core/ledger/list-reconciliations.ts'
import { toWire } from './wire-id.ts'

/** A comparison of ledger and chain as /v3 shows it. */
export function presentReconciliation(reconciliation: PastReconciliation) {
  return {
    object: 'reconciliation' as const,
    id: toWire('rec', reconciliation.id),
    economy_id: toWire('eco', reconciliation.economyId),
    status: reconciliation.status,
    block_number: Number(reconciliation.blockNumber),
    block_hash: reconciliation.blockHash,
    accounts: reconciliation.accounts,
    differences: reconciliation.differences.map(({ kind, address, expected, found }) => ({
      kind,
      address: address ?? null,
      expected: expected ?? null,
      found: found ?? null,
    })),
    created_at: reconciliation.createdAt.toISOString(),
  }
}
