import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#scripts/simulate/random.ts'
import { either, reached, rose, withAlarm } from '../alarm.ts'
import type { ChainNode } from '../bed/chain-node.ts'
import type { Bed, BedOptions } from '../bed.ts'
import { type Fault, lengthMs, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

export const nodeFrozen = withAlarm(
  {
    id: 'F15-frozen',
    name: 'the only node does not answer for up to 20 s',
    drainedWithinS: 45,
    async inject(bed, random, scene) {
      bed.chain.freeze()
      await sleep(lengthMs(scene, random, { full: 20_000, short: [1_500, 3_000] }))
    },
    heal: async (bed) => bed.chain.thaw(),
  },
  reached('ost_chain_seconds_since_read', 1),
)

/**
 * Mined by hand: a node that is stopped in the middle of mining writes down balances and nonces of a block that it does not have afterwards.
 */
const KEPT: BedOptions = { keepsChainState: true, minedByHand: true }

/** Tries in which somebody asked the node while it was away: in some it is back before. */
const missed = new WeakSet<Scene>()
const askedOf = ({ chain }: Bed) => chain.proxies.reduce((sum, { requests }) => sum + requests, 0)

export const nodeRestarted = withAlarm(
  {
    id: 'F15-restart',
    name: 'the node stops, and starts with everything it had',
    drainedWithinS: 45,
    bed: KEPT,
    async inject(bed, random, scene) {
      await bed.chain.betweenBlocks(async () => bed.chain.stop())
      const before = askedOf(bed)
      await sleep(lengthMs(scene, random, { full: 8_000, short: [0, 1_000] }))
      if (askedOf(bed) > before) missed.add(scene)
    },
    heal: async (bed) => bed.chain.start(),
  },
  { ...rose('ost_chain_rpc_unavailable_total'), isDue: (scene) => missed.has(scene) },
)

/** What it mined after its state was written down is lost, payments and all: fewer blocks than we follow back in a sandbox. */
export const nodeForgets = withAlarm(
  {
    id: 'F15-older',
    name: 'the node is killed and starts with the state of up to 9 s before',
    drainedWithinS: 60,
    bed: KEPT,
    async inject(bed, random, scene) {
      // Stopped, it writes everything down.
      await bed.chain.betweenBlocks(async () => bed.chain.stop())
      await bed.chain.start()
      await sleep(lengthMs(scene, random, { full: 9_000, short: [1_000, 3_000] }))
      await bed.chain.kill()
      await sleep(random.below(500))
    },
    heal: async (bed) => bed.chain.start(),
  },
  either(rose('ost_lane_nonce_gaps_total'), rose('ost_ledger_reorged_blocks_total')),
)

const CAP_GWEI = 20
/** Blocks and base fees by hand, and a bound on what we offer. */
export const BY_HAND: BedOptions = { minedByHand: true, maxFeeGwei: CAP_GWEI }

async function asUsual(bed: Bed): Promise<void> {
  bed.chain.pace(bed.blockTimeMs)
}

export const chainHalted = withAlarm(
  {
    id: 'F15-halted',
    name: 'the chain makes no block for up to 60 s, and its node answers',
    drainedWithinS: 30,
    bed: BY_HAND,
    async inject(bed, random, scene) {
      bed.chain.pace(null)
      await sleep(lengthMs(scene, random, { full: 60_000, short: [1_500, 3_000] }))
    },
    heal: asUsual,
  },
  either(reached('ost_lane_oldest_open_seconds', 1), reached('ost_oldest_queued_seconds', 1)),
)

const FAST_MS = 100

export const blocksFast: Fault = {
  id: 'block-time-100ms',
  name: 'a block comes every 100 ms, twice as often as the platform was told',
  drainedWithinS: 30,
  bed: BY_HAND,
  async inject(bed, random, scene) {
    bed.chain.pace(FAST_MS)
    await sleep(lengthMs(scene, random, { full: 5_000, short: [500, 2_000] }))
  },
  heal: asUsual,
}

export const blocksSlow: Fault = {
  id: 'block-time-15s',
  name: 'a block comes every 1, 2 or 15 s where the platform was told of 200 ms',
  drainedWithinS: 30,
  bed: BY_HAND,
  async inject(bed, random, scene) {
    const paceMs = random.between(1_000, 2_000)
    bed.chain.pace(scene.isFullLength ? 15_000 : paceMs)
    await sleep(scene.isFullLength ? 31_000 : 2 * paceMs)
  },
  heal: asUsual,
}

const ROUNDS_FULL = 8
const POOL_WITHIN_MS = 8_000
/** Something must be in the pool soon, and again after it was emptied. */
const POOLED_PACE_MS = 300
const dropped = new WeakMap<Scene, number>()

export const poolDropped = withAlarm(
  {
    id: 'mempool-drop',
    name: 'transactions vanish from the pool before they are mined',
    drainedWithinS: 30,
    slowPaceMs: POOLED_PACE_MS,
    bed: BY_HAND,
    async inject(bed, random, scene) {
      const rounds = scene.isFullLength ? ROUNDS_FULL : 1
      for (let round = 0; round < rounds; round += 1) {
        bed.chain.pace(null)
        dropped.set(scene, (dropped.get(scene) ?? 0) + (await dropPooled(bed.chain, random)))
        // Before the next block the gap is there for everybody to see.
        await sleep(random.below(500))
        bed.chain.pace(bed.blockTimeMs)
        await sleep(random.below(500))
      }
    },
    heal: asUsual,
    check: (scene) =>
      (dropped.get(scene) ?? 0) === 0
        ? [{ verdict: 'V5', kind: 'mismatch', what: 'nothing came into the pool that could be dropped' }]
        : [],
  },
  { ...rose('ost_chain_rebroadcasts_total'), isDue: (scene) => (dropped.get(scene) ?? 0) > 0 },
)

type Pool = Pick<ChainNode, 'rpc' | 'betweenBlocks'>

/**
 * Drops the first transaction that waits for a block, and some of the others, once there is one. Never while a block is being made: what
 * that block takes is shown as waiting until it is there, and is mined although it was dropped.
 * @returns how many were dropped; 0: nothing came in time.
 */
export async function dropPooled(chain: Pool, random: Random): Promise<number> {
  const deadline = performance.now() + POOL_WITHIN_MS
  while (performance.now() < deadline) {
    const count = await chain.betweenBlocks(async () => {
      const unlucky = (await pooled(chain)).filter((_, index) => index === 0 || random.below(2) === 0)
      let gone = 0
      for (const hash of unlucky) if ((await chain.rpc('anvil_dropTransaction', [hash])) !== null) gone += 1
      return gone
    })
    if (count > 0) return count
    await sleep(30)
  }
  return 0
}

/** Hashes of what waits for a block. */
async function pooled(chain: Pool): Promise<string[]> {
  // As geth's txpool_content is described: by sender, then by nonce.
  const { pending } = (await chain.rpc('txpool_content')) as {
    pending: Record<string, Record<string, { hash: string }>>
  }
  return Object.values(pending).flatMap((byNonce) => Object.values(byNonce).map(({ hash }) => hash))
}

const GWEI = 1_000_000_000n
const FLOWS_WITHIN_S = 10
/** The middle of what a market does, and the spikes: the first below our bound, the others far above. */
const SPIKES = [5n, 50n, 100n] as const
const findings = new WeakMap<Scene, Finding[]>()
const spikes = new WeakMap<Scene, bigint>()

export const baseFeeSpike = withAlarm(
  {
    id: 'F14',
    name: 'the base fee is 5, 50 or 100 times as high for up to 60 s',
    drainedWithinS: 30,
    bed: BY_HAND,
    async inject(bed, random, scene) {
      bed.chain.charge(GWEI)
      await sleep(2 * bed.blockTimeMs)
      const spike = scene.isFullLength ? random.pick([50n, 100n] as const) : random.pick(SPIKES)
      spikes.set(scene, spike)
      bed.chain.charge(spike * GWEI)
      await sleep(lengthMs(scene, random, { full: 60_000, short: [1_500, 3_000] }))
    },
    async heal(bed, scene) {
      bed.chain.charge(GWEI)
      const healedAt = performance.now()
      const [{ floor }] = await minedSince(bed, null)
      const whats: string[] = []
      for (;;) {
        const [{ more }] = await minedSince(bed, floor)
        const seconds = (performance.now() - healedAt) / 1_000
        if (more) break
        if (seconds > FLOWS_WITHIN_S) {
          whats.push(`nothing was mined ${FLOWS_WITHIN_S} s after the base fee was as before`)
          break
        }
        await sleep(50)
      }
      const [offered] = await bed.postgres.sql<{ most: string }>(
        'SELECT coalesce(max(max_fee_per_gas), 0) AS most FROM submission_attempt',
      )
      if (BigInt(offered?.most ?? 0) > BigInt(CAP_GWEI) * GWEI)
        whats.push(`${offered?.most} wei per gas were offered, ${CAP_GWEI} gwei are the most`)
      findings.set(
        scene,
        whats.map((what) => ({ verdict: 'V5', kind: 'mismatch', what })),
      )
    },
    check: (scene) => findings.get(scene) ?? [],
  },
  {
    ...either(rose('ost_chain_fee_cap_reached_total'), reached('ost_oldest_queued_seconds', 1)),
    isDue: (scene) => (spikes.get(scene) ?? 0n) > BigInt(CAP_GWEI),
  },
)

/** The newest block with a submission of ours, and whether there is a newer one than `floor`. */
async function minedSince(bed: Bed, floor: string | null): Promise<[{ floor: string; more: boolean }]> {
  const [row] = await bed.postgres.sql<{ newest: string }>(
    'SELECT coalesce(max(block_number), 0) AS newest FROM chain_submission',
  )
  const newest = row?.newest ?? '0'
  return [{ floor: newest, more: floor !== null && BigInt(newest) > BigInt(floor) }]
}
