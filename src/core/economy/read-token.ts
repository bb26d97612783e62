import type { FiatCurrency } from '../rule/currency.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { EconomyStatus } from './economy.ts'
import { EconomyNotFound } from './errors.ts'

/** An economy's token as it stands. Amounts in base units. */
export interface Token {
  economyId: string
  economyStatus: EconomyStatus
  /** By which the OST API v2 names it. */
  number: number
  name: string
  symbol: string
  decimals: number
  chainId: number
  address: string
  rulesAddress: string
  /** Everything in circulation, as the chain says at `indexedBlock`. */
  supply: BaseUnits
  /** What one whole token is worth, by the latest price of each currency. */
  rates: readonly { currency: FiatCurrency; price: string; asOf: Date }[]
  company: { userId: string; address: string; settled: BaseUnits; held: BaseUnits }
  /** The last block of the chain that the ledger contains; null before the first. */
  indexedBlock: bigint | null
}

/** Port: reads a token with its supply and rates. Null: no such economy. */
export type TokenReader = (tenantId: string, economyId: string) => Promise<Token | null>

/** The economy's token: addresses, supply, rates, and what the company has. @throws EconomyNotFound */
export async function readToken(
  deps: { tokenReader: TokenReader },
  query: { tenantId: string; economyId: string },
): Promise<Token> {
  const token = await deps.tokenReader(query.tenantId, query.economyId)
  if (!token) throw new EconomyNotFound()
  return token
}
