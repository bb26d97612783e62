/** undelivered: what the webhook missed or what was given up · all: what it has taken too. */
export type ReplayScope = 'undelivered' | 'all'

/** A range of time whose events a webhook is sent again. */
export interface Replay {
  id: string
  webhookId: string
  from: Date
  to: Date
  scope: ReplayScope
  status: 'running' | 'done'
  /** Events queued by it so far. */
  queued: number
  createdAt: Date
  endedAt: Date | null
}
