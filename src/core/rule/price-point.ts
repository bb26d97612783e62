import type { FiatCurrency } from './currency.ts'

/** What one whole token is worth in a currency at a moment. Never changed: a new price is a new point. */
export interface PricePoint {
  id: string
  tenantId: string
  economyId: string
  currency: FiatCurrency
  /** Fiat per whole token, a decimal with at most 18 places. */
  price: string
  source: 'admin' | 'feed'
  asOf: Date
  createdAt: Date
}

const PRICE = /^(?:0|[1-9]\d{0,19})(?:\.\d{1,18})?$/

/** Whether the text is a price: a plain decimal more than 0 with at most 20 digits before and 18 after the point. */
export function isPrice(text: string): boolean {
  return PRICE.test(text) && /[1-9]/.test(text)
}
