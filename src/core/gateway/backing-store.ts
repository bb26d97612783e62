import type { Backing, GatewayPair, SeenBacking } from './backing.ts'

/** A pair of gateways with what the utility chain's holders are made by. */
export interface PairForEconomy extends GatewayPair {
  holderFactory: string
  holderInitCodeHash: string
}

/** Port: what the tenant's tokens are backed by. */
export interface BackingStore {
  /** Null: tokens of this utility chain cannot be backed. */
  findPair(utilityChainId: number): Promise<PairForEconomy | null>
  insert(backing: Backing, at: Date): Promise<void>
  find(economyId: string): Promise<Backing | null>
  /** With what its books say. */
  see(economyId: string): Promise<SeenBacking | null>
}
