import { type ChainRpc, ChainUnavailable } from '../chain/chain-rpc.ts'
import type { Lane } from '../chain/lane.ts'
import type { RecoveryState, RecoveryStore } from '../chain/recovery-store.ts'
import type { SentTransactions } from '../chain/sent-transaction.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Nonces of one run; the next one goes on. */
const NONCES_PER_RUN_MAX = 64

/** What recovery works with. */
export interface Recovery {
  store: RecoveryStore
  transactions: SentTransactions
}

/**
 * not_asked: no lane that waits for it, or no operator's word yet · waiting: what is unknown is in no final block yet ·
 * more: it stopped at its bound · done: every used nonce has its row, the lane signs again.
 */
export interface RecoveryReport {
  outcome: 'not_asked' | 'waiting' | 'more' | 'done'
  nonces: number
  settled: number
  unmatched: number
}

/**
 * After a database was restored and an operator said so: reads from the chain what the lane's key has sent since, counts the
 * queued transactions that were paid by it as paid instead of paying them again, and lets the lane sign again. Payments that
 * no queued transaction stands for are in the ledger already, as transfers from outside.
 *
 * Only blocks that are settled here and final by depth are looked at. One database transaction per nonce; may be killed
 * anywhere and run twice or at once with one effect.
 * @throws ChainUnavailable
 */
export async function recoverLane(
  deps: Pick<SubmissionDeps, 'lanes' | 'chains' | 'observer'> & { recovery: Recovery },
  laneId: string,
): Promise<RecoveryReport> {
  const report: RecoveryReport = { outcome: 'not_asked', nonces: 0, settled: 0, unmatched: 0 }
  const lane = await deps.lanes.find(laneId)
  if (lane?.pauseReason !== 'unknown_payments' || !lane.isChainActive) return report
  const state = await deps.recovery.store.state(laneId)
  if (!state?.requestedAt) return report
  const chain = deps.chains.get(lane.chainId)
  const { transactionCount, pendingCount = 0 } = await chain.laneSnapshot(lane.address)
  const unknown = unknownNonces(state, transactionCount)
  for (const nonce of unknown.slice(0, NONCES_PER_RUN_MAX)) {
    if (!(await recordNonce(deps, lane, chain, state, nonce, report)))
      return tell(deps, lane, report, 'waiting')
  }
  if (unknown.length > NONCES_PER_RUN_MAX) return tell(deps, lane, report, 'more')
  // What still waits in the node's pool will be mined before anything of ours: it must be seen first.
  if (pendingCount > transactionCount && pendingCount - 1 > (state.lastNonce ?? -1))
    return tell(deps, lane, report, 'waiting')
  await deps.recovery.store.finish(laneId)
  return tell(deps, lane, report, 'done')
}

/** Used on the chain: by submissions we think are on their way, and behind the last row. */
function unknownNonces({ openNonces, lastNonce }: RecoveryState, transactionCount: number): number[] {
  const nonces = openNonces.filter((nonce) => nonce < transactionCount)
  for (let nonce = (lastNonce ?? -1) + 1; nonce < transactionCount; nonce += 1) nonces.push(nonce)
  return nonces
}

/** False when the nonce's transaction is not final yet. */
async function recordNonce(
  deps: { recovery: Recovery; observer: SubmissionDeps['observer'] },
  lane: Lane,
  chain: ChainRpc,
  { finalNumber }: RecoveryState,
  nonce: number,
  report: RecoveryReport,
): Promise<boolean> {
  if (finalNumber === null) return false
  const { store, transactions } = deps.recovery
  const search = { address: lane.address, nonce, from: finalNumber, notBefore: new Date(0) }
  const user = await chain.findNonceUser(search)
  const sent = user && (await transactions.read(lane.chainId, user.txHash))
  if (!sent || sent.blockNumber > finalNumber) return false
  if (sent.nonce !== nonce || sent.from !== lane.address)
    throw new ChainUnavailable(`a node answered with another transaction than ${sent.txHash}`)
  const recorded = await store.record(lane, sent, transactions.decodeBatch(sent.data))
  if (recorded.kind === 'known') return true
  report.nonces += 1
  report.settled += recorded.settled
  report.unmatched += recorded.unmatched
  deps.observer.log('warn', 'lane.nonce_recovered', {
    laneId: lane.id,
    nonce,
    txHash: sent.txHash,
    ...recorded,
  })
  return true
}

function tell(
  { observer }: Pick<SubmissionDeps, 'observer'>,
  lane: Lane,
  report: RecoveryReport,
  outcome: RecoveryReport['outcome'],
): RecoveryReport {
  const told = { ...report, outcome }
  if (outcome === 'done' || report.nonces > 0)
    observer.log('warn', 'lane.recovery', { laneId: lane.id, chainId: lane.chainId, ...told })
  return told
}
