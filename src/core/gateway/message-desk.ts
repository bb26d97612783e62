import type { SubmissionStatus } from '../chain/submission.ts'
import type { ChainCall } from '../economy/faucet.ts'
import type { Topic } from '../outbox/topics.ts'
import type { Backing } from './backing.ts'
import type { NextCall } from './decide-next.ts'
import type { GatewayMessage, MessageStatus, MessageStep } from './message.ts'

/** One end of a chain pair, as a facilitator works there. */
export interface GatewayEnd {
  chainId: number
  gateway: string
  /** Keeps the roots of the other chain. */
  anchor: string
  blockTimeMs: number
  /** The newest block that is final for us; null: nobody follows the chain yet. */
  final: { number: number; hash: string; minedAt: Date } | null
  /** Who carries messages here; null: nobody is provisioned. */
  lane: { id: string; address: string } | null
}

/** A message with everything that is needed to take it further. */
export interface MessageInWork {
  message: GatewayMessage
  tenantId: string
  version: number
  refusals: number
  secretJwe: string
  /** Who redeems for a managed wallet, and whether the tokens are there; null: the sender has the key. */
  redeeming: {
    redeemer: { id: string; address: string; keyJwe: string; allowanceSignature: string }
    funding: 'pending' | 'arrived' | 'failed'
  } | null
  backing: Backing
  source: GatewayEnd
  target: GatewayEnd
  /** The last submission made for it. */
  submission: {
    id: string
    call: NextCall
    status: SubmissionStatus
    txHash: string | null
    revertReason: string | null
  } | null
  /** A root it waits for. */
  root: { chainId: number; height: number } | null
}

/** What a run found out and did. */
export interface MessageChange {
  status: MessageStatus
  problem: string | null
  refusals: number
  root: { chainId: number; height: number } | null
  steps: readonly Pick<MessageStep, 'name' | 'status' | 'txHash'>[]
  /** Queued on a lane in the same commit; null: the one before stays named. */
  submission: { id: string; name: NextCall; laneId: string; chainId: number; call: ChainCall } | null
  /** Null: it has ended. */
  lookAt: Date | null
  /** Told in the same commit; null: nothing. */
  topic: Topic | null
  at: Date
}

/** Port: messages on their way, with the worker's rights. */
export interface MessageDesk {
  find(messageId: string): Promise<MessageInWork | null>
  /** Changes the message and queues its call in one commit. False, and nothing done, when it is not as it was seen. */
  record(
    seen: { economyId: string; messageId: string; version: number },
    change: MessageChange,
  ): Promise<boolean>
}
