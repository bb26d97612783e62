import type { EventTopic } from './event-topics.ts'

/** Topics of the OST API v2. Those of activations, devices and sessions come into being with users' own wallets. */
export const OST_TOPICS = [
  'transactions/initiate',
  'transactions/mine',
  'transactions/success',
  'transactions/failure',
  'users/activation_initiate',
  'users/activation_success',
  'users/activation_failure',
  'devices/authorization_initiate',
  'devices/authorization_success',
  'devices/authorization_failure',
  'devices/revocation_initiate',
  'devices/revocation_success',
  'devices/revocation_failure',
  'devices/recovery_initiate',
  'devices/recovery_success',
  'devices/recovery_failure',
  'devices/recovery_abort_success',
  'devices/recovery_abort_failure',
  'sessions/authorization_initiate',
  'sessions/authorization_success',
  'sessions/authorization_failure',
  'sessions/revocation_initiate',
  'sessions/revocation_success',
  'sessions/revocation_failure',
  'sessions/logoutall_initiate',
  'sessions/logoutall_success',
  'sessions/logoutall_failure',
  'price_points/usd_update',
  'price_points/eur_update',
  'price_points/gbp_update',
  'redemptions/initiate',
  'redemptions/accept',
  'redemptions/failure',
  'redemptions/cancel',
  'redemptions/fulfill',
] as const
export type OstTopic = (typeof OST_TOPICS)[number]

/** Which of them an event of ours may lead to. An execution of several transactions is told of by whichever comes last. */
export const OST_TOPICS_OF: Readonly<Partial<Record<EventTopic, readonly OstTopic[]>>> = {
  'transaction.queued': ['transactions/initiate'],
  'transaction.mined': ['transactions/mine'],
  'transaction.confirmed': [
    'transactions/mine',
    'transactions/success',
    'transactions/failure',
    'redemptions/accept',
  ],
  'transaction.failed': ['transactions/mine', 'transactions/failure', 'redemptions/failure'],
  'price_point.created': ['price_points/usd_update', 'price_points/eur_update', 'price_points/gbp_update'],
  'redemption.created': ['redemptions/initiate'],
  'redemption.cancelled': ['redemptions/cancel'],
  'redemption.fulfilled': ['redemptions/fulfill'],
}

const KNOWN: ReadonlySet<string> = new Set(OST_TOPICS)

export function isOstTopic(topic: string): topic is OstTopic {
  return KNOWN.has(topic)
}
