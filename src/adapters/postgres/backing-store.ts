import type { BackingStore } from '#core/gateway/backing-store.ts'
import {
  BACKING_COLUMNS,
  type BackingRow,
  SELECT_SEEN,
  type SeenBackingRow,
  toBacking,
  toSeenBacking,
} from './backing-row.ts'
import type { PrismaTx } from './database.ts'

const OF_ECONOMY = 'WHERE b.tenant_id = $1::uuid AND b.economy_id = $2::uuid'

/** What the tenant's tokens are backed by, in a unit of work. */
export function createBackingStore(tx: PrismaTx, tenantId: string): BackingStore {
  return {
    async findPair(utilityChainId) {
      const [pair] = await tx.$queryRaw<
        {
          value_chain_id: string
          gateway: string
          co_gateway: string
          value_token: string
          value_token_name: string
          value_decimals: number
          holder_factory: string
          holder_init_code_hash: string
        }[]
      >`
        SELECT value.id::text AS value_chain_id, value.contracts ->> 'gateway' AS gateway,
               utility.contracts ->> 'co_gateway' AS co_gateway, value.contracts ->> 'value_token' AS value_token,
               coalesce(value.contracts ->> 'value_token_name', 'OST') AS value_token_name,
               coalesce(value.contracts ->> 'value_token_decimals', '18')::int AS value_decimals,
               lower(utility.contracts ->> 'token_holder_factory') AS holder_factory,
               lower(utility.contracts ->> 'holder_init_code_hash') AS holder_init_code_hash
        FROM chain utility JOIN chain value ON value.id::text = utility.contracts ->> 'value_chain_id'
        WHERE utility.id = ${utilityChainId}::bigint AND value.status = 'active'
          AND value.contracts ?& ARRAY['gateway', 'value_token'] AND utility.contracts ? 'co_gateway'`
      if (!pair) return null
      return {
        valueChainId: Number(pair.value_chain_id),
        utilityChainId,
        gateway: pair.gateway,
        coGateway: pair.co_gateway,
        valueToken: pair.value_token,
        valueTokenName: pair.value_token_name,
        valueDecimals: pair.value_decimals,
        holderFactory: pair.holder_factory,
        holderInitCodeHash: pair.holder_init_code_hash,
      }
    },

    async insert(backing, at) {
      await tx.$executeRaw`
        INSERT INTO backing (economy_id, tenant_id, terms_id, value_chain_id, utility_chain_id, gateway, co_gateway, value_token,
                             value_token_name, value_decimals, utility_token, utility_token_name, utility_decimals, rate, rate_decimals,
                             holder_factory, holder_init_code_hash, created_at)
        VALUES (${backing.economyId}::uuid, ${tenantId}::uuid, ${backing.termsId}, ${backing.valueChainId}, ${backing.utilityChainId},
                ${backing.gateway}, ${backing.coGateway}, ${backing.valueToken}, ${backing.valueTokenName}, ${backing.valueDecimals},
                ${backing.utilityToken}, ${backing.utilityTokenName}, ${backing.utilityDecimals}, ${backing.rate.toString()}::numeric, ${backing.rateDecimals},
                ${backing.holderFactory}, ${backing.holderInitCodeHash}, ${at})`
    },

    async find(economyId) {
      const rows = await tx.$queryRawUnsafe<BackingRow[]>(
        `SELECT ${BACKING_COLUMNS} FROM backing b ${OF_ECONOMY}`,
        tenantId,
        economyId,
      )
      const [row] = rows
      return row ? toBacking(row) : null
    },

    async see(economyId) {
      const rows = await tx.$queryRawUnsafe<SeenBackingRow[]>(
        `${SELECT_SEEN} ${OF_ECONOMY}`,
        tenantId,
        economyId,
      )
      const [row] = rows
      return row ? toSeenBacking(row) : null
    },
  }
}
