/** A relayer key on a chain. Its nonces are the rows of its submissions; there is no counter. */
export interface Lane {
  id: string
  chainId: number
  /** Lower-case hex with 0x. */
  address: string
  keyJwe: string
  status: 'active' | 'paused'
  pauseReason: PauseReason | null
  /** Wei, as last read from the chain. */
  balanceWei: bigint | null
  /** False while the chain is halted: nothing is signed or sent. */
  isChainActive: boolean
}

/**
 * out_of_gas: ends by itself when the relayer is funded · rejected: a node refuses our bytes for good; ends by itself when
 * they are taken · unknown_payments: the key has paid on the chain what no row knows (a backup was restored, or somebody else
 * has the key); an operator has it matched, then it ends by itself · operator: a person's decision, ended by a person.
 */
export type PauseReason = 'out_of_gas' | 'rejected' | 'unknown_payments' | 'operator'
