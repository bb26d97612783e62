import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#scripts/simulate/random.ts'
import { type Bend, type Fault as Bending, type RpcProxy, withoutBurst } from '#test/support/rpc-proxy.ts'
import { type Alarm, rose, withAlarm } from '../alarm.ts'
import type { Bed, BedOptions } from '../bed.ts'
import { drain } from '../drain.ts'
import { type Fault, lengthMs, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { type Payment, payOne } from '../stage.ts'
import { letThrough } from './broadcasts.ts'

const UNAVAILABLE: Alarm = rose('ost_chain_rpc_unavailable_total')
/** Every request is met by it: the first one that comes is enough. */
const UNAVAILABLE_TO_ALL: Alarm = { ...UNAVAILABLE, needsFault: true }

export const nodeGone = withAlarm(
  {
    id: 'node-gone',
    name: 'no node can be reached for up to 30 s',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      for (const proxy of bed.chain.proxies) proxy.choose(() => 'cut_before')
      await sleep(lengthMs(scene, random, { full: 30_000, short: [500, 2_000] }))
    },
    heal: letThrough,
  },
  UNAVAILABLE_TO_ALL,
)

/** Tries in which an answer was bad: a short one may have none. */
const answeredBadly = new WeakSet<Scene>()

/** A part of all requests, whatever they ask, is answered badly. */
function badAnswers(options: {
  id: string
  name: string
  percent: (random: Random) => number
  bending: (random: Random) => Bending
  alarm?: Alarm
}): Fault {
  const { id, name, percent, bending, alarm } = options
  const fault: Fault = {
    id,
    name,
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const chance = percent(random)
      const own = random.fork('answers')
      const choose = () => {
        if (own.below(100) >= chance) return 'none'
        answeredBadly.add(scene)
        return bending(own)
      }
      for (const proxy of bed.chain.proxies) proxy.choose(choose)
      await sleep(lengthMs(scene, random, { full: 8_000, short: [500, 2_000] }))
    },
    heal: letThrough,
  }
  return alarm ? withAlarm(fault, alarm) : fault
}

export const answersBad = badAnswers({
  id: 'F11-answers',
  name: 'a node answers 429, 502, HTML or under a foreign id',
  percent: (random) => random.between(20, 80),
  bending: (random) => random.pick(['rate_limited', 'bad_gateway', 'html', 'wrong_id'] as const),
  alarm: { ...UNAVAILABLE, isDue: (scene) => answeredBadly.has(scene) },
})

/** Errors as nodes give them, beside lines that are cut: nothing of it says anything about a payment. */
export const errorsOften = badAnswers({
  id: 'errors-20',
  name: '20 % of calls end in an error',
  percent: () => 20,
  bending: (random) =>
    random.pick([
      { says: 'internal error' },
      { says: 'header not found' },
      'cut_before',
      'cut_after',
    ] as const),
})

export const answersShuffled = badAnswers({
  id: 'answers-shuffled',
  name: 'answers come twice and in another order, with those of earlier requests among them',
  percent: () => 70,
  bending: () => 'shuffled',
})

/** A node whose view of the chain stands still at `height`. */
function standsAt(height: number): Bend {
  return (method, params, result) => {
    if (method === 'eth_blockNumber') return hex(height)
    if (method !== 'eth_getBlockByNumber' || typeof result !== 'object' || result === null) return result
    if (params[0] === 'latest') return { ...result, number: hex(height) }
    return Number(params[0]) > height ? null : result
  }
}

function hex(number: number): string {
  return `0x${Math.max(0, number).toString(16)}`
}

async function headOf(bed: Bed): Promise<number> {
  return Number(await bed.chain.rpc('eth_blockNumber'))
}

export const answersStale: Fault = {
  id: 'F11-stale',
  name: 'the only node shows an old head, or counts fewer nonces than were used',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    const head = await headOf(bed)
    const fewer = random.between(1, 5)
    const counts: Bend = (method, _params, result) =>
      method === 'eth_getTransactionCount' ? hex(Number(result) - fewer) : result
    const stands = standsAt(head - random.below(4))
    const bend = random.pick<Bend>([
      counts,
      stands,
      (method, params, result) => counts(method, params, stands(method, params, result)),
    ])
    for (const proxy of bed.chain.proxies) proxy.bend(bend)
    await sleep(lengthMs(scene, random, { full: 8_000, short: [500, 2_000] }))
  },
  heal: letThrough,
}

