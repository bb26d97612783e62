import type { Topic } from '../outbox/topics.ts'
import type { MessageKind, MessageStatus, StakeStatus } from './message.ts'

/** What is told when a message comes to a status. */
export const MESSAGE_TOPICS: {
  stake: Readonly<Record<StakeStatus, Topic>>
  redeem: Readonly<Record<MessageStatus, Topic>>
} = {
  stake: {
    awaiting_signature: 'stake.created',
    signed: 'stake.signed',
    declared: 'stake.declared',
    confirmed: 'stake.confirmed',
    progressed: 'stake.progressed',
    completed: 'stake.completed',
    revoking: 'stake.revoking',
    revoked: 'stake.revoked',
    expired: 'stake.expired',
  },
  redeem: {
    awaiting_signature: 'unstake.created',
    awaiting_tokens: 'unstake.created',
    signed: 'unstake.signed',
    declared: 'unstake.declared',
    confirmed: 'unstake.confirmed',
    progressed: 'unstake.progressed',
    completed: 'unstake.completed',
    revoking: 'unstake.revoking',
    revoked: 'unstake.revoked',
    expired: 'unstake.expired',
    failed: 'unstake.failed',
  },
}

/** What is told when something holds a message up. */
const STALLED: Readonly<Record<MessageKind, Topic>> = { stake: 'stake.stalled', redeem: 'unstake.stalled' }

interface Standing {
  status: MessageStatus
  problem: string | null
}

/** The topic of a change: of its status, or else of a problem that was not there before. Null: nothing that is told. Pure. */
export function topicOfChange(kind: MessageKind, before: Standing, after: Standing): Topic | null {
  const topics: Readonly<Partial<Record<MessageStatus, Topic>>> = MESSAGE_TOPICS[kind]
  if (after.status !== before.status) return topics[after.status] ?? null
  if (after.problem === null || after.problem === before.problem) return null
  return STALLED[kind]
}
