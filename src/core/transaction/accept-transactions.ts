import assert from 'node:assert'
import type { Fingerprint } from '../idempotency/fingerprint.ts'
import { differingFields } from '../idempotency/fingerprint.ts'
import { IdempotencyKeyReused } from '../idempotency/errors.ts'
import { FundsBook } from '../ledger/hold-funds.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import type { TransactionType } from '../rule/transaction-type.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { DomainError, type ErrorCode, type FieldError } from '../shared/errors.ts'
import type {
  AcceptanceStore,
  AcceptanceTx,
  ActivitySubject,
  EconomyState,
  KeyClaim,
  LockedParty,
  PartyRef,
} from './acceptance-store.ts'
import { refKey } from './acceptance-store.ts'
import { ActivityBook } from './activity-book.ts'
import type { AcceptedAttachment, Attachment } from './attachment.ts'
import { type Acceptance, type DecisionContext, decideTransaction } from './decide-transaction.ts'
import { partiesOf, resolveType } from './resolve-parties.ts'
import type { AcceptedTransaction, ExecuteTransaction } from './transaction.ts'

/** One request: one transaction, or a batch of them under one idempotency key. */
export interface AcceptRequest {
  tenantId: string
  economyId: string
  items: readonly ExecuteTransaction[]
  idempotency: { key: string; fingerprint: Fingerprint } | null
  /** Decides everything and writes nothing. */
  dryRun: boolean
  /** Of a dry run only. */
  drafts?: Drafts
  /** Comes into being with the transactions. The items are then accepted together or not at all. */
  attachment?: Attachment
}

/** What a dry run's items name that is not there yet: so that what a refused request would have needed need not be made for it. */
export interface Drafts {
  /** Taken where the economy has no type of its name. */
  type?: TransactionType
  recipient?: LockedParty
}

/** Why an item was not accepted, in a form that can be stored and shown again. */
export interface Refusal {
  code: ErrorCode
  message: string
  details: Readonly<Record<string, unknown>>
  fields: readonly FieldError[]
}

/** One item's outcome. */
export type ItemResult = { accepted: AcceptedTransaction } | { refused: Refusal }

/** What the request's first execution answered, as its idempotency record keeps it. */
export type StoredResult = readonly ({ transactionId: string } | { refused: Refusal })[]

/** A request's outcome: an item result per item, or a refusal of the whole request. */
export type AcceptResult = { items: readonly ItemResult[]; replayed: boolean } | { error: DomainError }

export interface AcceptDeps {
  acceptance: AcceptanceStore
  /** Configurations by economy, kept between batches; compared by version on every use. */
  configs: Map<string, EconomyConfig>
  clock: Clock
  ids: Ids
  priceMaxAgeMs: number
  /** Called after the commit with the lanes that have new work. Must not throw. */
  wakeLanes(laneIds: readonly string[]): void
}

/**
 * Accepts a batch of requests in one database transaction: locks the accounts in id order, decides each item in the order of
 * arrival, and writes transactions, transfers, holds, idempotency results and outbox events in one statement.
 *
 * One item's refusal never fails another, unless the request has an attachment: then it fails the request. On a throw nothing of the batch is held and nothing is queued.
 * @param onSent called when the batch was decided and sent: one that is accepted from now on meets what it has written.
 * @returns one result per request, in order.
 */
export async function acceptTransactions(
  deps: AcceptDeps,
  requests: readonly AcceptRequest[],
  onSent?: () => void,
): Promise<AcceptResult[]> {
  for (;;) {
    try {
      return await acceptOnce(deps, requests, onSent)
    } catch (error) {
      if (!(error instanceof ConfigChanged)) throw error
    }
  }
}

/** The batch's accounts were chosen by a configuration that is no longer the economy's; the new one has been loaded. */
class ConfigChanged extends Error {}

