import {
  type Backing,
  formatRate,
  type Observation,
  type SeenBacking,
  toUtilityDown,
} from '#core/gateway/backing.ts'
import type { GatewayCalls } from '#core/gateway/gateway-calls.ts'
import { weighBacking } from '#core/gateway/judge-backing.ts'
import type { MessageStepName, MessageWithBacking, StakeStatus } from '#core/gateway/message.ts'
import { presentMessage, presentTransaction, presentTypedData } from './messages.ts'
import type { QueuedValueGrant } from '#core/gateway/grant-value.ts'
import { toWire } from './wire-id.ts'

const STEP_NAMES: Readonly<Record<MessageStepName, 'stake' | 'confirm' | 'mint' | 'release'>> = {
  declare: 'stake',
  confirm: 'confirm',
  progress_target: 'mint',
  progress_source: 'release',
}

/** A stake as /v3 shows it, with everything that its staker may sign or send. */
export function presentStake(calls: GatewayCalls, { message: stake, backing }: MessageWithBacking) {
  const { intent, messageHash } = stake
  const { approve, stake: send } = calls.stakeTransactions(backing, intent)
  const taking = calls.revokeTransactions('stake', backing, intent)
  return {
    object: 'stake' as const,
    id: toWire('stk', stake.id),
    staker: intent.sender,
    beneficiary: intent.beneficiary,
    amount: intent.amount.toString(),
    bounty: intent.bounty.toString(),
    fee: intent.fee.toString(),
    mints: (toUtilityDown(backing, intent.amount) - intent.fee).toString(),
    value_chain_id: backing.valueChainId,
    value_token: backing.valueToken,
    gateway: backing.gateway,
    typed_data: presentTypedData(calls.stakeAuthorization(backing, intent, messageHash)),
    transactions: {
      approve: presentTransaction(approve),
      stake: presentTransaction(send),
      approve_penalty: presentTransaction(taking.approve),
      revoke: presentTransaction(taking.revoke),
    },
    ...presentMessage(stake, STEP_NAMES),
    // The other statuses are of managed wallets, which redeem and never stake.
    status: stake.status as StakeStatus,
  }
}

/** A grant of the value chain's faucet as /v3 shows it. */
export function presentValueGrant(grant: QueuedValueGrant) {
  return {
    object: 'value_grant' as const,
    id: toWire('sub', grant.id),
    economy_id: toWire('eco', grant.economyId),
    value_chain_id: grant.chainId,
    value_token: grant.token,
    address: grant.address,
    amount: grant.amount.toString(),
    gas_wei: grant.gasWei.toString(),
    status: 'queued' as const,
    created_at: grant.createdAt.toISOString(),
  }
}

/** What backs a token as /v3 shows it. */
export function presentBacking(backing: SeenBacking) {
  const { seen } = backing
  return {
    object: 'backing' as const,
    economy_id: toWire('eco', backing.economyId),
    rate: formatRate({ rate: backing.rate, decimals: backing.rateDecimals }),
    terms_id: backing.termsId,
    value_token: backing.valueToken,
    value_token_decimals: backing.valueDecimals,
    token: backing.utilityToken,
    token_decimals: backing.utilityDecimals,
    gateway: backing.gateway,
    co_gateway: backing.coGateway,
    observed: seen && presentObservation(backing, seen),
  }
}

function presentObservation(backing: Backing, seen: Observation) {
  const { needed, ratio } = weighBacking(backing, seen)
  return {
    staked: seen.staked.toString(),
    in_flight: seen.inFlight.toString(),
    in_flight_minted: seen.minted.toString(),
    supply: seen.supply.toString(),
    redeeming: seen.redeemingSupply.toString(),
    redeeming_paid: seen.redeemedSupply.toString(),
    required: needed.toString(),
    ratio,
    value_block: { chain_id: backing.valueChainId, ...seen.valueBlock },
    utility_block: { chain_id: backing.utilityChainId, ...seen.utilityBlock },
    at: seen.at.toISOString(),
  }
}
