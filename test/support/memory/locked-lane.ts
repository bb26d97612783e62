import assert from 'node:assert/strict'
import type { LaneState, LockedLane, SignedBatch } from '#core/chain/submission-store.ts'
import { type NewAttempt, NONCE_FILLER, type OpenSubmission, TRANSFER_BATCH } from '#core/chain/submission.ts'
import type { Ids } from '#core/shared/clock.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import type { Gate, MemoryTx } from './memory-database.ts'
import { append, attemptsOf, byId, isOpen, type MemoryTables, type SubmissionRow } from './rows.ts'

export interface LaneWorkbench {
  tables: MemoryTables
  ids: Ids
  gate: Gate
  tx: MemoryTx
}

/** What may be done with a lane while it is locked, over tables in memory. */
export function createMemoryLockedLane(bench: LaneWorkbench, state: LaneState): LockedLane {
  const { tables, tx, gate } = bench
  return {
    state,

    async refuseAdministrative() {
      throw new Error('no coins are sent in the simulator')
    },

    async claimAdministrative() {
      await gate.step('db claim administrative')
      const row = tx
        .all(tables.submissions)
        .filter(({ laneId, status }) => laneId === state.lane.id && status === 'queued')
        .toSorted(byId)
        .find(({ id }) => tx.tryLock(`submission/${id}`))
      return row ? { id: row.id, kind: row.kind, call: row.call } : null
    },

    async claimPayments(economyId, limit) {
      await gate.step('db claim payments')
      const claimed = tx
        .all(tables.transactions)
        .filter((row) => row.economyId === economyId && row.status === 'queued')
        .toSorted(byId)
        .filter(({ id }) => tx.tryLock(`transaction/${refKey(economyId, id)}`))
        .slice(0, limit)
      return claimed.map((row) => ({
        transactionId: row.id,
        payerSalt:
          tx.get(tables.users, refKey(economyId, row.fromUserId))?.salt ??
          assert.fail('a payer has a wallet'),
        legs: row.transfers.map(({ toAccountId, amount }) => {
          const to = tx.get(tables.accounts, refKey(economyId, toAccountId))
          assert(to, 'a recipient has an account')
          return { recipient: to.address, amount, isFresh: to.settled <= to.held }
        }),
      }))
    },

    async recordBatch(batch) {
      await gate.step('db record batch')
      recordBatch(bench, state, batch)
    },

    async recordAdministrative(submissionId, nonce, gasLimit, attempt) {
      await gate.step('db record administrative')
      refuseTakenNonce(bench, state.lane.id, nonce)
      const row = tx.get(tables.submissions, submissionId)
      assert(row?.status === 'queued', 'a claimed administrative submission is still queued')
      const { signedAt } = attempt
      const call = { ...row.call, gasLimit }
      tx.put(tables.submissions, submissionId, { ...row, status: 'signed', nonce, call, signedAt })
      insertAttempt(bench, attempt)
    },

    async readCall(submissionId) {
      await gate.step('db read call')
      const row = tx.get(tables.submissions, submissionId)
      return row && row.laneId === state.lane.id && isOpen(row) ? row.call : null
    },

    async addAttempt(attempt) {
      await gate.step('db add attempt')
      const row = tx.get(tables.submissions, attempt.submissionId)
      const last = attemptsOf(tables, tx, attempt.submissionId).at(-1)
      const fits = row?.laneId === state.lane.id && isOpen(row) && last?.attempt === attempt.attempt - 1
      if (fits) insertAttempt(bench, attempt)
      return fits
    },

    async recordFiller({ nonce, call, attempt, mayBeFirst }) {
      await gate.step('db record filler')
      const nonces = noncesOf(bench, state.lane.id)
      if (nonces.includes(nonce) || !(mayBeFirst || nonces.some((taken) => taken < nonce))) return false
      const { submissionId: id, signedAt } = attempt
      tx.put(tables.submissions, id, {
        ...aRow(state),
        id,
        economyId: null,
        tenantId: null,
        kind: NONCE_FILLER,
        call,
        nonce,
        status: 'signed',
        signedAt,
      })
      insertAttempt(bench, attempt)
      return true
    },

    async requeueReplaced(seen) {
      await gate.step('db requeue')
      await tx.lock(gate, `submission/${seen.id}`)
      return requeueReplaced(bench, seen)
    },
  }
}

