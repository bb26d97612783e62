import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#scripts/simulate/random.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { payOne, type Payment, type Player, type Stage } from '../stage.ts'

const PHASE_MS = 1_500
/** The neighbour asks at an even pace; the storm comes as fast as it is let in. */
const PROBES = 2
const PROBE_PACE_MS = 50
const STORMERS = 32
/** A neighbour may be this much slower, and where it was very fast before, by so many milliseconds. */
const SLOWER_MAX = 2
const GRACE_MS = 400
const findings = new WeakMap<Scene, Finding[]>()

export const tenantStorm: Fault = {
  id: 'F26',
  name: 'one tenant sends a hundred times what the other does',
  drainedWithinS: 60,
  isAlone: true,
  needsPeace: true,
  async inject(_bed, random, scene) {
    const { stage } = scene
    const [busy, neighbour] = stage.players
    const quiet = await during(stage, neighbour, random.fork('quiet'), `quiet-${scene.seed}`)
    const storm = startStorm(stage, busy, random.fork('storm'), `storm-${scene.seed}`)
    const loud = await during(stage, neighbour, random.fork('loud'), `loud-${scene.seed}`)
    await storm.stop()
    const bound = Math.max(quiet * SLOWER_MAX, quiet + GRACE_MS)
    const what = `the neighbour's 99th percentile rose from ${Math.round(quiet)} to ${Math.round(loud)} ms`
    findings.set(scene, loud > bound ? [{ verdict: 'V5', kind: 'mismatch', what }] : [])
  },
  async heal() {},
  check: (scene) => findings.get(scene) ?? [],
}

/** The neighbour's 99th percentile over a phase, in milliseconds. */
async function during(stage: Stage, player: Player, random: Random, name: string): Promise<number> {
  const first = stage.story.attempts.length
  const until = performance.now() + PHASE_MS
  await Promise.all(
    Array.from({ length: PROBES }, async (_, probe) => {
      for (let turn = 0; performance.now() < until; turn += 1) {
        await payOne(player, stage.story, `${name}-${probe}-${turn}`, reward(stage, player, random))
        await sleep(PROBE_PACE_MS)
      }
    }),
  )
  const key = player.partner.key.secret
  const own = stage.story.attempts.slice(first).filter((attempt) => attempt.key === key)
  const sorted = own.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0
}

function startStorm(stage: Stage, player: Player, random: Random, name: string) {
  let isOver = false
  const stormers = Promise.all(
    Array.from({ length: STORMERS }, async (_, stormer) => {
      for (let turn = 0; !isOver; turn += 1) {
        await payOne(player, stage.story, `${name}-${stormer}-${turn}`, reward(stage, player, random))
      }
    }),
  )
  stormers.catch(() => undefined)
  return {
    async stop() {
      isOver = true
      await stormers
    },
  }
}

function reward(stage: Stage, player: Player, random: Random): Payment {
  return { type: 'reward', to: random.pick(player.partner.users).id, amount: stage.nextAmount() }
}
