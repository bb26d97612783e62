import type { FiatCurrency } from './currency.ts'

/** A price as a feed gives it. */
export interface QuotedPrice {
  currency: FiatCurrency
  /** Fiat per whole token, as text: a float of the source has been read without rounding. */
  price: string
  /** When the source says it was right; null where it does not say. */
  asOf: Date | null
}

/** Port: asks one source for one price. A network call: never inside a unit of work. */
export interface PriceFeed {
  /** For logs; no secrets. */
  name: string
  currency: FiatCurrency
  /** The value token it is the price of, which then goes to the chains' oracles; null: it is the price of branded tokens. */
  asset: string | null
  /** The economy it is for; null: every active one. */
  economyId: string | null
  /** @throws Error in words when the source does not answer, or with something else than a price. */
  quote(): Promise<QuotedPrice>
}
