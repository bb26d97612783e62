import type { ReconciliationStore, SnapshotAccount } from '#core/ledger/reconciliation-store.ts'
import type { OutboxRecord } from '#core/outbox/outbox-event.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'
import { RELAY_CONSUMER } from '#core/outbox/relay-outbox.ts'
import type { WorkFinder } from '#core/outbox/work-finder.ts'
import { type Clock, type Ids, msApart } from '#core/shared/clock.ts'
import { createMemoryAcceptanceStore } from './acceptance-store.ts'
import { atOnce, type Gate, type MemoryTx, transact } from './memory-database.ts'
import { append, byId, isOpen, type MemoryTables } from './rows.ts'
import { createMemoryChainStore, createMemorySettlementStore } from './settlement-store.ts'
import { createMemoryLaneStore, createMemorySubmissionStore } from './submission-store.ts'

const BEGINNING = { xid: 0n, id: '00000000-0000-0000-0000-000000000000' }
/** Milliseconds. A younger submission is on its way. */
const UNMINED_AFTER_MS = 3_000

/** Every port of the money path over the same tables, each call waiting at the process's gate. `clock` is the database's. */
export function createMemoryStores(deps: { tables: MemoryTables; ids: Ids; clock: Clock; gate: Gate }) {
  const { tables, ids, gate } = deps
  return {
    acceptance: createMemoryAcceptanceStore(tables, gate),
    submissions: createMemorySubmissionStore(tables, ids, gate),
    lanes: createMemoryLaneStore(tables, gate),
    chains: createMemoryChainStore(tables, gate),
    settlements: createMemorySettlementStore(tables, ids, gate),
    reconciliations: createMemoryReconciliationStore(tables, ids, gate),
    outbox: createMemoryOutboxReader(tables, gate),
    finder: createMemoryWorkFinder(tables, deps.clock, gate),
  }
}

export type MemoryStores = ReturnType<typeof createMemoryStores>

function createMemoryReconciliationStore(tables: MemoryTables, ids: Ids, gate: Gate): ReconciliationStore {
  return {
    snapshot: (economyId) =>
      atOnce(tables.database, gate, 'snapshot', (tx) => {
        const economy = tx.get(tables.economies, economyId)
        const cursor = economy && tx.get(tables.cursors, String(economy.chainId))
        if (!economy || !cursor) return null
        const transactions = tx.all(tables.transactions).filter((row) => row.economyId === economyId)
        const holds = new Map(
          tx
            .all(tables.holds)
            .flatMap((row) => (row.economyId === economyId ? [[row.transactionId, row] as const] : [])),
        )
        const isLive = (status: string) => status === 'queued' || status === 'submitted'
        const isPending = (id: string) => holds.get(id)?.status === 'pending'
        const pending = transactions.filter(({ id }) => isPending(id))
        return {
          economyId,
          tenantId: economy.tenantId,
          chainId: economy.chainId,
          token: economy.token,
          block: { number: cursor.number, hash: cursor.hash },
          accounts: tx
            .all(tables.accounts)
            .filter((row) => row.economyId === economyId)
            .toSorted(byId)
            .map(
              ({ economyId: _economy, tenantId: _tenant, ...account }): SnapshotAccount => ({
                ...account,
                entries: sumOf(
                  tx.all(tables.entries),
                  (entry) => entry.economyId === economyId && entry.accountId === account.id,
                ),
                pendingHolds: sumOf(
                  [...holds.values()],
                  (hold) => hold.accountId === account.id && hold.status === 'pending',
                ),
                openIncoming: sumOf(
                  pending.flatMap((row) => row.transfers),
                  (leg) => leg.toAccountId === account.id,
                ),
              }),
            ),
          strayHolds: pending.filter(({ status }) => !isLive(status)).map(({ id }) => id),
          unheldTransactions: transactions
            .filter((row) => isLive(row.status) && !isPending(row.id))
            .map(({ id }) => id),
        }
      }),

    record: (reconciliation) =>
      transact(tables.database, gate, 'reconciliation', async (tx) => {
        const { id, economyId, tenantId, status } = reconciliation
        tx.put(tables.reconciliations, id, reconciliation)
        if (status === 'equal') return
        const event = { id: ids.next(), tenantId, economyId, subjectId: id, payload: null }
        append(tables, tx, { ...event, topic: 'ledger.drift' })
      }),
  }
}

function sumOf<Row extends { amount: bigint }>(rows: readonly Row[], isIn: (row: Row) => boolean): bigint {
  return rows.reduce((sum, row) => (isIn(row) ? sum + row.amount : sum), 0n)
}

