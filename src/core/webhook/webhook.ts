import type { EventTopic } from './event-topics.ts'

/** parallel: several deliveries at a time, in no order · ordered: one at a time, each after the one before it was taken. */
export type DeliveryMode = 'parallel' | 'ordered'

/** owner: somebody asked for it · gone: the receiver answered 410 · failing: only failures for days. */
export type DisabledReason = 'owner' | 'gone' | 'failing'

/** Where an economy's events are sent. */
export interface Webhook {
  id: string
  tenantId: string
  economyId: string
  url: string
  description: string | null
  /** Empty: every topic. */
  topics: readonly EventTopic[]
  mode: DeliveryMode
  status: 'enabled' | 'disabled'
  disabledReason: DisabledReason | null
  disabledAt: Date | null
  /** The secret before the last rotation signs too until then; null: there is none. */
  previousSecretExpiresAt: Date | null
  /** Failed tries since the last good one, and since when. */
  failures: number
  failingSince: Date | null
  createdAt: Date
  updatedAt: Date
}

/** A new secret, which only its first answer shows. */
export interface IssuedWebhook {
  webhook: Webhook
  secret: string
}

/** Webhooks an economy may have. */
export const WEBHOOKS_MAX = 20
/** Characters. */
export const WEBHOOK_URL_LENGTH_MAX = 2_048
export const WEBHOOK_DESCRIPTION_LENGTH_MAX = 500
/** Seconds for which both secrets sign after a rotation. */
export const SECRET_OVERLAP_SECONDS_DEFAULT = 24 * 60 * 60
export const SECRET_OVERLAP_SECONDS_MAX = 7 * 24 * 60 * 60