/** @throws ConfigChanged when it has to be done again. */
async function acceptOnce(
  deps: AcceptDeps,
  requests: readonly AcceptRequest[],
  onSent?: () => void,
): Promise<AcceptResult[]> {
  for (const { dryRun, drafts } of requests) assert(dryRun || !drafts, 'only a dry run may do with drafts')
  const now = deps.clock.now()
  const tenantIds = [...new Set(requests.map((request) => request.tenantId))]
  const lanes = new Set<string>()
  const work = async (tx: AcceptanceTx) => {
    const outcomes = requests.map((): AcceptResult | undefined => undefined)
    const planned = requests.map((request, index) => ({
      request,
      index,
      ids: request.items.map(() => deps.ids.next()),
    }))
    // One after the other for the database, in one round trip.
    const [economies, , { parties, activity }] = await Promise.all([
      tx.readEconomies([...new Set(requests.map(({ economyId }) => economyId))]),
      answerKnownKeys(tx, planned, outcomes),
      readState(deps, tx, planned, now),
    ])
    if (await refreshConfigs(deps.configs, tx, economies)) throw new ConfigChanged()
    const fresh = planned.filter(({ index }) => outcomes[index] === undefined)
    const funds = new FundsBook(parties)

    for (const { request, index, ids } of fresh) {
      const economy = economies.get(request.economyId)
      const config = configOf(deps, request)
      assert(economy && config, 'the economy of an authenticated request exists')
      const context = { economy, config, parties, funds, activity, now, priceMaxAgeMs: deps.priceMaxAgeMs }
      const items = request.attachment
        ? decideTogether(context, request, ids)
        : decideEach(context, request, ids)
      outcomes[index] = { items, replayed: false }
      if (!request.dryRun && items.some((item) => 'accepted' in item)) lanes.add(economy.laneId)
    }

    await writeBatch(tx, fresh, outcomes, funds, now)
    return outcomes.map((outcome) => outcome ?? assert.fail('every request has an outcome'))
  }
  const results = await deps.acceptance.transaction(tenantIds, work, onSent)
  if (lanes.size > 0) deps.wakeLanes([...lanes])
  return results
}

function decideEach(context: DecisionContext, request: AcceptRequest, ids: readonly string[]): ItemResult[] {
  return request.items.map((item, position) =>
    toItemResult(decideTransaction(context, request, item, ids[position] ?? assert.fail('one id per item'))),
  )
}

/** All items, or none: the first refusal is everyone's, and the books are as if nothing had been asked. */
function decideTogether(
  context: DecisionContext,
  request: AcceptRequest,
  ids: readonly string[],
): ItemResult[] {
  const restore = [context.funds.checkpoint(), context.activity.checkpoint()]
  const items = decideEach(context, request, ids)
  const refusal = items.find((item) => 'refused' in item)
  if (!refusal) return items
  for (const book of restore) book()
  return items.map(() => refusal)
}

interface Planned {
  request: AcceptRequest
  index: number
  ids: readonly string[]
}

/** Claims the requests' keys and fills in the outcome of those that were executed before. */
async function answerKnownKeys(
  tx: AcceptanceTx,
  planned: readonly Planned[],
  outcomes: (AcceptResult | undefined)[],
): Promise<void> {
  const claims = planned.flatMap(toClaim)
  if (claims.length === 0) return
  const found = await tx.claimKeys(claims)
  for (const { request, index } of planned) {
    if (!request.idempotency || request.dryRun) continue
    const known = found.get(refKey(request.economyId, request.idempotency.key))
    if (!known) continue
    const differing = differingFields(known.fingerprint, request.idempotency.fingerprint)
    outcomes[index] =
      differing.length > 0
        ? { error: new IdempotencyKeyReused(differing) }
        : { items: await replay(tx, request.economyId, known.result), replayed: true }
  }
}

function toClaim({ request, ids }: Planned): KeyClaim[] {
  if (!request.idempotency || request.dryRun) return []
  const { key, fingerprint } = request.idempotency
  const transactionId = ids.length === 1 ? (ids[0] ?? null) : null
  return [{ economyId: request.economyId, tenantId: request.tenantId, key, fingerprint, transactionId }]
}

async function replay(tx: AcceptanceTx, economyId: string, stored: StoredResult): Promise<ItemResult[]> {
  const ids = stored.flatMap((item) => ('transactionId' in item ? [item.transactionId] : []))
  const accepted = await tx.findAccepted(economyId, ids)
  return stored.map((item) => {
    if ('refused' in item) return item
    return {
      accepted:
        accepted.get(item.transactionId) ?? assert.fail('an idempotency record points at its transaction'),
    }
  })
}