function recordBatch(bench: LaneWorkbench, state: LaneState, batch: SignedBatch): void {
  const { tables, tx, ids } = bench
  const { economy, call, nonce, attempt, transactionIds } = batch
  refuseTakenNonce(bench, state.lane.id, nonce)
  const { economyId, tenantId } = economy
  const { submissionId: id, signedAt } = attempt
  tx.put(tables.submissions, id, {
    ...aRow(state),
    id,
    economyId,
    tenantId,
    kind: TRANSFER_BATCH,
    call,
    nonce,
    status: 'signed',
    transactionIds,
    signedAt,
  })
  insertAttempt(bench, attempt)
  for (const [paymentIndex, transactionId] of transactionIds.entries()) {
    const isMoved = tx.change(
      tables.transactions,
      refKey(economyId, transactionId),
      { status: 'submitted', submissionId: id, paymentIndex },
      ({ status }) => status === 'queued',
    )
    assert(isMoved, 'every claimed transaction moves to submitted')
    const topic = 'transaction.submitted'
    append(tables, tx, {
      id: ids.next(),
      tenantId,
      economyId,
      topic,
      subjectId: transactionId,
      payload: null,
    })
  }
}

/** The unique index on lane and nonce. */
function refuseTakenNonce(bench: LaneWorkbench, laneId: string, nonce: number): void {
  if (noncesOf(bench, laneId).includes(nonce)) throw new Error('chain_submission_lane_id_nonce_key')
}

function noncesOf({ tables, tx }: LaneWorkbench, laneId: string): number[] {
  return tx.all(tables.submissions).flatMap((row) => (row.laneId === laneId ? (row.nonce ?? []) : []))
}

function insertAttempt({ tables, tx }: LaneWorkbench, attempt: NewAttempt): void {
  const key = `${attempt.submissionId}/${attempt.attempt}`
  const isKnown =
    tx.get(tables.attempts, key) ?? tx.all(tables.attempts).some(({ txHash }) => txHash === attempt.txHash)
  if (isKnown) throw new Error('submission_attempt_tx_hash_key')
  tx.put(tables.attempts, key, { ...attempt, broadcastAt: null, broadcasts: 0, answers: [] })
}

function requeueReplaced(bench: LaneWorkbench, seen: OpenSubmission): boolean {
  const { tables, tx, ids } = bench
  const row = tx.get(tables.submissions, seen.id)
  const hashes = attemptsOf(tables, tx, seen.id).map(({ txHash }) => txHash)
  if (!row || !isOpen(row) || hashes.join() !== seen.attempts.map(({ txHash }) => txHash).join()) return false
  tx.put(tables.submissions, row.id, { ...row, status: 'replaced' })
  if (seen.kind === TRANSFER_BATCH) requeueTransactions(bench, row)
  else if (seen.kind !== NONCE_FILLER) {
    const id = ids.next()
    tx.put(tables.submissions, id, {
      ...row,
      id,
      nonce: null,
      status: 'queued',
      transactionIds: [],
      signedAt: null,
    })
  }
  return true
}

function requeueTransactions({ tables, tx, ids }: LaneWorkbench, submission: SubmissionRow): void {
  const { id: submissionId, economyId, tenantId } = submission
  assert(economyId !== null && tenantId !== null, 'a batch belongs to an economy')
  for (const transactionId of submission.transactionIds) {
    const isMoved = tx.change(
      tables.transactions,
      refKey(economyId, transactionId),
      { status: 'queued', submissionId: null, paymentIndex: null },
      (row) => row.status === 'submitted' && row.submissionId === submissionId,
    )
    if (!isMoved) continue
    const payload = { reason: 'submission_replaced', submission_id: submissionId }
    const id = ids.next()
    append(tables, tx, {
      id,
      tenantId,
      economyId,
      topic: 'transaction.queued',
      subjectId: transactionId,
      payload,
    })
  }
}

function aRow({ lane }: LaneState) {
  return {
    chainId: lane.chainId,
    laneId: lane.id,
    transactionIds: [],
    blockNumber: null,
    blockHash: null,
    txHash: null,
    gasUsed: null,
    effectiveGasPrice: null,
    revertReason: null,
  }
}
