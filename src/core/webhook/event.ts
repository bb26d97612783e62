import type { AirdropWithProgress } from '../airdrop/airdrop.ts'
import type { EconomyCall } from '../chain/economy-call.ts'
import type { Device } from '../device/device.ts'
import type { Economy } from '../economy/economy.ts'
import type { MessageWithBacking } from '../gateway/message.ts'
import type { PastReconciliation } from '../ledger/list-reconciliations.ts'
import type { Redemption, RedeemableSku } from '../redemption/redemption.ts'
import type { PricePoint } from '../rule/price-point.ts'
import type { TokenRule } from '../rule/token-rule.ts'
import type { TransactionType } from '../rule/transaction-type.ts'
import type { Transaction } from '../transaction/transaction.ts'
import type { User } from '../user/user.ts'
import type { EventTopic } from './event-topics.ts'
import type { Webhook } from './webhook.ts'

/** A state change of an economy as its owner is told of it. */
export interface ReadableEvent {
  id: string
  tenantId: string
  economyId: string
  topic: EventTopic
  subjectId: string
  payload: Readonly<Record<string, unknown>>
  createdAt: Date
}

/** The thing that changed. */
export type EventSubject =
  | { kind: 'economy'; economy: Economy }
  | { kind: 'user'; user: User }
  | { kind: 'transaction_type'; type: TransactionType }
  | { kind: 'token_rule'; rule: TokenRule }
  | { kind: 'price_point'; price: PricePoint }
  | { kind: 'transaction'; transaction: Transaction }
  | { kind: 'airdrop'; airdrop: AirdropWithProgress }
  | { kind: 'reconciliation'; reconciliation: PastReconciliation }
  | { kind: 'redeemable_sku'; sku: RedeemableSku }
  | { kind: 'redemption'; redemption: Redemption }
  | { kind: 'stake' | 'unstake'; message: MessageWithBacking }
  | { kind: 'device'; device: Device }
  | { kind: 'token_grant' | 'coin_transfer'; call: EconomyCall }
  | { kind: 'webhook'; webhook: Webhook }

export type SubjectKind = EventSubject['kind']

/** An event as JSON text, the body of its deliveries. `subject` null: what changed is kept no longer. Pure. */
export type RenderEvent = (event: ReadableEvent, subject: EventSubject | null) => string

/** Port: reads what events are about, as it stands now. */
export interface EventSubjects {
  /** The subject of each event that still has one, by the event's id. */
  of(events: readonly ReadableEvent[]): Promise<Map<string, EventSubject>>
}

/** What kind of thing an event is about, by its topic. */
export function subjectKind(topic: EventTopic): SubjectKind {
  const noun: string = topic.slice(0, topic.indexOf('.'))
  switch (noun) {
    case 'ledger':
      return 'reconciliation'
    case 'economy':
    case 'user':
    case 'transaction_type':
    case 'token_rule':
    case 'price_point':
    case 'airdrop':
    case 'redeemable_sku':
    case 'redemption':
    case 'stake':
    case 'unstake':
    case 'device':
    case 'token_grant':
    case 'coin_transfer':
    case 'webhook':
      return noun
    default:
      return 'transaction'
  }
}
