import { coverage, type RateTerms, toValueUp } from './backing.ts'

/** What two blocks, one of each chain, say of an economy. Base units: of the value token, but for what names the supply. */
export interface BackingFacts {
  /** As both gateways have them. @see contracts/src/libraries/EconomyTermsLib.sol */
  terms: RateTerms
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

/** What stands behind a supply, and what must. */
export interface BackingWeight {
  /** Value that stands behind the supply: what is staked, and what is on its way and minted already. */
  backing: bigint
  /** Branded tokens that are somebody's claim: the supply without what was paid and only waits to be burned. */
  backedSupply: bigint
  /** Least value that covers them, rounded up. */
  needed: bigint
  /** backing / needed exactly, as a decimal rounded down to 6 places; null where there is no supply. */
  ratio: string | null
}

/** Whether the stake covers the supply, and what speaks against it. */
export interface BackingVerdict extends BackingWeight {
  holds: boolean
  /** In words; empty where the backing holds. */
  problems: string[]
}

/**
 * Weighs an economy's backing. Stakes in flight that are minted already count as staked; tokens that the vault has paid for and that only
 * wait to be burned count as burned.
 */
export function weighBacking(
  terms: RateTerms,
  {
    staked,
    minted,
    supply,
    redeemedSupply,
  }: Record<'staked' | 'minted' | 'supply' | 'redeemedSupply', bigint>,
): BackingWeight {
  const backing = staked + minted
  const backedSupply = supply - redeemedSupply
  const needed = toValueUp(terms, backedSupply)
  return { backing, backedSupply, needed, ratio: coverage(terms, backing, backedSupply) }
}

/**
 * Judges an economy's backing. Both sides round in the vault's favour at every message, so no allowance is made for dust: not
 * one base unit may be missing.
 * @see docs/protocol.md, "Verifying the backing"
 */
export function judgeBacking(facts: BackingFacts): BackingVerdict {
  const { terms, staked, inFlight, found, held } = facts
  const weight = weighBacking(terms, { ...facts, minted: found.minted })
  const problems: string[] = []
  if (found.inFlight !== inFlight) {
    problems.push(
      `the gateway counts ${inFlight} on its way, the stakes in its log add up to ${found.inFlight}: the log is not complete`,
    )
  }
  if (held < staked + inFlight)
    problems.push(`the gateway owns ${held} and owes ${staked + inFlight}: value is gone from the vault`)
  if (weight.backing < weight.needed)
    problems.push(`${weight.backing} stands behind a supply that needs ${weight.needed}`)
  return { ...weight, holds: problems.length === 0, problems }
}
