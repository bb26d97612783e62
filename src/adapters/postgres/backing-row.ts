import type { Backing } from '#core/gateway/backing.ts'

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
