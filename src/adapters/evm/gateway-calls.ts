import {
  AbiCoder,
  computeAddress,
  hexlify,
  keccak256,
  MaxUint256,
  Signature,
  SigningKey,
  TypedDataEncoder,
  verifyTypedData,
  ZeroHash,
} from 'ethers'
import type { Backing, EconomyTerms } from '#core/gateway/backing.ts'
import type { GatewayCalls, MessageCall, TypedData, WalletTransaction } from '#core/gateway/gateway-calls.ts'
import type { Intent, MessageKind } from '#core/gateway/message.ts'
import { hexToBytes } from './bytes.ts'
import { intentTypedData, permitTypedData, redeemPermit, stakeAuthorization } from './gateway-typed-data.ts'
import { coGateway } from './generated/co-gateway.ts'
import { gateway } from './generated/gateway.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { valueToken } from './generated/value-token.ts'

/** The first tokens of an address: 79,000. */
const GRANT_GAS_LIMIT = 200_000n

/** 150 hundredths of the bounty, rounded down, as MessageGateway has it. */
const PENALTY_PERCENT = 150n

/** Of a permit: all there will ever be, for good. */
const EVERYTHING = { value: MaxUint256, deadline: MaxUint256 }

/** The gateways' hashes and calls. One object serves all pairs. */
export function createGatewayCalls(): GatewayCalls {
  return {
    termsId,
    messageHash: (kind, pair, intent) => hashOf(intentTypedData(kind, pair, intent)),
    hashLockOf: (secret) => keccak256(secret),
    stakeAuthorization,

    redeemIntent: (backing, intent) => intentTypedData('redeem', backing, intent),
    redeemPermit,

    addressOf,

    signAllowance(backing, privateKey) {
      const owner = addressOf(privateKey)
      return signBy(privateKey, permitTypedData(backing, { owner, ...EVERYTHING, nonce: 0n }))
    },

    signRedeemIntent: (backing, intent, privateKey) =>
      signBy(privateKey, intentTypedData('redeem', backing, intent)),

    isSignedBy({ domain, types, message }, address, signature) {
      try {
        return verifyTypedData(domain, mutable(types), message, signature).toLowerCase() === address
      } catch {
        return false
      }
    },

    stakeTransactions: (backing, intent) => ({
      approve: allowance('stake', backing, intent.amount + intent.bounty),
      stake: atSource('stake', backing, gateway.encodeCall('stake', wordsOf(intent))),
    }),

    redeemTransactions: (backing, intent) => ({
      approve: allowance('redeem', backing, intent.amount + intent.bounty),
      redeem: atSource('redeem', backing, coGateway.encodeCall('redeem', wordsOf(intent))),
    }),

    revokeTransactions(kind, backing, intent) {
      const penalty = (intent.bounty * PENALTY_PERCENT) / 100n
      return {
        penalty,
        approve: allowance(kind, backing, penalty),
        revoke: atSource(kind, backing, revokeCall(kind, intent)),
      }
    },

    grantCall: (token, address, amount) => ({
      to: token,
      calldata: hexToBytes(valueToken.encodeCall('grant', address, amount)),
      gasLimit: GRANT_GAS_LIMIT,
    }),

    encode(kind, backing, intent, messageHash, call) {
      if (call.name === 'allow') return allowCall(backing, call)
      const data = encodeOf(kind, backing, intent, call)
      const isOnSource = SOURCE_CALLS.has(call.name)
      const isOnValue = isOnSource === (kind === 'stake')
      return {
        chainId: isOnValue ? backing.valueChainId : backing.utilityChainId,
        to: isOnValue ? backing.gateway : backing.coGateway,
        calldata: hexToBytes(data),
      }
    },
  }
}

type Allow = Extract<MessageCall, { name: 'allow' }>

const SOURCE_CALLS: ReadonlySet<MessageCall['name']> = new Set<MessageCall['name']>([
  'declare',
  'progress_source',
  'progress_source_with_proof',
  'revoke',
  'progress_revocation',
])

function termsId(terms: EconomyTerms): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ['address', 'uint8', 'uint8', 'uint8', 'address', 'uint96', 'address', 'bytes32'],
      [
        terms.valueToken,
        terms.valueDecimals,
        terms.utilityDecimals,
        terms.rateDecimals,
        terms.utilityToken,
        terms.rate,
        terms.holderFactory,
        terms.holderInitCodeHash,
      ],
    ),
  )
}

function addressOf(privateKey: Uint8Array): string {
  return computeAddress(hexlify(privateKey)).toLowerCase()
}

function signBy(privateKey: Uint8Array, data: TypedData): string {
  return new SigningKey(hexlify(privateKey)).sign(hashOf(data)).serialized
}

