import type pg from 'pg'
import type { ChainCall } from '#core/economy/faucet.ts'

/** A call that a lane is to make: everything but its nonce and signature. */
export interface QueuedCall {
  id: string
  chainId: number | string
  laneId: string
  /** What it is for. */
  kind: string
  /** Null: for no economy, but for the chain. */
  of: { economyId: string; tenantId: string } | null
  call: ChainCall
  at: Date
}

/** Queues an administrative call, in the caller's database transaction; its lane claims, signs and sends it. */
export async function insertQueuedCall(
  client: Pick<pg.ClientBase, 'query'>,
  { id, chainId, laneId, kind, of, call, at }: QueuedCall,
): Promise<void> {
  await client.query(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, transaction_ids,
                                   created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', $10)`,
    [
      id,
      chainId,
      laneId,
      of?.economyId ?? null,
      of?.tenantId ?? null,
      kind,
      call.to,
      call.calldata,
      call.gasLimit.toString(),
      at,
    ],
  )
}
