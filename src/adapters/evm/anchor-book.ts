import { computeAddress, SigningKey, TypedDataEncoder } from 'ethers'
import type { AnchorBook, RootToAnchor } from '#core/gateway/anchor-book.ts'
import { hexToBytes } from './bytes.ts'
import { anchor } from './generated/anchor.ts'
import { multiSignature } from './multi-signature.ts'

const DOMAIN = { name: 'OST KIT Anchor', version: '1' }
const STATE_ROOT = {
  StateRoot: [
    { name: 'remoteChainId', type: 'uint256' },
    { name: 'height', type: 'uint256' },
    { name: 'stateRoot', type: 'bytes32' },
  ],
}

/** Signatures of state roots, as `Anchor` and OpenZeppelin's MultiSignerERC7913 want them. */
export function createAnchorBook(): AnchorBook {
  return {
    addressOf: (privateKey) => computeAddress(new SigningKey(privateKey)).toLowerCase(),
    anchorCall(root, privateKeys) {
      const signatures = multiSignature(
        digestOf(root),
        privateKeys.map((privateKey) => new SigningKey(privateKey)),
      )
      const call = anchor.encodeCall('anchor', BigInt(root.height), root.stateRoot, signatures)
      return { to: root.anchor, calldata: hexToBytes(call) }
    },
  }
}

function digestOf({ chainId, anchor: verifyingContract, remoteChainId, height, stateRoot }: RootToAnchor) {
  return TypedDataEncoder.hash({ ...DOMAIN, chainId, verifyingContract }, STATE_ROOT, {
    remoteChainId,
    height,
    stateRoot,
  })
}
