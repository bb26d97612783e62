import type { EventSubject, ReadableEvent } from '#core/webhook/event.ts'
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
