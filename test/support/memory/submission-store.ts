import assert from 'node:assert/strict'
import type { Lane } from '#core/chain/lane.ts'
import type { LaneStore, SubmissionStore } from '#core/chain/submission-store.ts'
import type { Attempt, OpenSubmission } from '#core/chain/submission.ts'
import type { Ids } from '#core/shared/clock.ts'
import { atOnce, type Gate, type MemoryTx, transact } from './memory-database.ts'
import { createMemoryLockedLane } from './locked-lane.ts'
import {
  type AttemptRow,
  attemptsOf,
  byId,
  isOpen,
  type LaneRow,
  type MemoryTables,
  type SubmissionRow,
} from './rows.ts'

/** Answers kept per attempt. */
const ANSWERS_MAX = 20

/** Chain submissions over tables in memory. */
export function createMemorySubmissionStore(tables: MemoryTables, ids: Ids, gate: Gate): SubmissionStore {
  const read = <Result>(name: string, query: (tx: MemoryTx) => Result): Promise<Result> =>
    atOnce(tables.database, gate, name, query)
  return {
    work: (laneId) =>
      read('work', (tx) => {
        const queued = new Set(
          tx.all(tables.transactions).flatMap((row) => (row.status === 'queued' ? [row.economyId] : [])),
        )
        return {
          hasAdministrative: ofLane(tables, tx, laneId).some(({ status }) => status === 'queued'),
          economies: tx
            .all(tables.economies)
            .filter(
              (row) =>
                row.laneId === laneId && ['active', 'paused'].includes(row.status) && queued.has(row.id),
            )
            .toSorted(byId)
            .map((row) => ({ economyId: row.id, tenantId: row.tenantId, tokenRulesAddress: row.tokenRules })),
        }
      }),

    withLaneLocked: (laneId, work) =>
      transact(tables.database, gate, 'lane', async (tx) => {
        await tx.lock(gate, `lane/${laneId}`)
        const lane = tx.get(tables.lanes, laneId)
        if (!lane) return null
        await gate.step('db lane state')
        const rows = ofLane(tables, tx, laneId)
        const inFlight = rows.filter(isOpen)
        const nonces = rows.flatMap(({ nonce }) => nonce ?? [])
        const state = {
          lane: toLane(tables, tx, lane),
          lastNonce: nonces.length === 0 ? null : Math.max(...nonces),
          inFlight: inFlight.length,
          inFlightCostWei: inFlight.reduce(
            (sum, row) => sum + row.call.gasLimit * highestFee(attemptsOf(tables, tx, row.id)),
            0n,
          ),
        }
        return work(createMemoryLockedLane({ tables, ids, gate, tx }, state))
      }),

    open: (laneId) =>
      read('open', (tx) =>
        ofLane(tables, tx, laneId)
          .filter(isOpen)
          .toSorted((a, b) => (a.nonce ?? 0) - (b.nonce ?? 0))
          .map((row) => toOpen(row, attemptsOf(tables, tx, row.id))),
      ),

    rawTxs: (attempts) =>
      read('raw txs', (tx) => {
        const hashes = new Set(attempts.map(({ txHash }) => txHash))
        const rows = tx.all(tables.attempts).filter(({ txHash }) => hashes.has(txHash))
        return new Map(rows.map(({ txHash, rawTx }) => [txHash, rawTx]))
      }),

    attemptsBetween: (laneId, first, last) =>
      read('attempts between', (tx) =>
        ofLane(tables, tx, laneId)
          .filter(({ nonce }) => nonce !== null && nonce >= first && nonce <= last)
          .toSorted((a, b) => (a.nonce ?? 0) - (b.nonce ?? 0))
          .flatMap(({ id }) =>
            attemptsOf(tables, tx, id).map(({ attempt, txHash }) => ({ submissionId: id, attempt, txHash })),
          ),
      ),

    recordAnswer: ({ submissionId, attempt }, { verdict, reason, message }, at) =>
      transact(tables.database, gate, 'answer', async (tx) => {
        await tx.lock(gate, `submission/${submissionId}`)
        const key = `${submissionId}/${attempt}`
        const row = tx.get(tables.attempts, key)
        if (row) {
          tx.put(tables.attempts, key, {
            ...row,
            broadcasts: row.broadcasts + 1,
            broadcastAt: row.broadcastAt ?? at,
            answers: [...row.answers, { verdict, reason, message, at }].slice(-ANSWERS_MAX),
          })
        }
        if (verdict === 'rejected') return
        tx.change(
          tables.submissions,
          submissionId,
          { status: 'broadcast' },
          ({ status }) => status === 'signed',
        )
      }),
  }
}

