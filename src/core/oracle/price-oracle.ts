import type { ChainCall } from '../economy/faucet.ts'
import type { FiatCurrency } from '../rule/currency.ts'

/** Oracle and pricer of a utility chain, and the co-gateway that knows its economies. Lower-case addresses. */
export interface OracleChain {
  chainId: number
  finalityDepth: number
  priceOracle: string
  pricerRule: string
  coGateway: string
}

/** A price of a whole value token, as feeders sign it. Moments in whole seconds. */
export interface PriceReport {
  /** Value token, by its lower-case address on the value chain. */
  asset: string
  currency: FiatCurrency
  /** Fiat per whole token, a decimal with at most 18 places. */
  price: string
  observedAt: Date
  expiresAt: Date
}

/** What the oracle has of a value token in a currency. */
export interface OracleRecord {
  price: string
  observedAt: Date
  expiresAt: Date
  /** Null for the first price of all. */
  previousPrice: string | null
}

/** When the pricer uses a price; fixed for good. */
export interface PricerLimits {
  maxAgeMs: number
  /** Hundredths of a percent of the price before. */
  deviationBpsMax: number
}

/** What a branded token is of its value token. @see contracts/src/libraries/EconomyTermsLib.sol */
export interface TokenRate {
  asset: string
  /** Whole branded tokens for one whole value token, times 10^rateDecimals. */
  rate: bigint
  rateDecimals: number
}

export interface BlockAt {
  number: bigint
  hash: string
  at: Date
}

/** Port: what a chain's oracle says. @throws ChainUnavailable from every method when no node answers. */
export interface OracleReader {
  limits(chain: OracleChain): Promise<PricerLimits>
  newestBlock(chain: OracleChain): Promise<BlockAt>
  /** The newest block that is final for us. */
  finalBlock(chain: OracleChain): Promise<BlockAt>
  /** In the state after the block. Null: nobody gave a price yet. */
  latest(
    chain: OracleChain,
    of: Pick<PriceReport, 'asset' | 'currency'>,
    block: BlockAt,
  ): Promise<OracleRecord | null>
  /** By the token's address; tokens that nothing is staked for are left out. */
  rates(chain: OracleChain, tokens: readonly string[]): Promise<ReadonlyMap<string, TokenRate>>
}

/** Port: the feeders' keys that this process has. */
export interface PriceSigner {
  /**
   * A call of the oracle that carries the feeders' signatures.
   * @throws Error in words when the keys are not those of enough feeders.
   */
  sign(chain: OracleChain, report: PriceReport): Promise<ChainCall>
}

/** Port: reports on their way to the oracle, with the worker's rights. */
export interface ReportStore {
  chains(): Promise<OracleChain[]>
  /** Whether the last report of the price may still arrive: it is queued, signed, sent, or in a block that is not final. */
  isUnderWay(chain: OracleChain, of: Pick<PriceReport, 'asset' | 'currency'>, now: Date): Promise<boolean>
  /**
   * Hands a report to a lane of the chain, in one step with its row.
   * @returns the lane, or null when another report is under way or no lane is active.
   */
  queue(
    report: PriceReport,
    chain: OracleChain,
    call: ChainCall,
    ids: { submissionId: string; now: Date },
  ): Promise<string | null>
  /** Active economies of the chain. */
  economies(chainId: number): Promise<{ tenantId: string; economyId: string; token: string }[]>
}