/** The token takes the permit from anybody. */
function allowCall({ utilityChainId, utilityToken, coGateway: spender }: Backing, call: Allow) {
  const { v, r, s } = Signature.from(call.signature)
  const { value, deadline } = EVERYTHING
  const { redeemer } = call
  const data = utilityBrandedToken.encodeCall('permit', redeemer, spender, value, deadline, BigInt(v), r, s)
  return { chainId: utilityChainId, to: utilityToken, calldata: hexToBytes(data) }
}

function encodeOf(
  kind: MessageKind,
  backing: Backing,
  intent: Intent,
  call: Exclude<MessageCall, Allow>,
): string {
  const words = wordsOf(intent)
  const isStake = kind === 'stake'
  switch (call.name) {
    case 'declare':
      return isStake ? stakeCall(intent, call.signature) : redeemCall(intent, call)
    case 'confirm':
      return proven(call, (height, proof) =>
        isStake
          ? coGateway.encodeCall('confirmStake', words, height, proof)
          : gateway.encodeCall('confirmRedeem', words, height, proof),
      )
    case 'progress_target':
      return isStake
        ? coGateway.encodeCall('progressMint', words, call.secret)
        : gateway.encodeCall('progressUnstake', words, call.secret)
    case 'progress_source':
      return isStake
        ? gateway.encodeCall('progressStake', words, call.secret)
        : coGateway.encodeCall('progressRedeem', words, call.secret)
    case 'progress_source_with_proof':
      return proven(call, (height, proof) =>
        isStake
          ? gateway.encodeCall('progressStakeWithProof', words, height, proof)
          : coGateway.encodeCall('progressRedeemWithProof', words, height, proof),
      )
    case 'revoke':
      return revokeCall(kind, intent)
    case 'confirm_revocation':
      return proven(call, (height, proof) =>
        isStake
          ? coGateway.encodeCall('confirmStakeRevocation', words, height, proof)
          : gateway.encodeCall('confirmRedeemRevocation', words, height, proof),
      )
    case 'progress_revocation':
      return proven(call, (height, proof) =>
        isStake
          ? gateway.encodeCall('progressStakeRevocation', words, height, proof)
          : coGateway.encodeCall('progressRedeemRevocation', words, height, proof),
      )
  }
}

function revokeCall(kind: MessageKind, intent: Intent): string {
  const words = wordsOf(intent)
  return kind === 'stake'
    ? gateway.encodeCall('revokeStake', words)
    : coGateway.encodeCall('revokeRedeem', words)
}

/** The height is proven in the same transaction, unless it is already. */
function proven(
  { proof }: Extract<MessageCall, { proof: unknown }>,
  encode: (height: bigint, nodes: string[]) => string,
): string {
  const height = BigInt(proof.height)
  const call = encode(height, [...proof.storage])
  if (proof.account === null) return call
  // Both gateways have these two calls of MessageGateway.
  const prove = gateway.encodeCall('proveGateway', height, [...proof.account])
  return gateway.encodeCall('multicall', [prove, call])
}

function stakeCall(intent: Intent, signature: string): string {
  const { v, r, s } = Signature.from(signature)
  return gateway.encodeCall(
    'stakeWithAuthorization',
    wordsOf(intent),
    0n,
    intent.deadline + 1n,
    BigInt(v),
    r,
    s,
  )
}

/** Without a permit the gateway tries an empty one, which fails and harms nothing: the allowance decides. */
function redeemCall(
  intent: Intent,
  { signature, permit }: Extract<MessageCall, { name: 'declare' }>,
): string {
  const signed = permit?.signature ?? null
  const { v, r, s } = signed === null ? { v: 0, r: ZeroHash, s: ZeroHash } : Signature.from(signed)
  return coGateway.encodeCall('redeemBySignature', wordsOf(intent), signature, {
    deadline: intent.deadline,
    v: BigInt(v),
    r,
    s,
  })
}

function allowance(kind: MessageKind, backing: Backing, amount: bigint): WalletTransaction {
  return kind === 'stake'
    ? {
        chainId: backing.valueChainId,
        to: backing.valueToken,
        data: valueToken.encodeCall('approve', backing.gateway, amount),
      }
    : {
        chainId: backing.utilityChainId,
        to: backing.utilityToken,
        data: utilityBrandedToken.encodeCall('approve', backing.coGateway, amount),
      }
}

/** A transaction to the gateway that messages of this kind start from. */
function atSource(kind: MessageKind, backing: Backing, data: string): WalletTransaction {
  return kind === 'stake'
    ? { chainId: backing.valueChainId, to: backing.gateway, data }
    : { chainId: backing.utilityChainId, to: backing.coGateway, data }
}

/** The intent as the contracts name it. */
function wordsOf({ termsId: economyId, ...intent }: Intent) {
  return { economyId, ...intent }
}

function hashOf({ domain, types, message }: TypedData): string {
  return TypedDataEncoder.hash(domain, mutable(types), message)
}

function mutable(types: TypedData['types']) {
  return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]))
}
