import { COIN_TRANSFER_GAS } from '#core/chain/send-coins.ts'
import { VALUE_GAS, VALUE_GRANT } from '#core/chain/submission.ts'
import type { ValueFaucetStore } from '#core/gateway/value-faucet-store.ts'
import type { PrismaTx } from './database.ts'

/** Value chains' faucets, in a unit of work. */
export function createValueFaucetStore(tx: PrismaTx, tenantId: string): ValueFaucetStore {
  return {
    async find(chainId) {
      const [faucet] = await tx.$queryRaw<{ token: string; lane_id: string }[]>`
        SELECT c.contracts ->> 'value_faucet' AS token, l.id::text AS lane_id
        FROM chain c JOIN lane l ON l.chain_id = c.id AND l.purpose = 'facilitator' AND l.status = 'active'
        WHERE c.id = ${chainId}::bigint AND c.status = 'active' AND c.contracts ? 'value_faucet'
        ORDER BY l.id LIMIT 1`
      return faucet ? { chainId, token: faucet.token, laneId: faucet.lane_id } : null
    },

    async lockAndCount(chainId, address, since) {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`value_faucet ${tenantId}`}, 0))::text`
      const [count] = await tx.$queryRaw<{ of_tenant: number; to_address: number }[]>`
        SELECT count(*)::int AS of_tenant, (count(*) FILTER (WHERE to_address = ${address}))::int AS to_address
        FROM chain_submission
        WHERE tenant_id = ${tenantId}::uuid AND kind = 'value_gas' AND chain_id = ${chainId}::bigint AND created_at >= ${since}
          AND status <> 'replaced'`
      return { ofTenant: count?.of_tenant ?? 0, toAddress: count?.to_address ?? 0 }
    },

    async queue({ id, gasId, economyId, faucet, call, address, gasWei, at }) {
      const common = {
        tenantId,
        economyId,
        chainId: BigInt(faucet.chainId),
        laneId: faucet.laneId,
        transactionIds: [],
        createdAt: at,
      }
      const { to, calldata, gasLimit } = call
      await tx.chainSubmission.createMany({
        data: [
          {
            ...common,
            id,
            kind: VALUE_GRANT,
            toAddress: to,
            calldata: Uint8Array.from(calldata),
            gasLimit,
          },
          {
            ...common,
            id: gasId,
            kind: VALUE_GAS,
            toAddress: address,
            calldata: new Uint8Array(0),
            gasLimit: COIN_TRANSFER_GAS,
            value: gasWei.toString(),
          },
        ],
      })
    },
  }
}
