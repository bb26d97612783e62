import type { BaseUnits } from '../shared/money.ts'

/** Decimals of a rate at most, as the contracts have it. */
export const RATE_DECIMALS_MAX = 5
/** A rate is below 2^96 in its own smallest unit. */
const RATE_MAX = 2n ** 96n - 1n

/** Whole utility tokens for one whole value token: `rate` / 10^`decimals`. */
export interface Rate {
  rate: bigint
  decimals: number
}

/** Terms of an economy: what its token is backed by, fixed for good and the same on both chains. */
export interface EconomyTerms {
  valueToken: string
  valueDecimals: number
  utilityToken: string
  utilityDecimals: number
  rate: bigint
  rateDecimals: number
  holderFactory: string
  holderInitCodeHash: string
}

/** The gateways of a chain pair and the value token that is staked there. */
export interface GatewayPair {
  valueChainId: number
  utilityChainId: number
  gateway: string
  coGateway: string
  valueToken: string
  /** Its EIP-712 name. */
  valueTokenName: string
  valueDecimals: number
}

/** What the token of an economy is backed by. */
export interface Backing extends EconomyTerms, GatewayPair {
  economyId: string
  /** Hash of the terms: the economy's id in messages. */
  termsId: string
}

/** A backing with what both chains last showed of it, at final blocks. */
export interface SeenBacking extends Backing {
  seen: {
    staked: BaseUnits
    inFlight: BaseUnits
    valueBlock: { number: number; hash: string }
    supply: BaseUnits
    utilityBlock: { number: number; hash: string }
    at: Date
  } | null
}

/** Reads `100` or `0.25`. Null: no rate, or one that the contracts do not take. */
export function parseRate(text: string): Rate | null {
  const match = /^(\d{1,29})(?:\.(\d{1,5}))?$/.exec(text)
  if (!match) return null
  const [, whole = '', fraction = ''] = match
  const decimals = fraction.length
  const rate = BigInt(whole + fraction)
  return rate > 0n && rate <= RATE_MAX ? { rate, decimals } : null
}

/** A rate as people write it. */
export function formatRate({ rate, decimals }: Rate): string {
  const digits = rate.toString().padStart(decimals + 1, '0')
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** Base units of the utility token for `value` base units of the value token, as the contracts compute it. */
export function toUtilityDown(terms: EconomyTerms, value: BaseUnits): BaseUnits {
  const { utilityUnits, valueUnits } = ratioOf(terms)
  return (value * utilityUnits) / valueUnits
}

/** Base units of the value token for `utility` base units of the utility token, as the contracts compute it. */
export function toValueDown(terms: EconomyTerms, utility: BaseUnits): BaseUnits {
  const { utilityUnits, valueUnits } = ratioOf(terms)
  return (utility * valueUnits) / utilityUnits
}

function ratioOf({ rate, utilityDecimals, rateDecimals, valueDecimals }: EconomyTerms) {
  return {
    utilityUnits: rate * 10n ** BigInt(utilityDecimals),
    valueUnits: 10n ** BigInt(rateDecimals + valueDecimals),
  }
}
