import {
  type EventSubject,
  type EventSubjects,
  type ReadableEvent,
  subjectKind,
} from '#core/webhook/event.ts'
import { createAirdropStore } from './airdrop-store.ts'
import { createBackingStore } from './backing-store.ts'
import type { Database, PrismaTx } from './database.ts'
import { toDevice } from './device-store.ts'
import { readEconomyCall } from './economy-call-reader.ts'
import { createEconomyStore } from './economy-store.ts'
import { createMessageStore } from './message-store.ts'
import { createPricePointStore } from './price-point-store.ts'
import { type ReconciliationRow, toReconciliation } from './reconciliation-reader.ts'
import { createRedemptionStore } from './redemption-store.ts'
import { createTokenRuleStore } from './token-rule-store.ts'
import { createTransactionTypeStore } from './transaction-type-store.ts'
import { toTransaction, TRANSACTION_COLUMNS, type TransactionRow } from './transaction-row.ts'
import { toUser, WITH_WALLET } from './user-store.ts'
import { toWebhook } from './webhook-row.ts'

const READ_TRANSACTIONS = `
SELECT ${TRANSACTION_COLUMNS} FROM transaction_state t LEFT JOIN chain_submission s ON s.id = t.submission_id
WHERE (t.economy_id, t.id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))`

/** Reads what events are about: transactions and users by the set, the rest, which changes seldom, one by one. */
export function createEventSubjects(database: Pick<Database, 'read' | 'transaction'>): EventSubjects {
  return {
    async of(events) {
      const subjects = new Map<string, EventSubject>()
      for (const [tenantId, ofTenant] of Map.groupBy(events, (event) => event.tenantId)) {
        const found = await readSubjects(database, tenantId, ofTenant)
        for (const event of ofTenant) {
          const subject = found.get(`${subjectKind(event.topic)} ${event.subjectId}`)
          if (subject) subjects.set(event.id, subject)
        }
      }
      return subjects
    },
  }
}

async function readSubjects(
  database: Pick<Database, 'read' | 'transaction'>,
  tenantId: string,
  events: readonly ReadableEvent[],
): Promise<Map<string, EventSubject>> {
  const found = new Map<string, EventSubject>()
  const keep = (id: string, subject: EventSubject) => void found.set(`${subject.kind} ${id}`, subject)
  const byKind = Map.groupBy(events, (event) => subjectKind(event.topic))
  const transactions = byKind.get('transaction') ?? []
  byKind.delete('transaction')
  if (transactions.length > 0) {
    const rows = await database.read<TransactionRow>(tenantId, 'webhook_transactions', READ_TRANSACTIONS, [
      transactions.map((event) => event.economyId),
      transactions.map((event) => event.subjectId),
    ])
    for (const row of rows) keep(row.id, { kind: 'transaction', transaction: toTransaction(row) })
  }
  if (byKind.size === 0) return found
  await database.transaction(tenantId, async (tx) => {
    await readUsers(tx, tenantId, events, keep)
    const read = createReadOne(tx, tenantId)
    const seen = new Set<string>()
    for (const event of events) {
      const kind = subjectKind(event.topic)
      if (kind === 'transaction' || kind === 'user' || seen.has(`${kind} ${event.subjectId}`)) continue
      seen.add(`${kind} ${event.subjectId}`)
      const subject = await read(kind, event.economyId, event.subjectId)
      if (subject) keep(event.subjectId, subject)
    }
  })
  return found
}

async function readUsers(
  tx: PrismaTx,
  tenantId: string,
  events: readonly ReadableEvent[],
  keep: (id: string, subject: EventSubject) => void,
): Promise<void> {
  const ofUsers = events.filter((event) => subjectKind(event.topic) === 'user')
  for (const [economyId, ofEconomy] of Map.groupBy(ofUsers, (event) => event.economyId)) {
    const ids = [...new Set(ofEconomy.map((event) => event.subjectId))]
    const rows = await tx.economyUser.findMany({
      where: { tenantId, economyId, id: { in: ids } },
      ...WITH_WALLET,
    })
    for (const row of rows) keep(row.id, { kind: 'user', user: toUser(row) })
  }
}

function createReadOne(tx: PrismaTx, tenantId: string) {
  const [economies, types, rules, prices, airdrops, redemptions, messages, backings] = [
    createEconomyStore(tx, tenantId),
    createTransactionTypeStore(tx, tenantId),
    createTokenRuleStore(tx, tenantId),
    createPricePointStore(tx, tenantId),
    createAirdropStore(tx, tenantId),
    createRedemptionStore(tx, tenantId),
    createMessageStore(tx, tenantId),
    createBackingStore(tx, tenantId),
  ]
  return async (
    kind: Exclude<EventSubject['kind'], 'transaction' | 'user'>,
    economyId: string,
    id: string,
  ): Promise<EventSubject | null> => {
    switch (kind) {
      case 'economy': {
        const economy = await economies.find(id)
        return economy && { kind, economy }
      }
      case 'transaction_type': {
        const type = await types.find(economyId, id)
        return type && { kind, type }
      }
      case 'token_rule': {
        const rule = await rules.find(economyId, id)
        return rule && { kind, rule }
      }
      case 'price_point': {
        const price = await prices.find(economyId, id)
        return price && { kind, price }
      }
      case 'airdrop': {
        const airdrop = await airdrops.find(economyId, id)
        return airdrop && { kind, airdrop }
      }
      case 'redeemable_sku': {
        const sku = await redemptions.findSku(economyId, id)
        return sku && { kind, sku }
      }
      case 'redemption': {
        const redemption = await redemptions.find(economyId, id)
        return redemption && { kind, redemption }
      }
      case 'stake':
      case 'unstake': {
        const message = await messages.find(economyId, kind === 'stake' ? 'stake' : 'redeem', id)
        const backing = message && (await backings.find(economyId))
        return backing && { kind, message: { message, backing } }
      }
      case 'device': {
        const row = await tx.device.findFirst({ where: { tenantId, economyId, id } })
        return row && { kind, device: toDevice(row) }
      }
      case 'token_grant':
      case 'coin_transfer': {
        const call = await readEconomyCall(tx, tenantId, { economyId, id })
        return call && { kind, call }
      }
      case 'reconciliation': {
        const [row] = await tx.$queryRaw<ReconciliationRow[]>`
          SELECT id, economy_id, block_number::text, block_hash, accounts, status, differences, created_at
          FROM reconciliation WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${economyId}::uuid AND id = ${id}::uuid`
        return row ? { kind, reconciliation: toReconciliation(row) } : null
      }
      case 'webhook': {
        const row = await tx.webhookEndpoint.findFirst({ where: { tenantId, economyId, id } })
        return row && { kind, webhook: toWebhook(row) }
      }
    }
  }
}