export const chainIdWrong = withAlarm(
  {
    id: 'F11-chain-id',
    name: 'after a cut line the node is one of another chain',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      let cuts = random.between(1, 4)
      for (const proxy of bed.chain.proxies) {
        proxy.bend((method, _params, result) => (method === 'eth_chainId' ? '0x1' : result))
        proxy.choose(() => ((cuts -= 1) >= 0 ? 'cut_after' : 'none'))
      }
      await sleep(lengthMs(scene, random, { full: 8_000, short: [500, 2_000] }))
    },
    heal: letThrough,
  },
  UNAVAILABLE_TO_ALL,
)

const REQUESTS_PER_SECOND = 10
const CLIENTS = 100
const PAID_WITHIN_S = 60
const findings = new WeakMap<Scene, Finding[]>()

/** In tries of full length everybody is paid while the limit lasts. */
export const rateLimited = withAlarm(
  {
    id: 'F12',
    name: '100 clients at once while the node takes 10 requests a second',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      // Bundled as the platform's requests are, it would stay within a burst.
      const take = withoutBurst(REQUESTS_PER_SECOND, () => answeredBadly.add(scene))
      for (const proxy of bed.chain.proxies) proxy.choose(take)
      await payAtOnce(scene, random)
      if (!scene.isFullLength) return sleep(random.between(500, 3_000))
      await scene.load.stop()
      const startedAt = performance.now()
      if ((await drain(scene.stage, startedAt, PAID_WITHIN_S)) !== null) return undefined
      const what = `not everybody was paid within ${PAID_WITHIN_S} s while the node limited our rate`
      findings.set(scene, [{ verdict: 'V5', kind: 'mismatch', what }])
      return undefined
    },
    heal: letThrough,
    check: (scene) => findings.get(scene) ?? [],
  },
  { ...UNAVAILABLE, isDue: (scene) => scene.isFullLength || answeredBadly.has(scene) },
)

async function payAtOnce({ stage, seed }: Scene, random: Random): Promise<void> {
  const [player] = stage.players
  const payments = Array.from(
    { length: CLIENTS },
    (): Payment => ({ type: 'reward', to: random.pick(player.partner.users).id, amount: stage.nextAmount() }),
  )
  await Promise.all(
    payments.map(async (payment, client) =>
      payOne(player, stage.story, `limited-${seed}-${client}`, payment),
    ),
  )
}

const TWO_ENDPOINTS: BedOptions = { endpoints: 2 }
const LIES = ['hashes', 'head', 'count'] as const

export const endpointLies = withAlarm(
  {
    id: 'endpoint-lies',
    name: 'one of two RPC endpoints shows blocks that are not ours',
    drainedWithinS: 30,
    bed: TWO_ENDPOINTS,
    async inject(bed, random, scene) {
      const liar = random.pick(bed.chain.proxies)
      liar.bend(lie(random.pick(LIES)))
      await sleep(lengthMs(scene, random, { full: 8_000, short: [1_200, 2_500] }))
    },
    heal: letThrough,
  },
  { ...rose('ost_chain_endpoint_taken_out_total', { reason: 'lying' }), needsFault: true },
)

/** Every lie shows hashes that are not the chain's; two of them tell more that is not so. */
function lie(kind: (typeof LIES)[number]): Bend {
  return (method, _params, result) => {
    if (method === 'eth_blockNumber' && kind === 'head') return '0xffffff'
    if (method === 'eth_getTransactionCount' && kind === 'count') return '0x0'
    if (method !== 'eth_getBlockByNumber' || typeof result !== 'object' || result === null) return result
    return { ...result, hash: otherHash(result, 'hash'), parentHash: otherHash(result, 'parentHash') }
  }
}

/** The same other hash for the same block, so that the made-up chain hangs together. */
function otherHash(block: object, field: 'hash' | 'parentHash'): string {
  // As the Ethereum JSON-RPC specifies it.
  const { [field]: hash } = block as Record<typeof field, string>
  return `${hash.slice(0, -4)}${hash.endsWith('dead') ? 'beef' : 'dead'}`
}

export const endpointLags = withAlarm(
  {
    id: 'endpoint-lags',
    name: 'one of two RPC endpoints stands still',
    drainedWithinS: 30,
    bed: TWO_ENDPOINTS,
    async inject(bed, random, scene) {
      const laggard: RpcProxy = random.pick(bed.chain.proxies)
      // Stale is who is three seconds behind.
      laggard.bend(standsAt((await headOf(bed)) - random.between(5, 25)))
      await sleep(lengthMs(scene, random, { full: 10_000, short: [3_000, 4_000] }))
    },
    heal: letThrough,
  },
  { ...rose('ost_chain_endpoint_taken_out_total', { reason: 'stale' }), needsFault: true },
)
