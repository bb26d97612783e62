import type { Delivery, DeliveryAttempt, DeliveryWithAttempts } from '#core/webhook/delivery.ts'
import type { Replay } from '#core/webhook/replay.ts'
import type { IssuedWebhook, Webhook } from '#core/webhook/webhook.ts'
import { type IdPrefix, toWire } from './wire-id.ts'

/** A webhook as /v3 shows it: never its secret. */
export function presentWebhook(webhook: Webhook) {
  return {
    object: 'webhook' as const,
    id: toWire('whk', webhook.id),
    url: webhook.url,
    description: webhook.description,
    format: webhook.format,
    topics: [...webhook.topics],
    mode: webhook.mode,
    status: webhook.status,
    disabled_reason: webhook.disabledReason,
    disabled_at: webhook.disabledAt?.toISOString() ?? null,
    failing_since: webhook.failingSince?.toISOString() ?? null,
    previous_secret_expires_at: webhook.previousSecretExpiresAt?.toISOString() ?? null,
    created_at: webhook.createdAt.toISOString(),
    updated_at: webhook.updatedAt.toISOString(),
  }
}

/** A webhook with a new secret, in the one answer that shows it. */
export function presentIssuedWebhook({ webhook, secret }: IssuedWebhook) {
  return { ...presentWebhook(webhook), secret }
}

/** How an event fares with a webhook. */
export function presentDelivery(delivery: Delivery) {
  return {
    object: 'webhook_delivery' as const,
    event_id: toWire('evt', delivery.eventId),
    webhook_id: toWire('whk', delivery.webhookId),
    type: delivery.topic,
    subject_id: toWire(prefixOf(delivery.topic), delivery.subjectId),
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    last_attempt_at: delivery.lastAttemptAt?.toISOString() ?? null,
    response_status: delivery.statusCode,
    error: delivery.error,
    created_at: delivery.createdAt.toISOString(),
  }
}

/** A delivery with what was sent and what came back. */
export function presentDeliveryWithAttempts(delivery: DeliveryWithAttempts) {
  return {
    ...presentDelivery(delivery),
    request_body: delivery.requestBody,
    log: delivery.log.map(presentAttempt),
  }
}

/** A range of time that is sent again. */
export function presentReplay(replay: Replay) {
  return {
    object: 'webhook_replay' as const,
    id: toWire('rpl', replay.id),
    webhook_id: toWire('whk', replay.webhookId),
    from: replay.from.toISOString(),
    to: replay.to.toISOString(),
    scope: replay.scope,
    status: replay.status,
    queued: replay.queued,
    created_at: replay.createdAt.toISOString(),
    ended_at: replay.endedAt?.toISOString() ?? null,
  }
}

function presentAttempt(attempt: DeliveryAttempt) {
  return {
    at: attempt.at.toISOString(),
    url: attempt.url,
    duration_ms: attempt.durationMs,
    response_status: attempt.statusCode,
    response_body: attempt.responseBody,
    error: attempt.error,
  }
}

const PREFIXES: Readonly<Record<string, IdPrefix>> = {
  economy: 'eco',
  user: 'usr',
  transaction_type: 'typ',
  token_rule: 'rul',
  price_point: 'prc',
  airdrop: 'air',
  ledger: 'rec',
  redeemable_sku: 'sku',
  redemption: 'rdm',
  stake: 'stk',
  unstake: 'ust',
  device: 'dev',
  token_grant: 'sub',
  coin_transfer: 'sub',
  webhook: 'whk',
  // In the words of the OST API, which has a payment of several transactions as one.
  price_points: 'prc',
  redemptions: 'rdm',
  webhooks: 'whk',
}

/** The prefix of the ids of what a topic is about. */
function prefixOf(topic: string): IdPrefix {
  return PREFIXES[topic.split(/[./]/)[0] ?? ''] ?? 'txn'
}
