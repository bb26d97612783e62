import { toValueDown } from '#core/gateway/backing.ts'
import type { GatewayCalls } from '#core/gateway/gateway-calls.ts'
import type { Consent, MessageStepName, MessageWithBacking } from '#core/gateway/message.ts'
import { presentMessage, presentTransaction, presentTypedData } from './messages.ts'
import { toWire } from './wire-id.ts'

const STEP_NAMES: Readonly<Record<MessageStepName, 'redeem' | 'confirm' | 'unstake' | 'burn'>> = {
  declare: 'redeem',
  confirm: 'confirm',
  progress_target: 'unstake',
  progress_source: 'burn',
}

/** An unstake as /v3 shows it, with everything that its redeemer may sign or send. */
export function presentUnstake(calls: GatewayCalls, unstake: MessageWithBacking) {
  const { message, backing } = unstake
  const { intent, managed } = message
  return {
    object: 'unstake' as const,
    id: toWire('ust', message.id),
    redeemer: intent.sender,
    user_id: managed && toWire('usr', managed.userId),
    transaction_id: managed && toWire('txn', managed.transactionId),
    consent: presentConsent(managed?.consent ?? null),
    beneficiary: intent.beneficiary,
    amount: intent.amount.toString(),
    bounty: intent.bounty.toString(),
    fee: intent.fee.toString(),
    pays: (toValueDown(backing, intent.amount) - intent.fee).toString(),
    utility_chain_id: backing.utilityChainId,
    token: backing.utilityToken,
    co_gateway: backing.coGateway,
    value_chain_id: backing.valueChainId,
    value_token: backing.valueToken,
    ...(managed ? NOTHING_TO_SIGN : presentToSign(calls, unstake)),
    ...presentMessage(message, STEP_NAMES),
  }
}

const NOTHING_TO_SIGN = { typed_data: null, permit_typed_data: null, transactions: null }

function presentToSign(calls: GatewayCalls, { message, backing }: MessageWithBacking) {
  const { intent, permit } = message
  const { approve, redeem } = calls.redeemTransactions(backing, intent)
  const taking = calls.revokeTransactions('redeem', backing, intent)
  return {
    typed_data: presentTypedData(calls.redeemIntent(backing, intent)),
    permit_typed_data: presentTypedData(calls.redeemPermit(backing, intent, permit?.nonce ?? 0n)),
    transactions: {
      approve: presentTransaction(approve),
      redeem: presentTransaction(redeem),
      approve_penalty: presentTransaction(taking.approve),
      revoke: presentTransaction(taking.revoke),
    },
  }
}

function presentConsent(consent: Consent | null) {
  if (!consent) return null
  return { text: consent.text, text_hash: consent.textHash, given_at: consent.givenAt.toISOString() }
}
