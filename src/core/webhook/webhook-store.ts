import type { Page, PageRequest } from '../shared/page.ts'
import type { Delivery, DeliveryStatus, DeliveryWithAttempts } from './delivery.ts'
import type { Replay } from './replay.ts'
import type { Webhook, WebhookFormat } from './webhook.ts'

/** An event as it is sent. */
export interface EventBody {
  eventId: string
  topic: string
  subjectId: string
  body: string
}

/** Port: an economy's webhooks and the log of their deliveries. Secrets go in and never come out. */
export interface WebhookStore {
  find(economyId: string, id: string): Promise<Webhook | null>
  /** The same, and nobody else changes it until the unit of work ends. */
  lock(economyId: string, id: string): Promise<Webhook | null>
  list(economyId: string, page: PageRequest, filter?: { format?: WebhookFormat }): Promise<Page<Webhook>>
  count(economyId: string): Promise<number>
  /** The ids of the enabled ones of the OST API; until the unit of work ends, nobody else asks for them. */
  lockEnabledOst(economyId: string): Promise<string[]>
  /**
   * @returns the secret in force: `secret`, or for one of the OST API that of those before it.
   * @throws WebhookUrlTaken
   */
  insert(webhook: Webhook, secret: string): Promise<string>
  /** Writes what the owner decides; how deliveries fare is the worker's to write. */
  update(webhook: Webhook): Promise<void>
  /** Forgets its failures: the next try is due now. */
  clearFailures(webhook: Pick<Webhook, 'economyId' | 'id'>): Promise<void>
  /** Signs with `secret` from now on, and with the present one too until `previousUntil`; one of the OST API with all others of it. */
  replaceSecret(webhook: Webhook, secret: string, previousUntil: Date): Promise<void>
  delete(economyId: string, id: string, at: Date): Promise<void>
  /** Queues an event that stands in no log for one webhook. */
  queue(webhook: Webhook, event: EventBody): Promise<void>
  listDeliveries(
    webhook: Webhook,
    page: PageRequest,
    filter: { status?: DeliveryStatus; topic?: string },
  ): Promise<Page<Delivery>>
  findDelivery(webhook: Webhook, eventId: string): Promise<DeliveryWithAttempts | null>
  /** Makes a delivery due now, with all its tries before it again. False: there is none. */
  redeliver(webhook: Webhook, eventId: string): Promise<boolean>
  insertReplay(webhook: Webhook, replay: Replay): Promise<void>
  listReplays(webhook: Webhook, page: PageRequest): Promise<Page<Replay>>
}
