import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#scripts/simulate/random.ts'
import type { Fault as Bending } from '#test/support/rpc-proxy.ts'
import { either, rose, withAlarm } from '../alarm.ts'
import type { Bed } from '../bed.ts'
import { type Fault, lengthMs, type Scene } from '../fault.ts'

const SEND = 'eth_sendRawTransaction'
const PERCENTS = [1, 5, 10, 50] as const
const LENGTH: { full: number; short: [number, number] } = { full: 10_000, short: [500, 2_000] }
const UNCLEAR = rose('ost_chain_broadcasts_total', { verdict: 'unknown' })

/** How often a broadcast was bent in a try: an alarm is due only where one was. */
const bent = new WeakMap<Scene, number>()
const wasBent = (scene: Scene) => (bent.get(scene) ?? 0) > 0

/** Bends broadcasts of every endpoint as `choose` says; `none` lets one through. */
function bendBroadcasts(bed: Bed, scene: Scene, choose: () => Bending): void {
  for (const proxy of bed.chain.proxies) {
    proxy.choose((methods) => {
      if (!methods.includes(SEND)) return 'none'
      const fault = choose()
      if (fault !== 'none') bent.set(scene, (bent.get(scene) ?? 0) + 1)
      return fault
    })
  }
}

export async function letThrough(bed: Bed): Promise<void> {
  for (const proxy of bed.chain.proxies) {
    proxy.choose(() => 'none')
    proxy.bend(null)
  }
}

/** A random part of all broadcasts meets `bending`. */
function unluckyBroadcasts(options: {
  id: string
  name: string
  drainedWithinS: number
  bending: (random: Random, scene: Scene) => Bending
  length?: typeof LENGTH
}): Fault {
  const { id, name, drainedWithinS, bending, length = LENGTH } = options
  return {
    id,
    name,
    drainedWithinS,
    async inject(bed, random, scene) {
      const percent = random.pick(PERCENTS)
      const own = random.fork('broadcasts')
      bendBroadcasts(bed, scene, () => (own.below(100) < percent ? bending(own, scene) : 'none'))
      await sleep(lengthMs(scene, random, length))
    },
    heal: letThrough,
  }
}

/** The node has it and nobody hears: the same bytes go out again, and are paid once. */
export const answersCut = withAlarm(
  unluckyBroadcasts({
    id: 'F3-cut-after',
    name: '1, 5, 10 or 50 % of broadcasts are accepted and their answers cut',
    drainedWithinS: 30,
    bending: () => 'cut_after',
  }),
  { ...UNCLEAR, isDue: wasBent },
)

export const broadcastsCut = withAlarm(
  unluckyBroadcasts({
    id: 'F3-cut-before',
    name: '1, 5, 10 or 50 % of broadcasts never reach the node',
    drainedWithinS: 30,
    bending: () => 'cut_before',
  }),
  { ...UNCLEAR, isDue: wasBent },
)

const LATE_MS_FULL = 30_000

/** Longer than we wait in tries of full length, so that the answer is lost although it comes. */
export const answersLate = unluckyBroadcasts({
  id: 'F3-late',
  name: '1, 5, 10 or 50 % of broadcasts are accepted and answered up to 30 s later',
  drainedWithinS: 60,
  bending: (random, { isFullLength }) => ({
    answersAfterMs: isFullLength ? LATE_MS_FULL : random.between(200, 3_000),
  }),
})

/** Requests that are never answered end after ten seconds, so short tries let one of them hang, others all. */
export const answersNeverCome = withAlarm(
  {
    id: 'rpc-timeout',
    name: 'broadcasts are accepted and the request times out',
    drainedWithinS: 45,
    async inject(bed, random, scene) {
      const most = scene.isFullLength ? Number.POSITIVE_INFINITY : 1
      let hung = 0
      bendBroadcasts(bed, scene, () =>
        hung < most ? ((hung += 1), { answersAfterMs: LATE_MS_FULL }) : 'none',
      )
      await sleep(lengthMs(scene, random, { full: 12_000, short: [300, 1_000] }))
    },
    heal: letThrough,
  },
  { ...UNCLEAR, isDue: wasBent },
)

const REFUSALS = 20
/** Where the lane is full and the node lacks one of its transactions only, that one is tried every two seconds. */
const REFUSALS_WITHIN_MS = 60_000
const TRANSPORT: readonly Bending[] = ['cut_before', 'rate_limited', 'bad_gateway', 'html', 'wrong_id']

export const sendsRefused = withAlarm(
  {
    id: 'F4',
    name: '20 broadcasts in a row end for a transport reason while the queue fills',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const own = random.fork('refusals')
      bendBroadcasts(bed, scene, () => ((bent.get(scene) ?? 0) < REFUSALS ? own.pick(TRANSPORT) : 'none'))
      const deadline = performance.now() + REFUSALS_WITHIN_MS
      while ((bent.get(scene) ?? 0) < REFUSALS && performance.now() < deadline) await sleep(50)
    },
    heal: letThrough,
    check: (scene) =>
      (bent.get(scene) ?? 0) < REFUSALS
        ? [{ verdict: 'V5', kind: 'mismatch', what: `only ${bent.get(scene) ?? 0} broadcasts were tried` }]
        : [],
  },
  UNCLEAR,
)

/** The proxy sends every broadcast twice, so that the node itself says the words that count. */
function repeatedBroadcasts(id: string, name: string, repeatsAfterMs: (bed: Bed) => number): Fault {
  return {
    id,
    name,
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      bendBroadcasts(bed, scene, () => ({ repeatsAfterMs: repeatsAfterMs(bed) }))
      await sleep(lengthMs(scene, random, { full: 5_000, short: [800, 2_000] }))
    },
    heal: letThrough,
  }
}

export const alreadyKnown = withAlarm(
  repeatedBroadcasts('already-known', 'the node has every transaction already', () => 0),
  {
    ...either(
      rose('ost_chain_broadcasts_total', { reason: 'already_known' }),
      rose('ost_chain_broadcasts_total', { reason: 'already_mined' }),
    ),
    isDue: wasBent,
  },
)

export const nonceTooLow = withAlarm(
  repeatedBroadcasts(
    'nonce-too-low',
    'every nonce is used already, by ourselves',
    (bed) => 3 * bed.blockTimeMs,
  ),
  // A block that is late finds the transaction in the pool still.
  { ...rose('ost_chain_broadcasts_total', { reason: 'already_mined' }), isDue: wasBent, needsFault: true },
)

const UNDERPRICED = ['transaction underpriced', 'replacement transaction underpriced'] as const

export const underpriced = withAlarm(
  {
    id: 'underpriced',
    name: 'the node refuses broadcasts because they pay too little',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const own = random.fork('refusals')
      bendBroadcasts(bed, scene, () => (own.below(100) < 60 ? { says: own.pick(UNDERPRICED) } : 'none'))
      await sleep(lengthMs(scene, random, { full: 5_000, short: [500, 2_000] }))
    },
    heal: letThrough,
  },
  { ...rose('ost_chain_broadcasts_total', { verdict: 'rejected' }), isDue: wasBent },
)
