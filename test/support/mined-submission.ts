import { randomUUID } from 'node:crypto'
import type { TestApi } from './api.ts'

/** What the chain said of a submission. */
export interface MinedSubmission {
  nonce: number
  gasUsed: number
  gasPriceWei: bigint
  blockNumber: number
  txHash: string
}

/** Marks transactions as carried by one submission of the lane that serves their economy, in a block. */
export async function mineTogether(
  api: TestApi,
  ids: readonly string[],
  { nonce, gasUsed, gasPriceWei, blockNumber, txHash }: MinedSubmission,
): Promise<{ laneAddress: string }> {
  const id = randomUUID()
  const [row] = await api.sql(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                   transaction_ids, block_number, tx_hash, gas_used, effective_gas_price, mined_at)
     SELECT $1, e.chain_id, l.id, e.id, e.tenant_id, 'transfer_batch', '0x', '\\x', 1, $3, 'mined', $2, $4, $5, $6, $7, now()
     FROM economy e JOIN lane l ON l.chain_id = e.chain_id WHERE e.id = (SELECT economy_id FROM transaction WHERE id = ANY ($2) LIMIT 1)
     LIMIT 1 RETURNING (SELECT address FROM lane WHERE id = lane_id) AS address`,
    [id, ids, nonce, blockNumber, txHash, gasUsed, gasPriceWei.toString()],
  )
  await api.sql(
    `UPDATE transaction SET status = 'mined', submission_id = $2, block_number = $3, tx_hash = $4, mined_at = now() WHERE id = ANY ($1)`,
    [ids, id, blockNumber, txHash],
  )
  return { laneAddress: String(row?.['address']) }
}
