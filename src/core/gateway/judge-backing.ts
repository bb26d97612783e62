/** What an economy's token is backed by, as both gateways have it. @see contracts/src/libraries/EconomyTermsLib.sol */
export interface BackingTerms {
  valueDecimals: number
  utilityDecimals: number
  /** Whole branded tokens for one whole value token, times 10^rateDecimals. */
  rate: bigint
  rateDecimals: number
}

/** What two blocks, one of each chain, say of an economy. Base units: of the value token, but for what names the supply. */
export interface BackingFacts {
  terms: BackingTerms
  /** Value tokens that the gateway has altogether, of all its economies. */
  held: bigint
  staked: bigint
  inFlight: bigint
  /** The stakes on their way, one by one: what they add up to, and the part that is minted already. */
  found: { inFlight: bigint; minted: bigint }
  supply: bigint
  /** Branded tokens of redemptions that the vault has paid and that are not burned yet. */
  redeemedSupply: bigint
}

/** Whether the stake covers the supply, and what speaks against it. */
export interface BackingVerdict {
  holds: boolean
  /** Value that stands behind the supply: what is staked, and what is on its way and minted already. */
  backing: bigint
  /** Branded tokens that are somebody's claim: the supply without what was paid and only waits to be burned. */
  backedSupply: bigint
  /** Least value that covers them, rounded up. */
  needed: bigint
  /** backing / needed exactly, as a decimal rounded down to 6 places; null where there is no supply. */
  ratio: string | null
  /** In words; empty where the backing holds. */
  problems: string[]
}

const RATIO_SCALE = 6

/**
 * Judges an economy's backing. Both sides round in the vault's favour at every message, so no allowance is made for dust: not
 * one base unit may be missing.
 * @see docs/protocol.md, "Verifying the backing"
 */
export function judgeBacking(facts: BackingFacts): BackingVerdict {
  const { staked, inFlight, found, supply, redeemedSupply, held } = facts
  const [utilityUnits, valueUnits] = unitsOf(facts.terms)
  const backing = staked + found.minted
  const backedSupply = supply - redeemedSupply
  const [has, needs] = [backing * utilityUnits, backedSupply * valueUnits]
  const needed = (needs + utilityUnits - 1n) / utilityUnits
  const problems: string[] = []
  if (found.inFlight !== inFlight) {
    problems.push(
      `the gateway counts ${inFlight} on its way, the stakes in its log add up to ${found.inFlight}: the log is not complete`,
    )
  }
  if (held < staked + inFlight)
    problems.push(`the gateway owns ${held} and owes ${staked + inFlight}: value is gone from the vault`)
  if (has < needs) problems.push(`${backing} stands behind a supply that needs ${needed}`)
  return { holds: problems.length === 0, backing, backedSupply, needed, ratio: ratioOf(has, needs), problems }
}

/** So many base units of utility for so many of value. */
function unitsOf({ rate, utilityDecimals, rateDecimals, valueDecimals }: BackingTerms): [bigint, bigint] {
  return [rate * 10n ** BigInt(utilityDecimals), 10n ** BigInt(rateDecimals + valueDecimals)]
}

function ratioOf(has: bigint, needs: bigint): string | null {
  if (needs <= 0n) return null
  const digits = ((has * 10n ** BigInt(RATIO_SCALE)) / needs).toString().padStart(RATIO_SCALE + 1, '0')
  return `${digits.slice(0, -RATIO_SCALE)}.${digits.slice(-RATIO_SCALE)}`
}
