import type { ChainCall } from '../economy/faucet.ts'

/** A state root of one chain that its anchor on another one shall learn. */
export interface RootToAnchor {
  /** Where the anchor is. */
  chainId: number
  anchor: string
  remoteChainId: number
  height: number
  stateRoot: string
}

/** Port: signs state roots. Pure but for the keys: no network call. */
export interface AnchorBook {
  addressOf(privateKey: Uint8Array): string
  /** The call that anchors the root, signed by each of the keys. */
  anchorCall(root: RootToAnchor, privateKeys: readonly Uint8Array[]): Omit<ChainCall, 'gasLimit'>
}
