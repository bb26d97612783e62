import type { Token } from '#core/economy/read-token.ts'
import { toWire } from './wire-id.ts'

/** An economy's token as /v3 shows it. */
export function presentToken(token: Token) {
  const { userId, address, settled, held } = token.company
  return {
    object: 'token' as const,
    economy_id: toWire('eco', token.economyId),
    economy_status: token.economyStatus,
    name: token.name,
    symbol: token.symbol,
    decimals: token.decimals,
    chain_id: token.chainId,
    address: token.address,
    rules_address: token.rulesAddress,
    supply: token.supply.toString(),
    rates: token.rates.map(({ currency, price, asOf }) => ({ currency, price, as_of: asOf.toISOString() })),
    company: {
      user_id: toWire('usr', userId),
      address,
      settled: settled.toString(),
      held: held.toString(),
      available: (settled - held).toString(),
    },
    last_indexed_block: token.indexedBlock === null ? null : Number(token.indexedBlock),
  }
}
