import type { ChainCall } from '../economy/faucet.ts'

/** The faucet of a sandbox's value chain: the token that a facilitator's lane there may grant. */
export interface ValueFaucet {
  chainId: number
  token: string
  laneId: string
}

/** Port: what the tenant asks of value chains' faucets. */
export interface ValueFaucetStore {
  /** Null: the chain has none. */
  find(chainId: number): Promise<ValueFaucet | null>
  /** Grants since then: the tenant's, and of these the ones to the address. Others of the tenant wait until this unit of work ends. */
  lockAndCount(
    chainId: number,
    address: string,
    since: Date,
  ): Promise<{ ofTenant: number; toAddress: number }>
  /** Queues two submissions on the faucet's lane: the token's grant, and coin for gas. */
  queue(grant: {
    id: string
    gasId: string
    economyId: string
    faucet: ValueFaucet
    call: ChainCall
    address: string
    gasWei: bigint
    at: Date
  }): Promise<void>
}
