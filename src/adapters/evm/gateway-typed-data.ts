import type { Backing, GatewayPair } from '#core/gateway/backing.ts'
import type { TypedData } from '#core/gateway/gateway-calls.ts'
import type { Intent, MessageKind } from '#core/gateway/message.ts'

const DOMAIN = { name: 'OST KIT Gateway', version: '1' }
/** OpenZeppelin's ERC-20 with signatures; the tokens that are staked say the same, and ours. */
const TOKEN_VERSION = '1'
/** Of a keyed nonce: its number. What is left is the key. */
const SEQUENCE_MASK = 2n ** 64n - 1n

const INTENT_FIELDS = [
  { name: 'economyId', type: 'bytes32' },
  { name: 'sender', type: 'address' },
  { name: 'beneficiary', type: 'address' },
  { name: 'amount', type: 'uint256' },
  { name: 'bounty', type: 'uint256' },
  { name: 'fee', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
  { name: 'hashLock', type: 'bytes32' },
  { name: 'deadline', type: 'uint256' },
  { name: 'targetChainId', type: 'uint256' },
  { name: 'targetGateway', type: 'address' },
]
const AUTHORIZATION_FIELDS = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
]
const PERMIT_FIELDS = [
  { name: 'owner', type: 'address' },
  { name: 'spender', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
]

/** What the sender of a message signs: EIP-712 by the gateway that it begins at. */
export function intentTypedData(kind: MessageKind, pair: GatewayPair, intent: Intent): TypedData {
  const onSource =
    kind === 'stake' ? [pair.valueChainId, pair.gateway] : [pair.utilityChainId, pair.coGateway]
  const onTarget =
    kind === 'stake' ? [pair.utilityChainId, pair.coGateway] : [pair.valueChainId, pair.gateway]
  const primaryType = kind === 'stake' ? 'StakeIntent' : 'RedeemIntent'
  return {
    domain: { ...DOMAIN, chainId: Number(onSource[0]), verifyingContract: String(onSource[1]) },
    primaryType,
    types: { [primaryType]: INTENT_FIELDS },
    message: {
      economyId: intent.termsId,
      sender: intent.sender,
      beneficiary: intent.beneficiary,
      amount: intent.amount.toString(),
      bounty: intent.bounty.toString(),
      fee: intent.fee.toString(),
      nonce: intent.nonce.toString(),
      hashLock: intent.hashLock,
      deadline: intent.deadline.toString(),
      targetChainId: String(onTarget[0]),
      targetGateway: String(onTarget[1]),
    },
  }
}

/** ERC-3009 of the value token. The nonce has the message's hash in it, so the signature is of this intent and of no other. */
export function stakeAuthorization(backing: Backing, intent: Intent, messageHash: string): TypedData {
  const nonce = BigInt(messageHash) & ~SEQUENCE_MASK
  return {
    domain: {
      name: backing.valueTokenName,
      version: TOKEN_VERSION,
      chainId: backing.valueChainId,
      verifyingContract: backing.valueToken,
    },
    primaryType: 'ReceiveWithAuthorization',
    types: { ReceiveWithAuthorization: AUTHORIZATION_FIELDS },
    message: {
      from: intent.sender,
      to: backing.gateway,
      value: (intent.amount + intent.bounty).toString(),
      validAfter: '0',
      // The contract wants a moment before this one; the intent may still be declared in its last second.
      validBefore: (intent.deadline + 1n).toString(),
      nonce: `0x${nonce.toString(16).padStart(64, '0')}`,
    },
  }
}

/** The permit for what a redemption takes. */
export function redeemPermit(backing: Backing, intent: Intent, nonce: bigint): TypedData {
  const { sender: owner, amount, bounty, deadline } = intent
  return permitTypedData(backing, { owner, value: amount + bounty, nonce, deadline })
}

/** ERC-2612 of the branded token: the co-gateway may take so much of what the owner has. */
export function permitTypedData(
  backing: Backing,
  permit: { owner: string; value: bigint; nonce: bigint; deadline: bigint },
): TypedData {
  return {
    domain: {
      name: backing.utilityTokenName,
      version: TOKEN_VERSION,
      chainId: backing.utilityChainId,
      verifyingContract: backing.utilityToken,
    },
    primaryType: 'Permit',
    types: { Permit: PERMIT_FIELDS },
    message: {
      owner: permit.owner,
      spender: backing.coGateway,
      value: permit.value.toString(),
      nonce: permit.nonce.toString(),
      deadline: permit.deadline.toString(),
    },
  }
}
