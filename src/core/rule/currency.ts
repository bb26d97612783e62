/** Currencies besides the economy's own token that amounts may be stated in. */
export const FIAT_CURRENCIES = ['USD', 'EUR', 'GBP'] as const
export type FiatCurrency = (typeof FIAT_CURRENCIES)[number]

/** `token`: amounts in base units of the economy's token. Otherwise decimal amounts, converted by the price point. */
export type Currency = 'token' | FiatCurrency

/** Whether the text is one of the fiat currencies. */
export function isFiatCurrency(text: string): text is FiatCurrency {
  return FIAT_CURRENCIES.some((currency) => currency === text)
}

/** Decimal places of a fiat amount: micro-payments are smaller than a cent. As stored: numeric(38,6). */
export const FIAT_SCALE_MAX = 6
const FIAT_AMOUNT = /^(?:0|[1-9]\d{0,31})(?:\.\d{1,6})?$/
const BASE_UNITS = /^(?:0|[1-9]\d{0,77})$/

/** A decimal text such as `"12.5"` that {@link parseFiat} has accepted, without superfluous zeros. */
export type FiatAmount = string

/** Parses a fiat amount: a plain decimal with at most 6 places; undefined when the text is none. */
export function parseFiat(text: string): FiatAmount | undefined {
  return FIAT_AMOUNT.test(text) ? trimZeros(text) : undefined
}

/** Parses an amount of base units: a plain integer without sign or leading zeros; undefined when the text is none. */
export function parseBaseUnits(text: string): bigint | undefined {
  return BASE_UNITS.test(text) ? BigInt(text) : undefined
}

/** `"12.500000"` → `"12.5"`, `"3.000000"` → `"3"`; the way decimals are stored and shown. */
export function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}
