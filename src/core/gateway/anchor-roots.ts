import { type KeyVault, KeyUnreadable } from '../chain/key-vault.ts'
import type { SubmissionStatus } from '../chain/submission.ts'
import type { ChainCall } from '../economy/faucet.ts'
import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { AnchorBook } from './anchor-book.ts'
import { type AnchorState, type GatewayReader, withGasMargin } from './gateway-reader.ts'

/** A sealed key that signs state roots. */
export interface AnchorKey {
  id: string
  address: string
  keyJwe: string
}

/** The anchor of one chain, and what is to be brought to it. */
export interface Anchoring {
  chainId: number
  anchor: string
  lane: { id: string; address: string } | null
  remoteChainId: number
  /** The newest block of the other chain that is final for us. */
  remoteFinal: { number: number; hash: string } | null
  submission: { id: string; status: SubmissionStatus } | null
  anchoredAt: Date | null
  /** Heights that messages wait for. */
  wanted: readonly number[]
  keys: readonly AnchorKey[]
}

/** Port: anchors in Postgres, with the worker's rights. */
export interface AnchoringStore {
  /** Null: the chain has no anchor, or is not a chain of a pair. Notes that it was looked at. */
  find(chainId: number, at: Date): Promise<Anchoring | null>
  /** Queues the call, unless another one was named since. */
  record(
    seen: { chainId: number; submissionId: string | null },
    anchored: {
      submissionId: string
      laneId: string
      height: number
      call: ChainCall
      at: Date
    },
  ): Promise<boolean>
}

export interface AnchorDeps {
  anchorings: AnchoringStore
  reader: GatewayReader
  book: AnchorBook
  keyVault: KeyVault
  jobs: Pick<JobDispatcher, 'wake'>
  clock: Clock
  ids: Ids
  observer: Observer
  /** Milliseconds. A root comes at least this often: holders may leave when none comes for long (ADR 20). */
  intervalMs: number
}

/**
 * Brings the state root of the other chain's newest final block to this chain's anchor, when a message waits for one or none has
 * come for `intervalMs`. Signed by as many of our keys as the anchor asks for.
 *
 * May run twice and in several processes: heights rise strictly, so the second of two gets nothing and costs nothing.
 * @throws ChainUnavailable when no node answers; nothing has changed then.
 */
export async function anchorRoots(
  deps: AnchorDeps,
  chainId: number,
): Promise<'anchored' | 'waiting' | 'nothing' | 'unable'> {
  const now = deps.clock.now()
  const anchoring = await deps.anchorings.find(chainId, now)
  if (!anchoring?.remoteFinal) return 'nothing'
  if (isUnderWay(anchoring)) return 'waiting'
  const { anchor, remoteChainId, remoteFinal } = anchoring
  const state = await deps.reader.anchorState(chainId, anchor)
  if (remoteFinal.number <= state.lastHeight || !isDue(deps, anchoring, state, now)) return 'nothing'
  const stateRoot = await deps.reader.stateRoot(remoteChainId, remoteFinal)
  // Another fork than the one we follow, or a node that is behind: nothing is signed.
  if (stateRoot === null) return 'waiting'
  const privateKeys = await openKeys(deps, anchoring, state)
  if (privateKeys.length < state.threshold || anchoring.lane === null) {
    deps.observer.log('error', 'anchor.unable', { chainId, keys: privateKeys.length, needs: state.threshold })
    return 'unable'
  }
  const root = { chainId, anchor, remoteChainId, height: remoteFinal.number, stateRoot }
  const call = deps.book.anchorCall(root, privateKeys)
  for (const key of privateKeys) key.fill(0)
  const estimate = await deps.reader.estimate(chainId, anchoring.lane.address, call)
  if ('refusal' in estimate) {
    deps.observer.log('warn', 'anchor.refused', { chainId, height: root.height, reason: estimate.refusal })
    return 'waiting'
  }
  const isRecorded = await deps.anchorings.record(
    { chainId, submissionId: anchoring.submission?.id ?? null },
    {
      submissionId: deps.ids.next(),
      laneId: anchoring.lane.id,
      height: root.height,
      call: { ...call, gasLimit: withGasMargin(estimate.gas) },
      at: now,
    },
  )
  if (!isRecorded) return 'waiting'
  deps.observer.log('info', 'anchor.root_queued', { chainId, remoteChainId, height: root.height })
  deps.jobs.wake({ name: 'submit-lane', id: anchoring.lane.id })
  return 'anchored'
}

/** Once it is in a block it is there for the next look; a re-org that takes it away brings it back with the lane. */
function isUnderWay({ submission }: Anchoring): boolean {
  return submission !== null && ['queued', 'signed', 'broadcast'].includes(submission.status)
}

/** Whether somebody waits for a root that this one would be, or the last one is old. */
function isDue({ intervalMs }: AnchorDeps, anchoring: Anchoring, state: AnchorState, now: Date): boolean {
  const { wanted, remoteFinal, anchoredAt } = anchoring
  const isAwaited = wanted.some((height) => height > state.lastHeight && height <= (remoteFinal?.number ?? 0))
  return isAwaited || anchoredAt === null || now.getTime() - anchoredAt.getTime() >= intervalMs
}

async function openKeys(
  deps: AnchorDeps,
  { keys, chainId }: Anchoring,
  state: AnchorState,
): Promise<Uint8Array[]> {
  const ours = keys.filter(({ address }) => state.signers.includes(address)).slice(0, state.threshold)
  const opened: Uint8Array[] = []
  for (const { id, address, keyJwe } of ours) {
    try {
      opened.push(await deps.keyVault.open(keyJwe, { laneId: id, address }))
    } catch (error) {
      if (!(error instanceof KeyUnreadable)) throw error
      deps.observer.log('error', 'anchor.key_unreadable', { chainId, address, reason: error.message })
    }
  }
  return opened
}
