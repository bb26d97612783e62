import type { Block, BatchExecutedLog, PaymentSkippedLog, TransferLog } from '../ledger/block.ts'
import { LedgerInconsistency } from '../ledger/errors.ts'
import { revertedPayment, skippedPayment } from '../ledger/payment-failure.ts'
import {
  type AccountChange,
  addressKey,
  type BatchedPayment,
  ISSUANCE_ADDRESS,
  type KnownSubmission,
  type MinedSubmission,
  type Movement,
  type NewAccount,
  type PaymentLeg,
  type RecordedFailure,
  type SettledPayment,
  type Settlement,
  type SubmissionOutcome,
  type TokenContracts,
} from '../ledger/settlement.ts'
import type { Ids } from '../shared/clock.ts'

/** What the platform knows about the blocks it is to settle. */
export interface SettlementKnowledge {
  tokens: readonly TokenContracts[]
  /** Our submissions in these blocks, with what became of them, by the EVM transaction's hash. */
  submissions: ReadonlyMap<string, { submission: KnownSubmission; outcome: SubmissionOutcome }>
  /** Ids of the accounts that exist, by `addressKey`. */
  accountIds: ReadonlyMap<string, string>
}

/** The kind of submission that carries payments; every other kind is an administrative call. */
const TRANSFER_BATCH = 'transfer_batch'

/**
 * Works out everything that a range of blocks changes in the ledger: an entry pair for every token movement, whoever made it;
 * which payments of our batches happened, which were skipped and why.
 *
 * Pure. Every movement of a batch must be, in order, exactly what the batch was accepted to move; otherwise nothing is settled.
 * @throws LedgerInconsistency saying which submission and what differs.
 */
export function planSettlement(
  blocks: readonly Block[],
  knowledge: SettlementKnowledge,
  ids: Ids,
): Settlement {
  const plan = new SettlementPlan(knowledge, ids)
  blocks.forEach((block, blockIndex) => planBlock(plan, block, blockIndex))
  return plan.finish(blocks)
}

function planBlock(plan: SettlementPlan, block: Block, blockIndex: number): void {
  const ours = new Map<string, LogsOfBatch>()
  for (const txHash of block.header.transactionHashes) {
    if (plan.knowledge.submissions.has(txHash)) {
      ours.set(txHash, { movements: [], skipped: [], executed: [] })
    }
  }
  for (const log of block.logs) {
    const logs = ours.get(log.txHash)
    if (log.type === 'payment_skipped') logs?.skipped.push(log)
    if (log.type === 'batch_executed') logs?.executed.push(log)
    if (log.type !== 'transfer') continue
    const movement = plan.move(log, blockIndex)
    if (movement) logs?.movements.push(movement)
  }
  for (const [txHash, logs] of ours) planSubmission(plan, txHash, logs, blockIndex)
}

interface LogsOfBatch {
  movements: Movement[]
  skipped: PaymentSkippedLog[]
  executed: BatchExecutedLog[]
}

function planSubmission(plan: SettlementPlan, txHash: string, logs: LogsOfBatch, blockIndex: number): void {
  const known = plan.knowledge.submissions.get(txHash)
  if (!known) return
  const { submission, outcome } = known
  plan.submissions.push({ ...outcome, id: submission.id, blockIndex })
  if (submission.kind !== TRANSFER_BATCH) return
  if (outcome.revertReason !== null) {
    const failure = revertedPayment(outcome.revertReason)
    for (const payment of submission.payments)
      plan.fail(submission, payment, { ...failure, txHash, blockIndex })
    return
  }
  planBatch(plan, submission, logs, blockIndex)
}

/** Gives each movement of a batch to its payment, by order alone, and checks that nothing is missing, other or left over. */
function planBatch(
  plan: SettlementPlan,
  submission: KnownSubmission,
  logs: LogsOfBatch,
  blockIndex: number,
): void {
  const skips = skipsOf(plan, submission, logs)
  let next = 0
  submission.payments.forEach((payment, index) => {
    const place = { txHash: submission.txHash, blockIndex }
    const skipReason = skips.get(index)
    if (skipReason !== undefined) {
      plan.fail(submission, payment, { ...skippedPayment(skipReason), ...place })
      return
    }
    for (const leg of payment.legs) {
      const movement = logs.movements[next]
      next += 1
      if (!movement || !isMovementOf(movement, submission, leg)) {
        throw inconsistent(submission, `payment ${index} moved something else than was accepted`)
      }
      movement.transactionId = payment.transactionId
    }
    plan.post(submission, payment, place)
  })
  if (next !== logs.movements.length) throw inconsistent(submission, 'more moved than was accepted')
}

/** Reasons of the skipped payments by their index, from the economy's own rules contract only. */
function skipsOf(plan: SettlementPlan, submission: KnownSubmission, logs: LogsOfBatch): Map<number, string> {
  const contracts = plan.contractsOf(submission)
  const isOwn = (log: PaymentSkippedLog | BatchExecutedLog) =>
    log.address === contracts.tokenRules && log.submissionId === submission.id
  const ends = logs.executed.filter(isOwn)
  const skips = new Map(logs.skipped.filter(isOwn).map((log) => [log.index, log.reason]))
  const [end] = ends
  if (!end || ends.length > 1) throw inconsistent(submission, 'its block does not show one executed batch')
  if (end.skipped !== skips.size || end.executed + end.skipped !== submission.payments.length) {
    throw inconsistent(
      submission,
      `it carried ${submission.payments.length} payments, the chain counts ${end.executed} executed and ${end.skipped} skipped`,
    )
  }
  return skips
}

