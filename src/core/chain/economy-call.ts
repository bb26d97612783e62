import type { Topic } from '../outbox/topics.ts'
import { COIN_TRANSFER, FAUCET_GRANT, type SubmissionStatus } from './submission.ts'

/** Calls that an economy asks its lane for and is told of, each a chain submission; by what they are called in topics. */
export const ECONOMY_CALLS = { [FAUCET_GRANT]: 'token_grant', [COIN_TRANSFER]: 'coin_transfer' } as const
export type EconomyCallNoun = (typeof ECONOMY_CALLS)[keyof typeof ECONOMY_CALLS]

/** Where such a call stands for its economy. */
export const ECONOMY_CALL_STATUSES = ['queued', 'submitted', 'mined', 'confirmed', 'failed'] as const
export type EconomyCallStatus = (typeof ECONOMY_CALL_STATUSES)[number]

/** A call of an economy as it stands now. Its id is that of its first submission, however often it was queued again. */
export interface EconomyCall {
  id: string
  economyId: string
  toAddress: string
  calldata: Uint8Array
  /** Coins that go with it. */
  valueWei: bigint
  status: EconomyCallStatus
  failureReason: string | null
  txHash: string | null
  blockNumber: bigint | null
  createdAt: Date
}

/** What a submission's status means for its call: whether its bytes are on their way is the lane's affair. */
export const CALL_STATUS_OF: Readonly<Record<SubmissionStatus, EconomyCallStatus>> = {
  queued: 'queued',
  signed: 'submitted',
  broadcast: 'submitted',
  mined: 'mined',
  confirmed: 'confirmed',
  reverted: 'failed',
  refused: 'failed',
  // Its work was queued again under another row.
  replaced: 'queued',
}

/** The topic of a submission that came to a call's status, or whose block was orphaned; null: economies are not told of its kind. */
export function topicOfCall(kind: string, change: EconomyCallStatus | 'reorged'): Topic | null {
  return isEconomyCall(kind) ? `${ECONOMY_CALLS[kind]}.${change}` : null
}

function isEconomyCall(kind: string): kind is keyof typeof ECONOMY_CALLS {
  return Object.hasOwn(ECONOMY_CALLS, kind)
}
