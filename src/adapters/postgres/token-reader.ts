import assert from 'node:assert'
import type { Token, TokenReader } from '#core/economy/read-token.ts'
import { type FiatCurrency, trimZeros } from '#core/rule/currency.ts'
import type { Database } from './database.ts'

interface TokenRow {
  status: Token['economyStatus']
  token_number: number
  name: string
  symbol: string
  decimals: number
  chain_id: string
  token_address: string | null
  token_rules_address: string | null
  issued: string | null
  company_user_id: string
  company_address: string
  settled: string
  held: string
  indexed_block: string | null
  rates: { currency: FiatCurrency; price: string; as_of: string }[]
}

const READ_TOKEN = `
  SELECT e.status, e.token_number, e.name, e.symbol, e.decimals, e.chain_id, e.token_address, e.token_rules_address,
         (SELECT i.settled FROM account i
          WHERE i.economy_id = e.id AND i.address = '0x0000000000000000000000000000000000000000') AS issued,
         e.company_user_id, c.address AS company_address, c.settled, c.held,
         (SELECT k.block_number FROM chain_cursor k WHERE k.chain_id = e.chain_id) AS indexed_block,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('currency', p.currency, 'price', p.price::text, 'as_of', p.as_of)), '[]')
          FROM unnest(ARRAY['USD', 'EUR', 'GBP']) AS f(currency)
          CROSS JOIN LATERAL price_in_force(e.id, f.currency) p) AS rates
  FROM economy e JOIN account_balance c ON c.economy_id = e.id AND c.id = e.company_user_id
  WHERE e.id = $1 AND e.tenant_id = $2`

export function createTokenReader(database: Pick<Database, 'read'>): TokenReader {
  return async (tenantId, economyId) => {
    const [row] = await database.read<TokenRow>(tenantId, 'read_token', READ_TOKEN, [economyId, tenantId])
    return row ? toToken(economyId, row) : null
  }
}

function toToken(economyId: string, row: TokenRow): Token {
  const { status, name, symbol, decimals, token_address: address, token_rules_address: rulesAddress } = row
  assert(address && rulesAddress, 'addresses are predicted when the economy is created')
  return {
    economyId,
    economyStatus: status,
    number: row.token_number,
    name,
    symbol,
    decimals,
    chainId: Number(row.chain_id),
    address,
    rulesAddress,
    // What was issued left the zero address, whose account is therefore minus the supply; before the first there is none.
    supply: -BigInt(row.issued ?? '0'),
    rates: row.rates.map(({ currency, price, as_of }) => ({
      currency,
      price: trimZeros(price),
      asOf: new Date(as_of),
    })),
    company: {
      userId: row.company_user_id,
      address: row.company_address,
      settled: BigInt(row.settled),
      held: BigInt(row.held),
    },
    indexedBlock: row.indexed_block === null ? null : BigInt(row.indexed_block),
  }
}
