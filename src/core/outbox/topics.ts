/** Every kind of state change the platform tells of. Topics are part of the webhooks' contract: they are never renamed. */
export const TOPICS = [
  'economy.created',
  'economy.active',
  'economy.failed',
  'economy.paused',
  'economy.resumed',
  'economy.updated',
  'user.created',
  'user.updated',
  'user.archived',
  'transaction.queued',
  'transaction.submitted',
  'transaction.mined',
  'transaction.confirmed',
  'transaction.failed',
  'transaction.reorged',
  'airdrop.created',
  'airdrop.completed',
  'airdrop.failed',
  'ledger.drift',
  'lane.paused',
  'lane.resumed',
  'chain.halted',
] as const

export type Topic = (typeof TOPICS)[number]
