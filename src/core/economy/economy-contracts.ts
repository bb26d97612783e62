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
}

/**
 * Port: an economy's contracts on its chain.
 * @throws ChainUnavailable when no node answers.
 */
export interface EconomyContracts extends Faucet {
  /** The call that creates token and rules; owner and admin are the platform's own, as the chain's factory names it. */
  createCall(contracts: ContractsToCreate): Promise<ChainCall>
  /** Whether both contracts stand at their addresses in the latest block. */
  areCreated(chainId: number, addresses: TokenAddresses): Promise<boolean>
  /** Base units of the token that the faucet has granted so far, in the latest block. */
  granted(chainId: number, token: string): Promise<BaseUnits>
}
