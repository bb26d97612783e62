import type { Backing, SeenBacking } from '#core/gateway/backing.ts'

/** Columns of a backing's terms, as alias `b`, in the form of {@link BackingRow}. */
export const BACKING_COLUMNS = `
  b.economy_id, b.terms_id, b.value_chain_id::text, b.utility_chain_id::text, b.gateway, b.co_gateway, b.value_token, b.value_token_name,
  b.value_decimals, b.utility_token, b.utility_token_name, b.utility_decimals, b.rate::text, b.rate_decimals, b.holder_factory, b.holder_init_code_hash`

export interface BackingRow {
  economy_id: string
  terms_id: string
  value_chain_id: string
  utility_chain_id: string
  gateway: string
  co_gateway: string
  value_token: string
  value_token_name: string
  value_decimals: number
  utility_token: string
  utility_token_name: string
  utility_decimals: number
  rate: string
  rate_decimals: number
  holder_factory: string
  holder_init_code_hash: string
}

export function toBacking(row: BackingRow): Backing {
  return {
    economyId: row.economy_id,
    termsId: row.terms_id,
    valueChainId: Number(row.value_chain_id),
    utilityChainId: Number(row.utility_chain_id),
    gateway: row.gateway,
    coGateway: row.co_gateway,
    valueToken: row.value_token,
    valueTokenName: row.value_token_name,
    valueDecimals: row.value_decimals,
    utilityToken: row.utility_token,
    utilityTokenName: row.utility_token_name,
    utilityDecimals: row.utility_decimals,
    rate: BigInt(row.rate),
    rateDecimals: row.rate_decimals,
    holderFactory: row.holder_factory,
    holderInitCodeHash: row.holder_init_code_hash,
  }
}

/**
 * Backings `b` with what their books say: balances of the accounts, and of the messages on their way what the other chain has done
 * already.
 */
export const SELECT_SEEN = `
SELECT ${BACKING_COLUMNS}, books.*, under_way.*, b.value_block::text, b.value_block_hash, b.utility_block::text, b.utility_block_hash, b.seen_at
FROM backing b
CROSS JOIN LATERAL (
  SELECT coalesce(sum(balance) FILTER (WHERE name = 'vault'), 0)::text AS staked,
         coalesce(sum(balance) FILTER (WHERE name = 'in_flight'), 0)::text AS in_flight,
         coalesce(sum(balance) FILTER (WHERE name IN ('supply', 'redeeming')), 0)::text AS supply,
         coalesce(sum(balance) FILTER (WHERE name = 'redeeming'), 0)::text AS redeeming
  FROM backing_account a WHERE a.economy_id = b.economy_id) books
CROSS JOIN LATERAL (
  SELECT coalesce(sum(m.in_flight) FILTER (WHERE m.supply > 0), 0)::text AS minted,
         coalesce(sum(m.redeeming) FILTER (WHERE m.vault < 0), 0)::text AS redeemed
  FROM backing_message m WHERE m.economy_id = b.economy_id AND (m.in_flight <> 0 OR m.redeeming <> 0)) under_way`

export interface SeenBackingRow extends BackingRow {
  staked: string
  in_flight: string
  minted: string
  supply: string
  redeeming: string
  redeemed: string
  value_block: string | null
  value_block_hash: string | null
  utility_block: string | null
  utility_block_hash: string | null
  seen_at: Date | null
}

export function toSeenBacking(row: SeenBackingRow): SeenBacking {
  return { ...toBacking(row), seen: toSeen(row) }
}

/** Null while one of the books stands nowhere. */
function toSeen(row: SeenBackingRow): SeenBacking['seen'] {
  const { value_block, value_block_hash, utility_block, utility_block_hash, seen_at } = row
  if (value_block_hash === null || utility_block_hash === null || seen_at === null) return null
  return {
    staked: BigInt(row.staked),
    inFlight: BigInt(row.in_flight),
    minted: BigInt(row.minted),
    valueBlock: { number: Number(value_block), hash: value_block_hash },
    supply: BigInt(row.supply),
    redeemingSupply: BigInt(row.redeeming),
    redeemedSupply: BigInt(row.redeemed),
    utilityBlock: { number: Number(utility_block), hash: utility_block_hash },
    at: seen_at,
  }
}
