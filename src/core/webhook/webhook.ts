import type { EventTopic } from './event-topics.ts'
import type { OstTopic } from './ost-topics.ts'

/** In whose words a webhook is told, and how it is signed: ours with Standard Webhooks, or those of the OST API v2. */
export const WEBHOOK_FORMATS = ['v3', 'ost-v2'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

export type WebhookTopic = EventTopic | OstTopic

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
  format: WebhookFormat
  /** Of its format. Empty: every topic. */
  topics: readonly WebhookTopic[]
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
/** Of these, enabled ones in the format of the OST API v2, as its code has it. */
export const OST_WEBHOOKS_ENABLED_MAX = 10
/** Characters. */
export const WEBHOOK_URL_LENGTH_MAX = 2_048
export const WEBHOOK_DESCRIPTION_LENGTH_MAX = 500
/** Seconds for which both secrets sign after a rotation. */
export const SECRET_OVERLAP_SECONDS_DEFAULT = 24 * 60 * 60
export const SECRET_OVERLAP_SECONDS_MAX = 7 * 24 * 60 * 60
