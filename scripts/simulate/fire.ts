import { ApiRefusal, ApiUnreachable } from '#apps/cli/errors.ts'
import type { Answer } from '#apps/cli/call.ts'
import { concurrently } from './concurrently.ts'
import type { Differences } from './differences.ts'
import { Latencies } from './latencies.ts'
import type { Act, PlannedTransfer } from './act.ts'
import { idOf, type Stage, type StagedEconomy } from './stage.ts'
import type { WireProblem, WireTransaction, WireTransactionBatch } from '#apps/cli/wire.ts'

/** What came of the transfers that were sent. */
export interface Firing {
  transfers: number
  accepted: number
  refusedBy: Map<string, number>
  requests: number
  batches: number
  /** Requests that were sent again on purpose under the same key. */
  repeats: number
  elapsedMs: number
  singleLatencies: Latencies
  batchLatencies: Latencies
}

interface FireOptions {
  concurrency: number
  differences: Differences
  onProgress(firing: Firing): void
}

/** Sends every act, holds each answer against what the plan expects, and keeps the books of what was accepted. */
export async function fire(stage: Stage, acts: Iterable<Act>, options: FireOptions): Promise<Firing> {
  const startedAt = performance.now()
  const firing: Firing = {
    transfers: 0,
    accepted: 0,
    refusedBy: new Map(),
    requests: 0,
    batches: 0,
    repeats: 0,
    elapsedMs: 0,
    singleLatencies: new Latencies(),
    batchLatencies: new Latencies(),
  }
  await concurrently(acts, options.concurrency, async (act) => {
    const economy = stage[act.economy]
    if (!economy) throw new RangeError(`there is no economy ${act.economy}`)
    await perform({ economy, firing, differences: options.differences }, act)
    firing.elapsedMs = performance.now() - startedAt
    options.onProgress(firing)
  })
  return firing
}

interface Context {
  economy: StagedEconomy
  firing: Firing
  differences: Differences
}

async function perform(context: Context, act: Act): Promise<void> {
  switch (act.kind) {
    case 'single':
      return performSingle(context, act)
    case 'batch':
      return performBatch(context, act)
    case 'sequence':
      for (const transfer of act.transfers) judge(context, transfer, await execute(context, transfer))
  }
}

async function performSingle(context: Context, act: Act & { kind: 'single' }): Promise<void> {
  const { transfer, manner } = act
  if (manner === 'twin') {
    const [first, second] = await Promise.all([execute(context, transfer), execute(context, transfer)])
    judge(context, transfer, first)
    return requireSame(context, transfer, first, second)
  }
  const giveUpFirstAfterMs = manner === 'hasty' ? act.giveUpAfterMs : undefined
  const first = await execute(context, transfer, giveUpFirstAfterMs)
  judge(context, transfer, first)
  if (manner === 'replay') requireSame(context, transfer, first, await execute(context, transfer))
  if (manner === 'reuse') await requireReuseRefused(context, transfer)
}

async function performBatch(context: Context, act: Act & { kind: 'batch' }): Promise<void> {
  const { economy, firing, differences } = context
  const send = () => {
    firing.requests += 1
    const transactions = act.transfers.map((transfer) => bodyOf(economy, transfer))
    return economy.client.request<WireTransactionBatch>({
      method: 'POST',
      path: '/v3/transactions/batch',
      body: { transactions },
      idempotencyKey: `batch-${act.number}`,
    })
  }
  let answer: Answer<WireTransactionBatch>
  try {
    answer = await send()
  } catch (error) {
    for (const transfer of act.transfers) judge(context, transfer, outcomeOf(error))
    return
  }
  firing.batches += 1
  firing.batchLatencies.add(answer.latencyMs)
  for (const [index, transfer] of act.transfers.entries()) {
    const item = answer.body.data[index]
    judge(
      context,
      transfer,
      item?.transaction ?? item?.problem ?? { noAnswer: 'the batch has no item at this index' },
    )
  }
  if (!act.isReplayed) return
  firing.repeats += 1
  const again = await send()
  const idsOf = ({ data }: WireTransactionBatch) =>
    data.map((item) => item.transaction?.id ?? item.problem?.code).join()
  differences.same('a repeated batch', `batch ${act.number} replayed`, again.isReplayed, true)
  differences.same('a repeated batch', `batch ${act.number} answered`, idsOf(again.body), idsOf(answer.body))
}

type Outcome = WireTransaction | WireProblem | { noAnswer: string }

