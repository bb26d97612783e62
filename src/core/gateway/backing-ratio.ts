import type { BaseUnits } from '../shared/money.ts'
import type { EconomyTerms, SeenBacking } from './backing.ts'

/** Places of a ratio. */
const RATIO_DECIMALS = 6
const RATIO_UNIT = 10n ** BigInt(RATIO_DECIMALS)

/** Base units of the value token that `supply` is worth at the rate, rounded up: what has to be there. */
export function requiredValue(terms: EconomyTerms, supply: BaseUnits): BaseUnits {
  const utilityUnits = terms.rate * 10n ** BigInt(terms.utilityDecimals)
  const valueUnits = 10n ** BigInt(terms.rateDecimals + terms.valueDecimals)
  return (supply * valueUnits + utilityUnits - 1n) / utilityUnits
}

/**
 * What is staked and on its way as a fraction of what the supply is worth, rounded down. Null where nothing is in existence.
 * A little above one is what others round up for; the blocks of both chains are of different moments, so what is minted between
 * them makes it differ for a moment as well.
 */
export function backingRatio(terms: EconomyTerms, seen: NonNullable<SeenBacking['seen']>): string | null {
  const { staked, inFlight, supply } = seen
  if (supply === 0n) return null
  const utilityUnits = terms.rate * 10n ** BigInt(terms.utilityDecimals)
  const valueUnits = 10n ** BigInt(terms.rateDecimals + terms.valueDecimals)
  const scaled = ((staked + inFlight) * utilityUnits * RATIO_UNIT) / (supply * valueUnits)
  return `${scaled / RATIO_UNIT}.${(scaled % RATIO_UNIT).toString().padStart(RATIO_DECIMALS, '0')}`
}
