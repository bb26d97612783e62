import type { Faucet } from '#core/economy/faucet.ts'
import type { GatewayCalls } from '#core/gateway/gateway-calls.ts'
import type { EventSubject, ReadableEvent, RenderEvent } from '#core/webhook/event.ts'
import type { RenderTest } from '#core/webhook/send-test-event.ts'
import { transactionAt } from '#core/webhook/transaction-at.ts'
import { presentAirdrop } from './airdrops.ts'
import { presentDevice } from './devices.ts'
import { presentEconomy } from './economies.ts'
import { presentCoinTransfer, presentTokenGrant } from './economy-calls.ts'
import { presentPricePoint } from './price-points.ts'
import { presentRedemption, presentSku } from './redemptions.ts'
import { presentReconciliation } from './reconciliations.ts'
import { presentStake } from './stakes.ts'
import { presentUnstake } from './unstakes.ts'
import { presentTokenRule } from './token-rules.ts'
import { presentTransactionType } from './transaction-types.ts'
import { presentTransaction } from './transactions.ts'
import { presentUser } from './users.ts'
import { presentWebhook } from './webhooks.ts'
import { toWire } from './wire-id.ts'
import { presentWebhook as presentOstWebhook } from '../dialects/ost-v2/present.ts'
import { renderOstV2 } from '../dialects/ost-v2/tell-events.ts'

/** What is asked about calls that events show. */
export interface EventPresenterDeps {
  gatewayCalls: GatewayCalls
  faucet: Pick<Faucet, 'grantedAmount'>
}

/** An event as /v3 lists it and as webhooks receive it. */
export function presentEvent(deps: EventPresenterDeps, event: ReadableEvent, subject: EventSubject | null) {
  return presentEnvelope(event, subject === null ? null : presentSubject(deps, event, subject))
}

function presentEnvelope(event: ReadableEvent, data: Record<string, unknown> | null) {
  return {
    object: 'event' as const,
    id: toWire('evt', event.id),
    type: event.topic,
    created_at: event.createdAt.toISOString(),
    economy_id: toWire('eco', event.economyId),
    data,
  }
}

/** Writes the bodies of webhooks' deliveries. */
export function createRenderEvent(deps: EventPresenterDeps): RenderEvent {
  return (event, subject) => JSON.stringify(presentEvent(deps, event, subject))
}

/** The topic of test events in the words of the OST API, which had none. */
const OST_TEST_TOPIC = 'webhooks/test'

/** A test event for a webhook, in its format. */
export const renderTest: RenderTest = (event, webhook) => {
  if (webhook.format === 'v3')
    return { topic: event.topic, body: JSON.stringify(presentEnvelope(event, presentWebhook(webhook))) }
  const data = { result_type: 'webhook', webhook: presentOstWebhook(webhook) }
  return { topic: OST_TEST_TOPIC, body: renderOstV2({ ...event, topic: OST_TEST_TOPIC, data }) }
}

function presentSubject(
  deps: EventPresenterDeps,
  event: ReadableEvent,
  subject: EventSubject,
): Record<string, unknown> {
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
    case 'stake':
      return presentStake(deps.gatewayCalls, subject.message)
    case 'unstake':
      return presentUnstake(deps.gatewayCalls, subject.message)
    case 'device':
      return presentDevice(subject.device)
    case 'token_grant':
      return presentTokenGrant(deps.faucet.grantedAmount(subject.call.calldata), subject.call)
    case 'coin_transfer':
      return presentCoinTransfer(subject.call)
    case 'reconciliation':
      return presentReconciliation(subject.reconciliation)
    case 'webhook':
      return presentWebhook(subject.webhook)
  }
}
