import { toValueDown } from '#core/gateway/backing.ts'
import type { GatewayCalls } from '#core/gateway/gateway-calls.ts'
import type { MessageStepName, MessageWithBacking } from '#core/gateway/message.ts'
import { presentMessage, presentTransaction, presentTypedData } from './messages.ts'
import { toWire } from './wire-id.ts'

const STEP_NAMES: Readonly<Record<MessageStepName, 'redeem' | 'confirm' | 'unstake' | 'burn'>> = {
  declare: 'redeem',
  confirm: 'confirm',
  progress_target: 'unstake',
  progress_source: 'burn',
}

/** An unstake as /v3 shows it, with everything that its redeemer may sign or send. */
export function presentUnstake(calls: GatewayCalls, { message: unstake, backing }: MessageWithBacking) {
  const { intent, permit } = unstake
  const { approve, redeem } = calls.redeemTransactions(backing, intent)
  const taking = calls.revokeTransactions('redeem', backing, intent)
  return {
    object: 'unstake' as const,
    id: toWire('ust', unstake.id),
    redeemer: intent.sender,
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
    typed_data: presentTypedData(calls.redeemIntent(backing, intent)),
    permit_typed_data: presentTypedData(calls.redeemPermit(backing, intent, permit?.nonce ?? 0n)),
    transactions: {
      approve: presentTransaction(approve),
      redeem: presentTransaction(redeem),
      approve_penalty: presentTransaction(taking.approve),
      revoke: presentTransaction(taking.revoke),
    },
    ...presentMessage(unstake, STEP_NAMES),
  }
}
