import type { BlockPosition } from '../ledger/chain-store.ts'
import type { BaseUnits } from '../shared/money.ts'

/** Decimals of a rate at most, as the contracts have it. */
export const RATE_DECIMALS_MAX = 5
/** A rate is below 2^96 in its own smallest unit. */
const RATE_MAX = 2n ** 96n - 1n

/** Places of a ratio. */
const RATIO_DECIMALS = 6
const RATIO_UNIT = 10n ** BigInt(RATIO_DECIMALS)

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

/** The terms that decide what a token is worth in value tokens. */
export type RateTerms = Pick<EconomyTerms, 'valueDecimals' | 'utilityDecimals' | 'rate' | 'rateDecimals'>

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
  /** The branded token's EIP-712 name: what it was called when it was created. */
  utilityTokenName: string
  /** Hash of the terms: the economy's id in messages. */
  termsId: string
}

/** What the books say of a backing, each as of a final block of its chain. Base units: of the value token, but for what names the supply. */
export interface Observation {
  staked: BaseUnits
  inFlight: BaseUnits
  /** Part of what is in flight whose tokens are minted already. */
  minted: BaseUnits
  valueBlock: BlockPosition
  supply: BaseUnits
  /** Part of the supply in escrow, of redemptions under way. */
  redeemingSupply: BaseUnits
  /** Part of that which the vault has paid already. */
  redeemedSupply: BaseUnits
  utilityBlock: BlockPosition
  at: Date
}

/** A backing with what the books say of it; null before anything was posted. */
export interface SeenBacking extends Backing {
  seen: Observation | null
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
export function toUtilityDown(terms: RateTerms, value: BaseUnits): BaseUnits {
  const { utilityUnits, valueUnits } = unitsOf(terms)
  return (value * utilityUnits) / valueUnits
}

/** Base units of the value token for `utility` base units of the utility token, as the contracts compute it. */
export function toValueDown(terms: RateTerms, utility: BaseUnits): BaseUnits {
  const { utilityUnits, valueUnits } = unitsOf(terms)
  return (utility * valueUnits) / utilityUnits
}

/** The same rounded up: the least value that covers `utility`. */
export function toValueUp(terms: RateTerms, utility: BaseUnits): BaseUnits {
  const { utilityUnits, valueUnits } = unitsOf(terms)
  return (utility * valueUnits + utilityUnits - 1n) / utilityUnits
}

/** `value` as a fraction of what `utility` is worth, rounded down to six places. Null where there is nothing to cover. */
export function coverage(terms: RateTerms, value: BaseUnits, utility: BaseUnits): string | null {
  if (utility <= 0n) return null
  const { utilityUnits, valueUnits } = unitsOf(terms)
  const scaled = (value * utilityUnits * RATIO_UNIT) / (utility * valueUnits)
  return `${scaled / RATIO_UNIT}.${(scaled % RATIO_UNIT).toString().padStart(RATIO_DECIMALS, '0')}`
}

function unitsOf({ rate, utilityDecimals, rateDecimals, valueDecimals }: RateTerms) {
  return {
    utilityUnits: rate * 10n ** BigInt(utilityDecimals),
    valueUnits: 10n ** BigInt(rateDecimals + valueDecimals),
  }
}