/** @returns whether one was not known, or has changed. */
async function refreshConfigs(
  configs: Map<string, EconomyConfig>,
  tx: AcceptanceTx,
  economies: ReadonlyMap<string, EconomyState>,
): Promise<boolean> {
  const old = [...economies].filter(
    ([id, { configVersion }]) => configs.get(id)?.configVersion !== configVersion,
  )
  for (const [id] of old) configs.set(id, await tx.loadConfig(id))
  return old.length > 0
}

/** Locks every account the batch may touch and reads the windows that rules may ask for. */
async function readState(deps: AcceptDeps, tx: AcceptanceTx, planned: readonly Planned[], now: Date) {
  const refs = new Map<string, PartyRef>()
  const subjects = new Map<string, ActivitySubject>()
  for (const { request } of planned) {
    const config = configOf(deps, request)
    if (!config) continue
    const usesWindow = config.rules.some((rule) => rule.usesWindow)
    for (const item of request.items) {
      const type = resolveType(config, item)
      if (!type) continue
      const { payerId, recipientId, commissionRecipientId } = partiesOf(config, type, item)
      for (const userId of [payerId, recipientId, commissionRecipientId]) {
        if (userId) refs.set(refKey(request.economyId, userId), { economyId: request.economyId, userId })
      }
      if (!usesWindow) continue
      for (const subjectId of [payerId, type.id]) {
        if (subjectId)
          subjects.set(refKey(request.economyId, subjectId), { economyId: request.economyId, subjectId })
      }
    }
  }
  const [parties, windows] = await Promise.all([
    tx.lockParties([...refs.values()]),
    subjects.size > 0 ? tx.readActivity([...subjects.values()], now) : new Map(),
  ])
  for (const { request } of planned) {
    const recipient = request.drafts?.recipient
    if (recipient) parties.set(refKey(request.economyId, recipient.id), recipient)
  }
  return { parties, activity: new ActivityBook(windows) }
}

/** The economy's configuration as the request may use it; undefined before it is loaded. */
function configOf({ configs }: AcceptDeps, { economyId, drafts }: AcceptRequest): EconomyConfig | undefined {
  const config = configs.get(economyId)
  if (!config || !drafts?.type || config.typesByName.has(drafts.type.name)) return config
  return { ...config, typesByName: new Map(config.typesByName).set(drafts.type.name, drafts.type) }
}

async function writeBatch(
  tx: AcceptanceTx,
  fresh: readonly Planned[],
  outcomes: readonly (AcceptResult | undefined)[],
  funds: FundsBook,
  now: Date,
): Promise<void> {
  const written = fresh.filter(({ request }) => !request.dryRun)
  const transactions: AcceptedTransaction[] = []
  const results: { economyId: string; key: string; result: StoredResult }[] = []
  const attachments: AcceptedAttachment[] = []
  for (const { request, index } of written) {
    const outcome = outcomes[index]
    assert(outcome && 'items' in outcome, 'a fresh request was decided')
    for (const item of outcome.items) if ('accepted' in item) transactions.push(item.accepted)
    if (request.attachment && outcome.items.every((item) => 'accepted' in item)) {
      attachments.push(toAttachment(request, request.attachment, outcome.items))
    }
    const isPlain = outcome.items.length === 1 && outcome.items.every((item) => 'accepted' in item)
    if (request.idempotency && !isPlain) {
      results.push({
        economyId: request.economyId,
        key: request.idempotency.key,
        result: outcome.items.map(toStored),
      })
    }
  }
  if (transactions.length + results.length === 0) return
  tx.write({ transactions, reservations: funds.reservations, results, now })
  if (attachments.length > 0) await tx.attach(attachments, now)
}

function toAttachment(
  { tenantId, economyId }: AcceptRequest,
  attachment: Attachment,
  items: readonly ItemResult[],
): AcceptedAttachment {
  const transactionIds = items.flatMap((item) => ('accepted' in item ? [item.accepted.id] : []))
  return { tenantId, economyId, attachment, transactionIds }
}

function toStored(item: ItemResult): StoredResult[number] {
  return 'accepted' in item ? { transactionId: item.accepted.id } : item
}

function toItemResult(acceptance: Acceptance): ItemResult {
  if (!(acceptance instanceof DomainError)) return { accepted: acceptance }
  const { code, message, details, fields } = acceptance
  return { refused: { code, message, details, fields } }
}