function isMovementOf(movement: Movement, submission: KnownSubmission, leg: PaymentLeg): boolean {
  return (
    movement.economyId === submission.economyId &&
    movement.fromAccountId === leg.fromAccountId &&
    movement.toAccountId === leg.toAccountId &&
    movement.amount === leg.amount
  )
}

function inconsistent(submission: KnownSubmission, detail: string): LedgerInconsistency {
  return new LedgerInconsistency(`submission ${submission.id} (${submission.txHash}): ${detail}`)
}

type FailurePlace = Pick<RecordedFailure, 'code' | 'reason' | 'txHash' | 'blockIndex'>

/** Collects a settlement's parts, and one change per account however often it moved. */
class SettlementPlan {
  readonly knowledge: SettlementKnowledge
  readonly submissions: MinedSubmission[] = []
  readonly #ids: Ids
  readonly #tokens: ReadonlyMap<string, TokenContracts>
  readonly #economies: ReadonlyMap<string, TokenContracts>
  readonly #newAccounts = new Map<string, NewAccount>()
  readonly #changes = new Map<string, AccountChange>()
  readonly #movements: Movement[] = []
  readonly #payments: SettledPayment[] = []
  readonly #failures: RecordedFailure[] = []

  constructor(knowledge: SettlementKnowledge, ids: Ids) {
    this.knowledge = knowledge
    this.#ids = ids
    this.#tokens = new Map(knowledge.tokens.map((contracts) => [contracts.token, contracts]))
    this.#economies = new Map(knowledge.tokens.map((contracts) => [contracts.economyId, contracts]))
  }

  /** Enters a transfer of an economy's token. Null for other tokens and for transfers of nothing. */
  move(log: TransferLog, blockIndex: number): Movement | null {
    const contracts = this.#tokens.get(log.address)
    if (!contracts || log.amount === 0n) return null
    const { economyId, tenantId } = contracts
    const movement: Movement = {
      economyId,
      tenantId,
      blockIndex,
      logIndex: log.logIndex,
      txHash: log.txHash,
      fromAccountId: this.#accountAt(contracts, log.from),
      toAccountId: this.#accountAt(contracts, log.to),
      amount: log.amount,
      transactionId: null,
    }
    this.#change(economyId, movement.fromAccountId).settled -= log.amount
    this.#change(economyId, movement.toAccountId).settled += log.amount
    this.#movements.push(movement)
    return movement
  }

  /** The payment happened: its hold is posted, and what was on the way has come in. */
  post(
    submission: KnownSubmission,
    payment: BatchedPayment,
    place: Pick<SettledPayment, 'txHash' | 'blockIndex'>,
  ): void {
    const { economyId, tenantId } = this.contractsOf(submission)
    let amount = 0n
    for (const leg of payment.legs) {
      amount += leg.amount
      this.#change(economyId, leg.fromAccountId).held -= leg.amount
      this.#change(economyId, leg.toAccountId).pendingIn -= leg.amount
    }
    this.#payments.push({ economyId, tenantId, transactionId: payment.transactionId, amount, ...place })
  }

  fail(submission: KnownSubmission, payment: BatchedPayment, place: FailurePlace): void {
    const { economyId, tenantId } = this.contractsOf(submission)
    this.#failures.push({ economyId, tenantId, transactionId: payment.transactionId, ...place })
  }

  contractsOf(submission: KnownSubmission): TokenContracts {
    const contracts = submission.economyId === null ? undefined : this.#economies.get(submission.economyId)
    if (!contracts) throw inconsistent(submission, 'the token of its economy is not known')
    return contracts
  }

  finish(blocks: readonly Block[]): Settlement {
    return {
      blocks: blocks.map((block) => block.header),
      newAccounts: [...this.#newAccounts.values()],
      movements: this.#movements,
      changes: [...this.#changes.values()],
      payments: this.#payments,
      failures: this.#failures,
      submissions: this.submissions,
    }
  }

  #accountAt({ economyId, tenantId }: TokenContracts, address: string): string {
    const key = addressKey(economyId, address)
    const known = this.knowledge.accountIds.get(key) ?? this.#newAccounts.get(key)?.id
    if (known !== undefined) return known
    const id = this.#ids.next()
    const kind = address === ISSUANCE_ADDRESS ? 'issuance' : 'external'
    this.#newAccounts.set(key, { economyId, tenantId, id, kind, address })
    return id
  }

  #change(economyId: string, accountId: string): AccountChange {
    const key = addressKey(economyId, accountId)
    let change = this.#changes.get(key)
    if (!change) {
      change = { economyId, accountId, settled: 0n, held: 0n, pendingIn: 0n }
      this.#changes.set(key, change)
    }
    return change
  }
}