async function execute(
  { economy, firing }: Context,
  transfer: PlannedTransfer,
  giveUpFirstAfterMs?: number,
): Promise<Outcome> {
  firing.requests += 1
  try {
    const answer = await economy.client.request<WireTransaction>({
      method: 'POST',
      path: '/v3/transactions',
      body: bodyOf(economy, transfer),
      idempotencyKey: keyOf(transfer),
      ...(giveUpFirstAfterMs !== undefined && { giveUpFirstAfterMs }),
    })
    firing.singleLatencies.add(answer.latencyMs)
    return answer.body
  } catch (error) {
    return outcomeOf(error)
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof ApiRefusal) return error.problem
  if (error instanceof ApiUnreachable) return { noAnswer: error.message }
  throw error
}

/** Deterministic, so that a run can be compared with another one: the keys are the economy's own. */
function keyOf(transfer: PlannedTransfer): string {
  return `transfer-${transfer.number}`
}

function bodyOf(economy: StagedEconomy, { type, from, to, amount, order }: PlannedTransfer) {
  return {
    type,
    ...(from !== null && { from_user_id: idOf(economy, from) }),
    ...(to !== null && { to_user_id: idOf(economy, to) }),
    ...(amount !== null && { amount }),
    ...(order !== null && { metadata: { order } }),
  }
}

/** Books an outcome, and notes where it is not the expected one. */
function judge({ economy, firing, differences }: Context, transfer: PlannedTransfer, outcome: Outcome): void {
  firing.transfers += 1
  const subject = `transfer ${transfer.number} in ${economy.plan.symbol}`
  if ('noAnswer' in outcome) {
    differences.add('no answer', `${subject}: ${outcome.noAnswer}`)
    return
  }
  const { expect } = transfer
  if ('code' in outcome) {
    const rule = outcome.details?.['rule_name']
    const reason = typeof rule === 'string' ? `${outcome.code}: ${rule}` : outcome.code
    firing.refusedBy.set(reason, (firing.refusedBy.get(reason) ?? 0) + 1)
    const expected = expect.outcome === 'accepted' ? 'accepted' : reasonOf(expect)
    if (reason !== expected) {
      differences.add(
        'refused otherwise than expected',
        `${subject}: ${reason}, expected ${expected}: ${outcome.detail}`,
      )
    }
    return
  }
  firing.accepted += 1
  book(economy, outcome)
  if (expect.outcome === 'refused') {
    differences.add(
      'accepted against expectation',
      `${subject} is ${outcome.id}, expected ${reasonOf(expect)}`,
    )
    return
  }
  const kind = 'accepted with other terms'
  differences.same(kind, `${subject} from`, outcome.from_user_id, idOf(economy, expect.from))
  differences.same(kind, `${subject} to`, outcome.to_user_id, idOf(economy, expect.to))
  differences.same(kind, `${subject} amount`, outcome.amount, expect.amount.toString())
  differences.same(kind, `${subject} commission`, outcome.commission, expect.commission.toString())
}

function reasonOf(expect: { code: string; rule?: string }): string {
  return expect.rule === undefined ? expect.code : `${expect.code}: ${expect.rule}`
}

function book({ books, company }: StagedEconomy, transaction: WireTransaction): void {
  books.accepted.add(transaction.id)
  books.move(transaction.from_user_id, transaction.to_user_id, BigInt(transaction.amount))
  books.move(transaction.from_user_id, company.id, BigInt(transaction.commission))
}

/** The same request under the same key must have the answer of the first. */
function requireSame(
  { economy, firing, differences }: Context,
  transfer: PlannedTransfer,
  first: Outcome,
  second: Outcome,
): void {
  firing.repeats += 1
  const nameOf = (outcome: Outcome) =>
    'id' in outcome ? outcome.id : 'code' in outcome ? outcome.code : 'no answer'
  const subject = `transfer ${transfer.number} in ${economy.plan.symbol}, sent again`
  differences.same('a repeated request', subject, nameOf(second), nameOf(first))
}

async function requireReuseRefused(context: Context, transfer: PlannedTransfer): Promise<void> {
  const { economy, firing, differences } = context
  firing.repeats += 1
  const other = await execute(context, { ...transfer, order: 'another' })
  const found = 'code' in other ? other.code : 'accepted'
  const subject = `transfer ${transfer.number} in ${economy.plan.symbol}, another body under its key`
  differences.same('a reused key', subject, found, 'idempotency_key_reused')
}