/** Lanes over tables in memory. */
export function createMemoryLaneStore(tables: MemoryTables, gate: Gate): LaneStore {
  const update = (
    name: string,
    laneId: string,
    fields: Partial<LaneRow>,
    where: (row: LaneRow) => boolean = () => true,
  ) =>
    transact(tables.database, gate, name, async (tx) => {
      await tx.lock(gate, `lane/${laneId}`)
      return tx.change(tables.lanes, laneId, fields, where)
    })
  return {
    find: (laneId) =>
      atOnce(tables.database, gate, 'lane find', (tx) => {
        const row = tx.get(tables.lanes, laneId)
        return row ? toLane(tables, tx, row) : null
      }),
    list: (chainId) =>
      atOnce(tables.database, gate, 'lane list', (tx) =>
        tx
          .all(tables.lanes)
          .filter((row) => row.chainId === chainId)
          .toSorted(byId)
          .map((row) => toLane(tables, tx, row)),
      ),
    insert: (lane) =>
      transact(tables.database, gate, 'lane insert', async (tx) => {
        await tx.lock(gate, `lane address/${lane.chainId}/${lane.address}`)
        const isTaken = tx
          .all(tables.lanes)
          .some(({ chainId, address }) => chainId === lane.chainId && address === lane.address)
        if (isTaken) return false
        tx.put(tables.lanes, lane.id, { ...lane, status: 'active', pauseReason: null, balanceWei: null })
        return true
      }),
    pause: (laneId, reason) =>
      update(
        'lane pause',
        laneId,
        { status: 'paused', pauseReason: reason, ...(reason === 'out_of_gas' && { balanceWei: null }) },
        ({ status }) => status === 'active',
      ),
    resume: (laneId, reason) =>
      update(
        'lane resume',
        laneId,
        { status: 'active', pauseReason: null },
        ({ status, pauseReason }) => status === 'paused' && pauseReason === reason,
      ),
    async recordBalance(laneId, balanceWei, _at, isOutOfGas) {
      await update(
        'lane balance',
        laneId,
        { balanceWei },
        ({ pauseReason }) => (pauseReason === 'out_of_gas') === isOutOfGas,
      )
    },
  }
}

function ofLane(tables: MemoryTables, tx: MemoryTx, laneId: string): SubmissionRow[] {
  return tx.all(tables.submissions).filter((row) => row.laneId === laneId)
}

function highestFee(attempts: readonly AttemptRow[]): bigint {
  return attempts.reduce((most, { fees }) => (fees.maxFeePerGas > most ? fees.maxFeePerGas : most), 0n)
}

function toLane(tables: MemoryTables, tx: MemoryTx, row: LaneRow): Lane {
  const reason = row.pauseReason
  return {
    ...row,
    pauseReason: reason === null || reason === 'out_of_gas' || reason === 'rejected' ? reason : 'operator',
    isChainActive: tx.get(tables.chains, String(row.chainId))?.status === 'active',
  }
}

function toOpen(row: SubmissionRow, attempts: readonly AttemptRow[]): OpenSubmission {
  const { id, kind, nonce, status, signedAt } = row
  assert(nonce !== null && signedAt && (status === 'signed' || status === 'broadcast'), 'it is open')
  return { id, kind, nonce, status, signedAt, attempts: attempts.map(toAttempt) }
}

function toAttempt({
  submissionId,
  attempt,
  txHash,
  fees,
  signedAt,
  broadcastAt,
  answers,
}: AttemptRow): Attempt {
  const last = answers.at(-1)
  return {
    submissionId,
    attempt,
    txHash,
    fees,
    signedAt,
    broadcastAt,
    lastAnswer: last ? { verdict: last.verdict, reason: last.reason, at: last.at } : null,
  }
}
