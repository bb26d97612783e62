import { CALL_STATUS_OF, type EconomyCall } from '#core/chain/economy-call.ts'
import type { SubmissionStatus } from '#core/chain/submission.ts'
import type { PrismaTx } from './database.ts'

interface CallRow {
  id: string
  economy_id: string
  to_address: string
  calldata: Uint8Array
  value: string
  status: SubmissionStatus
  revert_reason: string | null
  tx_hash: string | null
  block_number: string | null
  created_at: Date
}

/** A call of the economy by the id of its first submission; a call that was queued again stands as its last one does. */
export async function readEconomyCall(
  tx: PrismaTx,
  tenantId: string,
  { economyId, id }: { economyId: string; id: string },
): Promise<EconomyCall | null> {
  const [row] = await tx.$queryRaw<CallRow[]>`
    SELECT first.id, first.economy_id, s.to_address, s.calldata, s.value::text, s.status, s.revert_reason, s.block_number::text,
           first.created_at,
           coalesce(s.tx_hash, (SELECT a.tx_hash FROM submission_attempt a WHERE a.submission_id = s.id
                                ORDER BY a.attempt DESC LIMIT 1)) AS tx_hash
    FROM chain_submission first
    JOIN chain_submission s ON s.id = first.id OR s.origin_id = first.id
    WHERE first.tenant_id = ${tenantId}::uuid AND first.economy_id = ${economyId}::uuid AND first.id = ${id}::uuid
    ORDER BY s.created_at DESC, s.id DESC LIMIT 1`
  if (!row) return null
  return {
    id: row.id,
    economyId: row.economy_id,
    toAddress: row.to_address,
    calldata: row.calldata,
    valueWei: BigInt(row.value),
    status: CALL_STATUS_OF[row.status],
    failureReason: row.revert_reason,
    txHash: row.tx_hash,
    blockNumber: row.block_number === null ? null : BigInt(row.block_number),
    createdAt: row.created_at,
  }
}
