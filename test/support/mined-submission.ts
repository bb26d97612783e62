import { randomUUID } from 'node:crypto'
import type { TestApi } from './api.ts'

type Sql = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>

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
                                   transaction_ids, block_number, tx_hash, gas_used, effective_gas_price, mined_at, settled_at)
     SELECT $1, e.chain_id, l.id, e.id, e.tenant_id, 'transfer_batch', '0x', '\\x', 1, $3, 'mined', $2, $4, $5, $6, $7, now(), now()
     FROM economy e JOIN lane l ON l.chain_id = e.chain_id WHERE e.id = (SELECT economy_id FROM transaction WHERE id = ANY ($2) LIMIT 1)
     LIMIT 1 RETURNING (SELECT address FROM lane WHERE id = lane_id) AS address`,
    [id, ids, nonce, blockNumber, txHash, gasUsed, gasPriceWei.toString()],
  )
  await api.sql(
    `WITH carried AS (UPDATE transaction SET status = 'submitted', submission_id = $2, submitted_at = now() WHERE id = ANY ($1) RETURNING id)
     DELETE FROM queued_transaction USING carried WHERE transaction_id = carried.id`,
    [ids, id],
  )
  return { laneAddress: String(row?.['address']) }
}

/** As the chain and the indexer tell it of the transactions of {@link carryTo}. */
export const CARRIED = {
  blockNumber: 7,
  txHash: '0xabc',
  failureCode: 'insufficient_balance',
  failureReason: 'Not enough.',
}

/** Brings transactions as far as lane and indexer would, from wherever they are: each in a submission of its own. */
export async function carryTo(
  sql: Sql,
  ids: readonly string[],
  status: 'submitted' | 'mined' | 'confirmed' | 'failed',
): Promise<void> {
  const { blockNumber, txHash, failureCode, failureReason } = CARRIED
  await sql(SUBMIT, [ids])
  await sql(
    `UPDATE transaction SET status = CASE WHEN $2 THEN 'failed' ELSE 'submitted' END, failure_code = CASE WHEN $2 THEN $3 END,
            failure_reason = CASE WHEN $2 THEN $4 END, block_number = CASE WHEN $2 THEN $5::bigint END, tx_hash = CASE WHEN $2 THEN $6 END,
            mined_at = NULL, ended_at = CASE WHEN $2 THEN now() END
     WHERE id = ANY ($1::uuid[])`,
    [ids, status === 'failed', failureCode, failureReason, blockNumber, txHash],
  )
  const isMined = status !== 'submitted'
  const isFinal = isMined && status !== 'mined'
  await sql(
    `UPDATE chain_submission s
     SET status = CASE WHEN $3 THEN 'confirmed' WHEN $2 THEN 'mined' ELSE 'broadcast' END, block_number = CASE WHEN $2 THEN $4::bigint END,
         tx_hash = CASE WHEN $2 THEN $5 END, mined_at = CASE WHEN $2 THEN now() END, settled_at = CASE WHEN $2 THEN now() END,
         ended_at = CASE WHEN $3 THEN now() END
     FROM transaction t WHERE t.id = ANY ($1::uuid[]) AND s.id = t.submission_id`,
    [ids, isMined, isFinal, blockNumber, txHash],
  )
}

const SUBMIT = `
WITH fresh AS (
  INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                transaction_ids, signed_at)
  SELECT gen_random_uuid(), e.chain_id, l.id, e.id, e.tenant_id, 'transfer_batch', '0x', '\\x', 1,
         (SELECT coalesce(max(s.nonce), -1) FROM chain_submission s WHERE s.lane_id = l.id) + row_number() OVER (PARTITION BY l.id ORDER BY t.id),
         'signed', ARRAY[t.id], now()
  FROM transaction t
  JOIN economy e ON e.id = t.economy_id
  CROSS JOIN LATERAL (SELECT id FROM lane WHERE chain_id = e.chain_id ORDER BY id = e.lane_id DESC NULLS LAST LIMIT 1) l
  WHERE t.id = ANY ($1::uuid[]) AND t.submission_id IS NULL
  RETURNING id, transaction_ids[1] AS transaction_id
), left_queue AS (
  DELETE FROM queued_transaction q USING fresh WHERE q.transaction_id = fresh.transaction_id
)
UPDATE transaction t SET status = 'submitted', submission_id = fresh.id, payment_index = 0, submitted_at = now()
FROM fresh WHERE t.id = fresh.transaction_id`
