import type { BaseUnits } from '../shared/money.ts'

/** A call of a contract, ready to be signed. */
export interface ChainCall {
  /** Lower-case hex with 0x. */
  to: string
  calldata: Uint8Array
  gasLimit: bigint
}

/** Port: writes and reads the call by which a chain's sandbox faucet mints play money. No network call. */
export interface Faucet {
  grantCall(chainId: number, token: string, to: string, amount: BaseUnits): ChainCall
  /** What a call that `grantCall` wrote grants, in base units. */
  grantedAmount(calldata: Uint8Array): BaseUnits
}
