import type { EconomyCall } from '#core/chain/economy-call.ts'
import type { QueuedTokenGrant } from '#core/economy/grant-tokens.ts'
import type { BaseUnits } from '#core/shared/money.ts'
import { toWire } from './wire-id.ts'

/** How far a call is, whatever it does. */
type Progress = Pick<
  EconomyCall,
  'id' | 'economyId' | 'status' | 'failureReason' | 'txHash' | 'blockNumber' | 'createdAt'
>

/** A grant of play money to the company, on its way to the chain. */
export function presentTokenGrant(amount: BaseUnits, call: Progress) {
  return {
    object: 'token_grant' as const,
    id: toWire('sub', call.id),
    economy_id: toWire('eco', call.economyId),
    amount: amount.toString(),
    ...presentProgress(call),
  }
}

/** A grant as its first answer shows it. */
export function presentQueuedGrant(grant: QueuedTokenGrant) {
  const untouched = { status: 'queued', failureReason: null, txHash: null, blockNumber: null } as const
  return presentTokenGrant(grant.amount, { ...grant, ...untouched })
}

/** A transfer of the utility chain's coin, which the API of 2018 makes; its amount in wei. */
export function presentCoinTransfer(call: EconomyCall) {
  return {
    object: 'coin_transfer' as const,
    id: toWire('sub', call.id),
    economy_id: toWire('eco', call.economyId),
    to_address: call.toAddress,
    amount: call.valueWei.toString(),
    ...presentProgress(call),
  }
}

function presentProgress(call: Progress) {
  return {
    status: call.status,
    failure_reason: call.failureReason,
    transaction_hash: call.txHash,
    block_number: call.blockNumber === null ? null : Number(call.blockNumber),
    created_at: call.createdAt.toISOString(),
  }
}
