import type { EventSubject, ReadableEvent } from '#core/webhook/event.ts'
import type { RenderTest } from '#core/webhook/send-test-event.ts'
import { transactionAt } from '#core/webhook/transaction-at.ts'
import { presentAirdrop } from './airdrops.ts'
import { presentEconomy } from './economies.ts'
import { presentPricePoint } from './price-points.ts'
import { presentRedemption, presentSku } from './redemptions.ts'
import { presentReconciliation } from './reconciliations.ts'
import { presentTokenRule } from './token-rules.ts'
import { presentTransactionType } from './transaction-types.ts'
import { presentTransaction } from './transactions.ts'
import { presentUser } from './users.ts'
import { presentWebhook } from './webhooks.ts'
import { toWire } from './wire-id.ts'
import { presentWebhook as presentOstWebhook } from '../dialects/ost-v2/present.ts'
import { renderOstV2 } from '../dialects/ost-v2/tell-events.ts'

/** An event as /v3 lists it and as webhooks receive it. */
export function presentEvent(event: ReadableEvent, subject: EventSubject | null) {
  return {
    object: 'event' as const,
    id: toWire('evt', event.id),
    type: event.topic,
    created_at: event.createdAt.toISOString(),
    economy_id: toWire('eco', event.economyId),
    data: subject === null ? null : presentSubject(event, subject),
  }
}

/** The body of a webhook's delivery. */
export function renderEvent(event: ReadableEvent, subject: EventSubject | null): string {
  return JSON.stringify(presentEvent(event, subject))
}

/** The topic of test events in the words of the OST API, which had none. */
const OST_TEST_TOPIC = 'webhooks/test'

/** A test event for a webhook, in its format. */
export const renderTest: RenderTest = (event, webhook) => {
  if (webhook.format === 'v3')
    return { topic: event.topic, body: renderEvent(event, { kind: 'webhook', webhook }) }
  const data = { result_type: 'webhook', webhook: presentOstWebhook(webhook) }
  return { topic: OST_TEST_TOPIC, body: renderOstV2({ ...event, topic: OST_TEST_TOPIC, data }) }
}

function presentSubject(event: ReadableEvent, subject: EventSubject): Record<string, unknown> {
  switch (subject.kind) {
    case 'economy':
      return presentEconomy(subject.economy)
    case 'user':
      return presentUser(subject.user)
    case 'transaction_type':
      return presentTransactionType(subject.type)
    case 'token_rule':
      return presentTokenRule(subject.rule)
    case 'price_point':
      return presentPricePoint(subject.price)
    case 'transaction':
      return presentTransaction(transactionAt(subject.transaction, event))
    case 'airdrop':
      return presentAirdrop(subject.airdrop)
    case 'redeemable_sku':
      return presentSku(subject.sku)
    case 'redemption':
      return presentRedemption(subject.redemption)
    case 'reconciliation':
      return presentReconciliation(subject.reconciliation)
    case 'webhook':
      return presentWebhook(subject.webhook)
  }
}
