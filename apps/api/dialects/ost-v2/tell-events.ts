import type { Execution, ExecutionReader } from '#core/bundle/execution.ts'
import { bundleStatus } from '#core/bundle/bundle.ts'
import type { TokenReader } from '#core/economy/read-token.ts'
import type { Redemption, RedemptionStatus } from '#core/redemption/redemption.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import { derivedId } from '#core/webhook/derived-id.ts'
import type { EventSubjects, ReadableEvent } from '#core/webhook/event.ts'
import type { FannedEvent } from '#core/webhook/event-log.ts'
import type { TellEvents } from '#core/webhook/fan-out-events.ts'
import type { OstTopic } from '#core/webhook/ost-topics.ts'
import { executionAt } from './execution-at.ts'
import { presentPricePoint, presentRedemption, seconds } from './present.ts'
import { presentTransaction } from './present-transaction.ts'

interface TellDeps {
  executionReader: ExecutionReader
  tokenReader: TokenReader
  subjects: EventSubjects
  unitOfWork: UnitOfWork
}

/** What one event of ours leads to. */
interface Told {
  event: ReadableEvent
  topic: OstTopic
  /** What it is about, of which each topic is told once. */
  aboutId: string
  data: object
}

/**
 * Our events in the words of the OST API v2. An execution of several transactions is one transaction there: it is told of once
 * per topic, by the event that takes the last of them so far. Ids follow from what is told, so that no reading tells it twice.
 */
export function createTellOstV2(deps: TellDeps): TellEvents {
  return async (events) => {
    const told: Told[] = []
    for (const [economyId, ofEconomy] of Map.groupBy(events, (event) => event.economyId)) {
      const [first] = ofEconomy
      if (first) told.push(...(await tellEconomy(deps, { tenantId: first.tenantId, economyId }, ofEconomy)))
    }
    return [...new Map(told.map(toFanned).map((one) => [one.eventId, one])).values()]
  }
}

async function tellEconomy(
  deps: TellDeps,
  owner: { tenantId: string; economyId: string },
  events: readonly ReadableEvent[],
): Promise<Told[]> {
  const ids = events.filter(({ topic }) => topic.startsWith('transaction.')).map((event) => event.subjectId)
  const [executions, orders, subjects, token] = await Promise.all([
    deps.executionReader.ofTransactions(owner, ids),
    deps.unitOfWork(owner.tenantId, (tx) => tx.redemptions.findByTransactions(owner.economyId, ids)),
    deps.subjects.of(events.filter(({ topic }) => !topic.startsWith('transaction.'))),
    deps.tokenReader(owner.tenantId, owner.economyId),
  ])
  const executionOf = new Map(
    executions.flatMap((execution) => execution.transactions.map(({ id }) => [id, execution] as const)),
  )
  const orderOf = new Map(orders.map((order) => [order.transactionId, order]))
  return events.flatMap((event) => {
    const execution = executionOf.get(event.subjectId)
    if (execution) return tellExecution(event, execution, orderOf.get(event.subjectId))
    const subject = subjects.get(event.id)
    if (subject?.kind === 'redemption') return tellOrder(event, subject.redemption)
    if (subject?.kind !== 'price_point' || !token) return []
    const topic =
      `price_points/${subject.price.currency.toLowerCase() as 'usd' | 'eur' | 'gbp'}_update` as const
    const data = { result_type: 'price_point', price_point: presentPricePoint(token) }
    return [{ event, topic, aboutId: subject.price.id, data }]
  })
}

function tellExecution(event: ReadableEvent, execution: Execution, order: Redemption | undefined): Told[] {
  const tell = (topic: OstTopic): Told => ({
    event,
    topic,
    aboutId: execution.id,
    data: { result_type: 'transaction', transaction: presentTransaction(executionAt(execution, topic)) },
  })
  if (event.topic === 'transaction.queued') return [tell('transactions/initiate')]
  const statuses = execution.transactions.map(({ status }) => status)
  const status = bundleStatus(statuses)
  if (status === 'queued' || status === 'submitted') return []
  const told: Told[] = []
  if (statuses.some((one) => one !== 'failed')) told.push(tell('transactions/mine'))
  if (status === 'confirmed') told.push(tell('transactions/success'))
  if (status === 'failed') told.push(tell('transactions/failure'))
  if (order && event.topic === 'transaction.confirmed') told.push(orderAt(event, order, 'redemptions/accept'))
  if (order && event.topic === 'transaction.failed') told.push(orderAt(event, order, 'redemptions/failure'))
  return told
}

function tellOrder(event: ReadableEvent, order: Redemption): Told[] {
  const topic = ORDER_TOPICS[event.topic]
  return topic === undefined ? [] : [orderAt(event, order, topic)]
}

/** An order as it stood then, however late it is read. */
function orderAt(event: ReadableEvent, order: Redemption, topic: keyof typeof STATUS_AT): Told {
  const isDecided = topic === 'redemptions/cancel' || topic === 'redemptions/fulfill'
  const then = { ...order, status: STATUS_AT[topic], decidedAt: isDecided ? order.decidedAt : null }
  const data = { result_type: 'redemption', redemption: presentRedemption(then) }
  return { event, topic, aboutId: order.id, data }
}

const ORDER_TOPICS: Readonly<Record<string, keyof typeof STATUS_AT>> = {
  'redemption.created': 'redemptions/initiate',
  'redemption.cancelled': 'redemptions/cancel',
  'redemption.fulfilled': 'redemptions/fulfill',
}

const STATUS_AT = {
  'redemptions/initiate': 'initiated',
  'redemptions/accept': 'accepted',
  'redemptions/failure': 'failed',
  'redemptions/cancel': 'cancelled',
  'redemptions/fulfill': 'fulfilled',
} as const satisfies Partial<Record<OstTopic, RedemptionStatus>>

function toFanned({ event, topic, aboutId, data }: Told): FannedEvent {
  const { tenantId, economyId, createdAt } = event
  const eventId = derivedId(aboutId, topic)
  const body = renderOstV2({ id: eventId, topic, createdAt, data })
  return { tenantId, economyId, format: 'ost-v2', eventId, topic, subjectId: aboutId, createdAt, body }
}

/** The body of an event; the webhook that gets it adds its id. */
export function renderOstV2(told: { id: string; topic: string; createdAt: Date; data: object }): string {
  const { id, topic, createdAt, data } = told
  return JSON.stringify({ id, topic, created_at: seconds(createdAt), version: 'v2', data })
}
