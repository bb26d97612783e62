import type { FiatCurrency } from './currency.ts'

/** What one whole token is worth in a currency at a moment. Never changed: a new price is a new point. */
export interface PricePoint {
  id: string
  tenantId: string
  economyId: string
  currency: FiatCurrency
  /** Fiat per whole token, a decimal with at most 18 places. */
  price: string
  source: 'admin' | 'feed' | 'chain'
  asOf: Date
  createdAt: Date
  /** Too far from the price before it: not used until a second one confirms it. Never of what an admin records. */
  deviates: boolean
  /** Where the source is `chain`: what the chain converts with, which `price` is rounded up from. */
  onChain: OnChainPrice | null
}

/** A price of a value token as the oracle has it, and what a branded token is of that. @see contracts/src/PricerRule.sol */
export interface OnChainPrice {
  /** Fiat per whole value token, a decimal with at most 18 places. */
  valuePrice: string
  /** Whole branded tokens for one whole value token, times 10^rateDecimals. */
  rate: bigint
  rateDecimals: number
  /** Last moment at which the pricer uses it. */
  usableUntil: Date
  /** The final block it was read at. */
  blockNumber: bigint
  blockHash: string
}

const PRICE = /^(?:0|[1-9]\d{0,19})(?:\.\d{1,18})?$/

/** Whether the text is a price: a plain decimal more than 0 with at most 20 digits before and 18 after the point. */
export function isPrice(text: string): boolean {
  return PRICE.test(text) && /[1-9]/.test(text)
}
