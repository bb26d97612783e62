import type { BatchProbe, ChainRpc, LaneSnapshot } from '../chain/chain-rpc.ts'
import type { Lane } from '../chain/lane.ts'
import type { QueuedEconomy } from '../chain/submission-store.ts'
import type { Clock } from '../shared/clock.ts'

/** Milliseconds. Fees and balance move with blocks; a count that is a little old is only a lower bound. */
const SNAPSHOT_FRESH_MS = 1_000
/** Milliseconds. How long a pause or a lost role on the chain may stay unseen. */
const PROBE_FRESH_MS = 3_000
/** Milliseconds from one batch of an economy to its next: the cost of a batch is shared by all that came meanwhile. */
const GATHERING_MS = 100
/** Payments. A batch of that many has left others behind: the next one need not gather. */
const FULL_BATCH = 500

interface Remembered<Value> {
  value: Value
  at: number
}

/** What a process remembers between runs, only to ask the chain less often. All of it may be lost at any moment. */
export interface LaneMemory {
  snapshots: Map<string, Remembered<LaneSnapshot>>
  probes: Map<string, Remembered<BatchProbe>>
  /** The economy that a lane served last, so that the next one has its turn. */
  lastServed: Map<string, string>
  /** The last batch of each economy, and whether it was about as large as it gets. */
  lastBatch: Map<string, Remembered<{ isFull: boolean }>>
  /** Why an economy is held back, so that the alarm is raised once and not with every run. */
  heldBack: Map<string, string>
}

export function createLaneMemory(): LaneMemory {
  return {
    snapshots: new Map(),
    probes: new Map(),
    lastServed: new Map(),
    lastBatch: new Map(),
    heldBack: new Map(),
  }
}

interface Deps {
  memory: LaneMemory
  clock: Clock
}

/** The lane's view of its chain, at most a second old. @throws ChainUnavailable */
export async function recentSnapshot(deps: Deps, lane: Lane, chain: ChainRpc): Promise<LaneSnapshot> {
  return recent(deps, deps.memory.snapshots, lane.id, SNAPSHOT_FRESH_MS, () =>
    chain.laneSnapshot(lane.address),
  )
}

/** Whether the economy takes batches from the lane, at most three seconds old. @throws ChainUnavailable */
export async function recentProbe(
  deps: Deps,
  lane: Lane,
  chain: ChainRpc,
  economy: QueuedEconomy,
): Promise<BatchProbe> {
  return recent(deps, deps.memory.probes, economy.economyId, PROBE_FRESH_MS, () =>
    chain.probeBatch(lane.address, economy.tokenRulesAddress),
  )
}

/** Economies in the order of their turns: those behind the one served last come first. */
export function inTurn(
  deps: Pick<Deps, 'memory'>,
  laneId: string,
  economies: readonly QueuedEconomy[],
): QueuedEconomy[] {
  const last = deps.memory.lastServed.get(laneId) ?? ''
  const ordered = economies.toSorted((a, b) => (a.economyId < b.economyId ? -1 : 1))
  return [
    ...ordered.filter(({ economyId }) => economyId > last),
    ...ordered.filter(({ economyId }) => economyId <= last),
  ]
}

/** Remembers that a batch of the economy was signed. */
export function rememberBatch(deps: Deps, economyId: string, transactions: number): void {
  deps.memory.lastBatch.set(economyId, {
    value: { isFull: transactions >= FULL_BATCH },
    at: deps.clock.now().getTime(),
  })
}

/** Milliseconds that the economy's next batch should still gather. None after a while without one, or after a full one. */
export function gatheringMs(deps: Deps, economyId: string): number {
  const last = deps.memory.lastBatch.get(economyId)
  if (!last || last.value.isFull) return 0
  const ageMs = deps.clock.now().getTime() - last.at
  // A clock that was set back makes a negative age: nobody waits for it.
  return ageMs >= 0 && ageMs < GATHERING_MS ? GATHERING_MS - ageMs : 0
}

async function recent<Value>(
  deps: Deps,
  known: Map<string, Remembered<Value>>,
  key: string,
  freshMs: number,
  ask: () => Promise<Value>,
): Promise<Value> {
  const now = deps.clock.now().getTime()
  const remembered = known.get(key)
  const ageMs = remembered ? now - remembered.at : Number.POSITIVE_INFINITY
  // A clock that was set back makes a negative age: ask again.
  if (remembered && ageMs >= 0 && ageMs < freshMs) return remembered.value
  const value = await ask()
  known.set(key, { value, at: now })
  return value
}