function createMemoryOutboxReader(tables: MemoryTables, gate: Gate): OutboxReader {
  return {
    position: (consumer) =>
      atOnce(tables.database, gate, 'outbox position', (tx) => tx.get(tables.readers, consumer) ?? BEGINNING),
    async readAfter(position, limit) {
      await gate.step('db outbox read')
      const { xmin } = tables.database
      return recordsAfter(tables, position)
        .filter(({ xid }) => xid < xmin)
        .slice(0, limit)
    },
    advance: (consumer, position) =>
      transact(tables.database, gate, 'outbox advance', async (tx) => {
        await tx.lock(gate, `reader/${consumer}`)
        const known = tx.get(tables.readers, consumer) ?? BEGINNING
        if (isAfter(position, known)) tx.put(tables.readers, consumer, { xid: position.xid, id: position.id })
      }),
    lanesOf: (economyIds) =>
      atOnce(tables.database, gate, 'lanes of', (tx) => {
        const queued = tx.all(tables.transactions).filter(({ status }) => status === 'queued')
        const withPayments = new Set(queued.map(({ economyId }) => economyId))
        const rows = economyIds
          .flatMap((id) => tx.get(tables.economies, id) ?? [])
          .filter(({ id }) => withPayments.has(id))
        return new Map(rows.map(({ id, laneId }) => [id, laneId]))
      }),
  }
}

/** Each a record of its own. */
function recordsAfter(tables: MemoryTables, position: { xid: bigint; id: string }): OutboxRecord[] {
  return [...tables.events.committed.values()]
    .filter((event) => isAfter(event, position))
    .toSorted((a, b) => (isAfter(a, b) ? 1 : -1))
    .map(({ subjectId, ...event }) => ({
      ...event,
      events: 1,
      eventIds: [event.id],
      subjectIds: [subjectId],
      createdAt: new Date(0),
    }))
}

function isAfter(a: { xid: bigint; id: string }, b: { xid: bigint; id: string }): boolean {
  return a.xid === b.xid ? a.id > b.id : a.xid > b.xid
}

/** @see adapters/postgres/work-finder.ts */
function createMemoryWorkFinder(tables: MemoryTables, clock: Clock, gate: Gate): WorkFinder {
  return {
    findUnfinished: () =>
      atOnce(tables.database, gate, 'find unfinished', (tx) => findUnfinished(tables, tx, clock.now())),
    findUnreconciled: (_before, limit) =>
      atOnce(tables.database, gate, 'find unreconciled', (tx) =>
        tx
          .all(tables.economies)
          .map(({ id }) => id)
          .slice(0, limit),
      ),
  }
}

function findUnfinished(tables: MemoryTables, tx: MemoryTx, now: Date) {
  const activeChains = tx.all(tables.chains).filter(({ status }) => status === 'active')
  const lanes = tx.all(tables.lanes).filter(({ chainId }) => activeChains.some(({ id }) => id === chainId))
  const submissions = tx.all(tables.submissions)
  const withPayments = new Set(
    tx
      .all(tables.transactions)
      .flatMap((row) =>
        row.status === 'queued' ? (tx.get(tables.economies, row.economyId)?.laneId ?? []) : [],
      ),
  )
  const isUnmined = (laneId: string) =>
    submissions.some(
      (row) => row.laneId === laneId && isOpen(row) && msApart(now, row.signedAt ?? now) > UNMINED_AFTER_MS,
    )
  const lanesToSubmit = lanes.filter(
    ({ id, status }) =>
      status === 'active' &&
      (withPayments.has(id) || submissions.some((row) => row.laneId === id && row.status === 'queued')),
  )
  const lanesToRebroadcast = lanes.filter(
    ({ id, status, pauseReason }) => (status === 'paused' && pauseReason !== 'operator') || isUnmined(id),
  )
  return {
    economyIds: [],
    lanesToSubmit: lanesToSubmit.map(({ id }) => id),
    lanesToRebroadcast: lanesToRebroadcast.map(({ id }) => id),
    chainIds: activeChains.map(({ id }) => String(id)),
    airdropIds: [],
    webhookIds: [],
    replayIds: [],
    messageIds: [],
    anchorChainIds: [],
    backedEconomyIds: [],
    isOutboxBehind: recordsAfter(tables, tx.get(tables.readers, RELAY_CONSUMER) ?? BEGINNING).length > 0,
  }
}
