import { EconomyNotFound } from '#core/economy/errors.ts'
import type { ActivityWindows } from '#core/rule/evaluate-rules.ts'
import {
  type AcceptanceStore,
  type AcceptanceTx,
  type AcceptedBatch,
  type FoundKey,
  type LockedParty,
  refKey,
} from '#core/transaction/acceptance-store.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import { type Gate, type MemoryTx, transact } from './memory-database.ts'
import { append, byId, type KeyRow, type MemoryTables, type TransactionRow } from './rows.ts'
import { StatementLine } from './statement-line.ts'

const HOUR_MS = 3_600_000

/** The acceptor's port over tables in memory. */
export function createMemoryAcceptanceStore(tables: MemoryTables, gate: Gate): AcceptanceStore {
  return {
    transaction: (tenantIds, work) =>
      transact(tables.database, gate, 'accept', async (tx) => {
        const line = new StatementLine()
        const result = await work(acceptanceTx(tables, gate, tx, tenantIds, line))
        await line.end()
        return result
      }),
  }
}

function acceptanceTx(
  tables: MemoryTables,
  gate: Gate,
  tx: MemoryTx,
  tenantIds: readonly string[],
  line: StatementLine,
): AcceptanceTx {
  const economyOf = (id: string) => {
    const economy = tx.get(tables.economies, id)
    return economy && tenantIds.includes(economy.tenantId) ? economy : undefined
  }
  const writing = line.inTurn(async (batch: AcceptedBatch) => {
    await gate.step('db write')
    write(tables, tx, batch)
  })
  return {
    claimKeys: line.inTurn(async (claims) => {
      await gate.step('db claim keys')
      const found = new Map<string, FoundKey>()
      await tx.lockAll(
        gate,
        claims.map(({ economyId, key }) => `key/${refKey(economyId, key)}`),
      )
      for (const { economyId, key, fingerprint, transactionId } of claims) {
        const ref = refKey(economyId, key)
        const known = tx.get(tables.keys, ref)
        if (known) found.set(ref, toFoundKey(known))
        else tx.put(tables.keys, ref, { economyId, key, fingerprint, transactionId, result: null })
      }
      return found
    }),

    readEconomies: line.inTurn(async (economyIds) => {
      await gate.step('db read economies')
      const economies = economyIds.flatMap((id) => economyOf(id) ?? [])
      return new Map(
        economies.map(({ id, tenantId, status, configVersion, laneId }) => [
          id,
          { tenantId, status, configVersion, laneId },
        ]),
      )
    }),

    loadConfig: line.inTurn(async (economyId) => {
      await gate.step('db load config')
      const economy = economyOf(economyId)
      if (!economy) throw new EconomyNotFound()
      return { ...economy.config, status: economy.status, configVersion: economy.configVersion }
    }),

    lockParties: line.inTurn(async (refs) => {
      await gate.step('db lock parties')
      const parties = new Map<string, LockedParty>()
      const known = refs.filter((ref) => tx.get(tables.users, refKey(ref.economyId, ref.userId)))
      await tx.lockAll(
        gate,
        known.map((ref) => `account/${refKey(ref.economyId, ref.userId)}`),
      )
      for (const { economyId, userId } of known) {
        const ref = refKey(economyId, userId)
        const [user, account] = [tx.get(tables.users, ref), tx.get(tables.accounts, ref)]
        if (!user || !account) continue
        const { economyId: _economy, salt: _salt, ...party } = user
        parties.set(ref, { ...party, settled: account.settled, held: account.held })
      }
      return parties
    }),

    readActivity: line.inTurn(async (subjects, now) => {
      await gate.step('db read activity')
      const windows = new Map<string, ActivityWindows>()
      const nowMs = now.getTime()
      for (const { economyId, subjectId } of subjects) {
        const rows = tx
          .all(tables.activity)
          .filter((row) => row.economyId === economyId && row.subjectId === subjectId)
        const since = (isIn: (hourMs: number) => boolean) => {
          const inside = rows.filter(({ hourMs }) => isIn(hourMs))
          return {
            count: inside.reduce((sum, row) => sum + row.count, 0),
            sum: inside.reduce((sum, row) => sum + row.amount, 0n),
          }
        }
        const month = since((hourMs) => hourMs > nowMs - 30 * 24 * HOUR_MS)
        if (month.count === 0) continue
        windows.set(refKey(economyId, subjectId), {
          hour: since((hourMs) => hourMs >= hourOf(now)),
          day: since((hourMs) => hourMs > nowMs - 24 * HOUR_MS),
          month,
        })
      }
      return windows
    }),

    findAccepted: line.inTurn(async (economyId, ids) => {
      await gate.step('db find accepted')
      const rows = ids.flatMap((id) => tx.get(tables.transactions, refKey(economyId, id)) ?? [])
      return new Map(rows.map((row) => [row.id, toAccepted(row)]))
    }),

    write(batch) {
      void writing(batch)
    },

    attach: line.inTurn(async (attachments) => {
      await gate.step('db attach')
      for (const { economyId, transactionIds, attachment } of attachments) {
        for (const id of transactionIds) tx.put(tables.attachments, refKey(economyId, id), attachment)
      }
    }),
  }
}

