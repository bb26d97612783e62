import type { BaseUnits } from '../shared/money.ts'
import type { StatusProof } from './gateway-calls.ts'

/** Where a message stands in the box of one gateway. */
export const BOX_STATUSES = [
  'undeclared',
  'declared',
  'progressed',
  'declared_revocation',
  'revoked',
] as const
export type BoxStatus = (typeof BOX_STATUSES)[number]

/** The box a gateway has as a source, and the one it has as a target. */
export type Box = 'outbox' | 'inbox'

/** A message's place at one gateway. */
export interface BoxPlace {
  chainId: number
  gateway: string
  box: Box
  messageHash: string
}

export type BlockTag = number | 'latest'

/** An anchor as of the latest block. */
export interface AnchorState {
  /** Height of the newest root, final or not. */
  lastHeight: number
  /** Of the newest root that is final. */
  finalHeight: number
  threshold: number
  /** Addresses of all signers. */
  signers: readonly string[]
}

/** What a call would cost, or why it would fail. */
export type CallEstimate = { gas: bigint } | { refusal: string }

/**
 * Port: what the gateways and anchors of the chains show.
 * @throws ChainUnavailable from every method, when no node answers.
 */
export interface GatewayReader {
  /** Null for a block whose state the node no longer has. */
  statuses(place: BoxPlace, blocks: readonly BlockTag[]): Promise<(BoxStatus | null)[]>
  /** Height of the newest final root that a gateway believes. */
  rootHeight(chainId: number, anchor: string): Promise<number>
  anchorState(chainId: number, anchor: string): Promise<AnchorState>
  /** State root of a block. Null unless the node's block of this number has this hash. */
  stateRoot(chainId: number, block: { number: number; hash: string }): Promise<string | null>
  /** Proof of a message's status in a block whose root is known at the other end. Null: the node no longer has that state. */
  prove(
    place: BoxPlace,
    height: number,
    other: { chainId: number; gateway: string },
  ): Promise<StatusProof | null>
  /** Whether the value chain's gateway has given the utility chain up, as of a block. */
  isHalted(chainId: number, gateway: string, block: number): Promise<boolean>
  /** Base units that may be minted now. */
  mintable(chainId: number, coGateway: string, termsId: string): Promise<BaseUnits>
  /** Base units of the owner's that the spender may take, as of the latest block. */
  allowance(chainId: number, token: string, owner: string, spender: string): Promise<BaseUnits>
  /** What the call would do on the latest block. */
  estimate(chainId: number, from: string, call: { to: string; calldata: Uint8Array }): Promise<CallEstimate>
  /** Base units staked and on their way, as of a block. Null: the node no longer has that state. */
  vault(
    chainId: number,
    gateway: string,
    termsId: string,
    block: number,
  ): Promise<{ staked: BaseUnits; inFlight: BaseUnits } | null>
  /** Base units in existence as of a block. Null: the node no longer has that state. */
  supply(chainId: number, token: string, block: number): Promise<BaseUnits | null>
}

/** Percent of what the node estimates: states may differ a little when the call is mined. */
const GAS_PERCENT = 130n

/** The gas limit of a call that was estimated. */
export function withGasMargin(estimate: bigint): bigint {
  return (estimate * GAS_PERCENT) / 100n
}
