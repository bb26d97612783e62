import type { Backing } from '../gateway/backing.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { TokenAddresses } from './address-book.ts'
import type { ChainCall, Faucet } from './faucet.ts'

/** What an economy's contracts are created with. */
export interface ContractsToCreate {
  chainId: number
  economyId: string
  name: string
  symbol: string
  decimals: number
  /** The relayer's address: the only one that may move managed balances, and only through the token rules. */
  operator: string
  /** Who may mint; absent: the sandbox's faucet. */
  minter?: string
}

/** The two sides on which an economy's terms are registered. */
export type GatewaySide = 'value' | 'utility'

/**
 * Port: an economy's contracts on its chain.
 * @throws ChainUnavailable when no node answers.
 */
export interface EconomyContracts extends Faucet {
  /** The call that creates token and rules; owner and admin are the platform's own, as the chain's factory names it. */
  createCall(contracts: ContractsToCreate): Promise<ChainCall>
  /** Whether both contracts stand at their addresses in the latest block. */
  areCreated(chainId: number, addresses: TokenAddresses): Promise<boolean>
  /** The call that tells one side's gateway what backs the token. */
  registerCall(side: GatewaySide, backing: Backing): ChainCall
  /** Whether the gateway of that side knows the terms in the latest block. */
  isRegistered(side: GatewaySide, backing: Backing): Promise<boolean>
  /** Base units of the token in existence in the latest block. */
  supply(chainId: number, token: string): Promise<BaseUnits>
  /** Base units of the token that the faucet has granted so far, in the latest block. */
  granted(chainId: number, token: string): Promise<BaseUnits>
}
