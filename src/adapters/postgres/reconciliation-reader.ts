import type { PastReconciliation, ReconciliationReader } from '#core/ledger/list-reconciliations.ts'
import { toPage } from '#core/shared/page.ts'
import type { Database } from './database.ts'

export interface ReconciliationRow {
  id: string
  economy_id: string
  block_number: string
  block_hash: string
  accounts: number
  status: 'equal' | 'drift'
  differences: DifferenceRow[]
  created_at: Date
}

/** As reconciliation-store.ts writes them. */
interface DifferenceRow {
  kind: PastReconciliation['differences'][number]['kind']
  subject_id: string | null
  address?: string
  expected?: string
  found?: string
}

/** Reads along the primary key, whose ids sort by time. */
export function createReconciliationReader(database: Pick<Database, 'read'>): ReconciliationReader {
  return async (tenantId, economyId, page) => {
    const past = page.order === 'asc' ? '>' : '<'
    const rows = await database.read<ReconciliationRow>(
      tenantId,
      `list_reconciliations_${page.order}_${page.after === undefined ? 'first' : 'after'}`,
      `SELECT id, economy_id, block_number, block_hash, accounts, status, differences, created_at FROM reconciliation
       WHERE economy_id = $1 AND tenant_id = $2 ${page.after === undefined ? '' : `AND id ${past} $4`}
       ORDER BY id ${page.order} LIMIT $3`,
      [economyId, tenantId, page.limit + 1, ...(page.after === undefined ? [] : [page.after])],
    )
    return toPage(rows.map(toReconciliation), page.limit, (reconciliation) => reconciliation.id)
  }
}

export function toReconciliation(row: ReconciliationRow): PastReconciliation {
  return {
    id: row.id,
    economyId: row.economy_id,
    blockNumber: BigInt(row.block_number),
    blockHash: row.block_hash,
    accounts: row.accounts,
    status: row.status,
    differences: row.differences.map(({ kind, subject_id, address, expected, found }) => ({
      kind,
      subjectId: subject_id,
      ...(address !== undefined && { address }),
      ...(expected !== undefined && { expected }),
      ...(found !== undefined && { found }),
    })),
    createdAt: row.created_at,
  }
}
