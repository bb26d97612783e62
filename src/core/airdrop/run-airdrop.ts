import type { ErrorCode } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import { type AcceptDeps, acceptTransactions, type Refusal } from '../transaction/accept-transactions.ts'
import type { ExecuteTransaction } from '../transaction/transaction.ts'
import type { Airdrop } from './airdrop.ts'
import type { AirdropChunk, AirdropRun } from './airdrop-run.ts'

/** Recipients per database transaction: the company's account is held that long. */
const CHUNK_RECIPIENTS = 500
/** Chunks per run; a longer airdrop goes on in the next run, behind the airdrops that wait. */
const CHUNKS_PER_RUN = 20

/** Refusals that would meet every recipient and pass by themselves: the economy is paused, the price will be set again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'economy_not_active',
  'price_missing',
  'price_stale',
  'price_deviates',
])
/** Refusals that would meet every recipient for good: the type was archived, or its amount was changed. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'transaction_type_not_found',
  'transaction_type_archived',
  'invalid_amount',
  'invalid_commission',
])

export interface RunAirdropDeps {
  airdrops: AirdropRun
  /** The acceptor's own; its store is replaced by the chunk's. */
  accept: Omit<AcceptDeps, 'acceptance'>
  observer: Observer
}

/** more: recipients are left, run again · waiting: nothing can go on now; look again later · ended: nothing is left to do. */
export type RunAirdropResult = 'more' | 'waiting' | 'ended'

/**
 * Turns an airdrop into transactions, chunk by chunk in the order of the users' ids.
 *
 * A chunk's transactions and the cursor behind it commit together, under a lock on the airdrop: killed at any line and run
 * any number of times, also at once, it neither skips a recipient nor pays one twice.
 * @throws when the database cannot be reached; what was committed stays.
 */
export async function runAirdrop(deps: RunAirdropDeps, airdropId: string): Promise<RunAirdropResult> {
  for (let count = 0; count < CHUNKS_PER_RUN; count += 1) {
    const result = await runChunk(deps, airdropId)
    if (result !== 'more') return result
  }
  return 'more'
}

async function runChunk(deps: RunAirdropDeps, airdropId: string): Promise<RunAirdropResult> {
  const lanes = new Set<string>()
  try {
    const result = await deps.airdrops.chunk(airdropId, async (chunk) => acceptChunk(deps, chunk, lanes))
    // Only now is there something for the lanes to find.
    if (lanes.size > 0) deps.accept.wakeLanes([...lanes])
    return result ?? 'ended'
  } catch (error) {
    if (!(error instanceof WholeAirdropRefused)) throw error
    return stop(deps, airdropId, error.refusal)
  }
}

async function acceptChunk(
  deps: RunAirdropDeps,
  chunk: AirdropChunk,
  lanes: Set<string>,
): Promise<RunAirdropResult> {
  const { airdrop } = chunk
  if (!chunk.isEconomyActive) return 'waiting'
  const left = airdrop.total - airdrop.accepted - airdrop.refused
  const recipients = await chunk.nextRecipients(Math.min(CHUNK_RECIPIENTS, left))
  const last = recipients.at(-1)
  if (!last) return complete(deps, chunk)
  const acceptDeps: AcceptDeps = {
    ...deps.accept,
    acceptance: chunk.acceptance,
    wakeLanes: (laneIds) => laneIds.forEach((laneId) => lanes.add(laneId)),
  }
  const { tenantId, economyId } = airdrop
  const [result] = await acceptTransactions(acceptDeps, [
    {
      tenantId,
      economyId,
      items: recipients.map((userId) => itemFor(airdrop, userId)),
      // The cursor, which commits with the transactions, is what makes a chunk happen once.
      idempotency: null,
      dryRun: false,
    },
  ])
  if (!result || 'error' in result) throw new Error('the acceptor gave a chunk no result')
  const refusals = result.items.flatMap((item) => ('refused' in item ? [item.refused] : []))
  const whole = refusals.find(({ code }) => PASSING.has(code) || LASTING.has(code))
  if (whole) throw new WholeAirdropRefused(whole)
  const accepted = result.items.length - refusals.length
  await chunk.advance({ cursor: last, accepted, refused: refusals.length }, deps.accept.clock.now())
  logChunk(deps, airdrop, accepted, refusals)
  return 'more'
}

function itemFor(airdrop: Airdrop, userId: string): ExecuteTransaction & { airdropId: string } {
  return {
    type: { id: airdrop.typeId },
    fromUserId: null,
    toUserId: userId,
    amount: airdrop.amountText,
    commission: null,
    metadata: airdrop.metadata,
    airdropId: airdrop.id,
  }
}

async function complete(deps: RunAirdropDeps, chunk: AirdropChunk): Promise<RunAirdropResult> {
  await chunk.complete(deps.accept.clock.now())
  const { id, economyId, tenantId, total, accepted } = chunk.airdrop
  deps.observer.log('info', 'airdrop.completed', { airdropId: id, economyId, tenantId, total, accepted })
  return 'ended'
}

/** What stopped the chunk was rolled back with it. A passing cause is waited for; a lasting one fails the airdrop. */
async function stop(deps: RunAirdropDeps, airdropId: string, refusal: Refusal): Promise<RunAirdropResult> {
  const { code, message } = refusal
  if (PASSING.has(code)) {
    deps.observer.log('debug', 'airdrop.waiting', { airdropId, code })
    return 'waiting'
  }
  await deps.airdrops.chunk(airdropId, async (chunk) =>
    chunk.fail(`${code}: ${message}`, deps.accept.clock.now()),
  )
  deps.observer.log('warn', 'airdrop.failed', { airdropId, code })
  return 'ended'
}

function logChunk(
  deps: RunAirdropDeps,
  airdrop: Airdrop,
  accepted: number,
  refusals: readonly Refusal[],
): void {
  const { id: airdropId, economyId, tenantId } = airdrop
  deps.observer.log('info', 'airdrop.chunk', {
    airdropId,
    economyId,
    tenantId,
    accepted,
    refused: refusals.length,
  })
  for (const { code } of refusals) deps.observer.count('airdrop_refused_total', { code })
}

/** Rolls the chunk back. */
class WholeAirdropRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}