function toFoundKey({ fingerprint, transactionId, result }: KeyRow): FoundKey {
  return { fingerprint, result: result ?? (transactionId ? [{ transactionId }] : []) }
}

function write(tables: MemoryTables, tx: MemoryTx, batch: AcceptedBatch): void {
  for (const transaction of batch.transactions.toSorted(byId)) {
    const { economyId, id, tenantId } = transaction
    const ref = refKey(economyId, id)
    tx.put(tables.transactions, ref, asQueued(transaction, batch.now))
    const total = transaction.amount + transaction.commission
    const accountId = transaction.fromUserId
    tx.put(tables.holds, ref, { economyId, transactionId: id, accountId, amount: total, status: 'pending' })
    append(tables, tx, { id, tenantId, economyId, topic: 'transaction.queued', subjectId: id, payload: null })
    for (const subjectId of [accountId, transaction.typeId]) {
      count(tables, tx, economyId, subjectId, batch.now, total)
    }
  }
  for (const [ref, { held, pendingIn }] of batch.reservations) {
    const account = tx.get(tables.accounts, ref)
    if (!account) continue
    tx.put(tables.accounts, ref, {
      ...account,
      held: account.held + held,
      pendingIn: account.pendingIn + pendingIn,
    })
  }
  for (const { economyId, key, result } of batch.results) {
    tx.change(tables.keys, refKey(economyId, key), { transactionId: null, result })
  }
}

function count(
  tables: MemoryTables,
  tx: MemoryTx,
  economyId: string,
  subjectId: string,
  now: Date,
  total: bigint,
): void {
  const hourMs = hourOf(now)
  const ref = `${economyId}/${subjectId}/${hourMs}`
  const known = tx.get(tables.activity, ref)
  tx.put(tables.activity, ref, {
    economyId,
    subjectId,
    hourMs,
    count: (known?.count ?? 0) + 1,
    amount: (known?.amount ?? 0n) + total,
  })
}

function hourOf(now: Date): number {
  return Math.floor(now.getTime() / HOUR_MS) * HOUR_MS
}

function asQueued(transaction: AcceptedTransaction, createdAt: Date): TransactionRow {
  return {
    ...transaction,
    createdAt,
    status: 'queued',
    failureCode: null,
    failureReason: null,
    submissionId: null,
    paymentIndex: null,
    blockNumber: null,
    txHash: null,
  }
}

function toAccepted(row: TransactionRow): AcceptedTransaction {
  const {
    status: _status,
    failureCode: _code,
    failureReason: _reason,
    submissionId: _submission,
    paymentIndex: _index,
    blockNumber: _block,
    txHash: _hash,
    ...accepted
  } = row
  return accepted
}
