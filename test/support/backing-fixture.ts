import { createGatewayCalls } from '#adapters/evm/gateway-calls.ts'

const WORD = (byte: string) => `0x${byte.repeat(32)}`

/** Makes an economy's token one that is backed by stakes: 1 OST = 100 of it, between gateways that exist in the database only. */
export async function backEconomy(
  api: { sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]> },
  economyId: string,
): Promise<void> {
  const [economy] = await api.sql(
    'SELECT tenant_id, chain_id, token_address, decimals, name FROM economy WHERE id = $1',
    [economyId],
  )
  if (!economy) throw new Error('the economy is not there')
  const terms = {
    valueToken: `0x${'5a'.repeat(20)}`,
    valueDecimals: 18,
    utilityToken: String(economy['token_address']),
    utilityDecimals: Number(economy['decimals']),
    rate: 100n,
    rateDecimals: 0,
    holderFactory: `0x${'5b'.repeat(20)}`,
    holderInitCodeHash: WORD('5c'),
  }
  await api.sql(
    `INSERT INTO backing (economy_id, tenant_id, terms_id, value_chain_id, utility_chain_id, gateway, co_gateway, value_token,
                          value_token_name, value_decimals, utility_token, utility_decimals, rate, rate_decimals, holder_factory,
                          holder_init_code_hash, utility_token_name)
     VALUES ($1, $2, $3, 31001, $4, $5, $6, $7, 'OST', 18, $8, $9, 100, 0, $10, $11, $12)`,
    [
      economyId,
      economy['tenant_id'],
      createGatewayCalls().termsId(terms),
      economy['chain_id'],
      `0x${'5d'.repeat(20)}`,
      `0x${'5e'.repeat(20)}`,
      terms.valueToken,
      terms.utilityToken,
      terms.utilityDecimals,
      terms.holderFactory,
      terms.holderInitCodeHash,
      economy['name'],
    ],
  )
}

/** Opens a faucet on the value chain of such economies, with a lane that has no key. @returns the token it grants. */
export async function openValueFaucet(api: {
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
}): Promise<string> {
  const token = `0x${'5a'.repeat(20)}`
  await api.sql(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES (31001, 'value', 'value', 1000, 3, $1)`,
    [JSON.stringify({ value_faucet: token })],
  )
  await api.sql(
    `INSERT INTO lane (id, chain_id, address, key_jwe, purpose) VALUES (gen_random_uuid(), 31001, $1, 'x', 'facilitator')`,
    [`0x${'6f'.repeat(20)}`],
  )
  return token
}
