import { setTimeout as sleep } from 'node:timers/promises'
import type { WireIssuedApiKey } from '#apps/cli/wire.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { createCaller } from '../caller.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { startLoad } from '../load.ts'

/** From the answer to the order until every node obeys it. */
const OBEYED_WITHIN_MS = 1_000
const WATCHED_MS = 1_500
/** Longer where a busy machine leaves whoever pays no time to ask. */
const ASKED_WITHIN_MS = 10_000
/** Whoever pays must ask again while it is watched whether the order is obeyed. */
const SLOW_PACE_MS = 300

interface Order {
  key: string
  givenAt: number
}

const orders = new WeakMap<Scene, Order>()

/** Requests of the key a second after the order. */
function askedLate(scene: Scene) {
  const order = orders.get(scene)
  return scene.stage.story.attempts.filter(
    ({ key, at }) => key === order?.key && at > order.givenAt + OBEYED_WITHIN_MS,
  )
}

/** Those that were served as if there had been no order. */
function disobeyed(scene: Scene): Finding[] {
  if (!orders.has(scene)) return []
  const late = askedLate(scene)
  const served = late.filter(({ status }) => status !== null && status < 400)
  return asFindings(served.length, late.length)
}

function asFindings(served: number, asked: number): Finding[] {
  const whats: string[] = []
  if (asked === 0) whats.push('nobody asked anything after the order')
  if (served > 0)
    whats.push(`${served} of ${asked} requests were served more than ${OBEYED_WITHIN_MS} ms after the order`)
  return whats.map((what) => ({ verdict: 'V4', kind: 'mismatch', what }))
}

export const keyRevoked: Fault = {
  id: 'F24-key',
  name: 'an API key is revoked while it is paying, on two apis',
  drainedWithinS: 30,
  fleet: { apis: 2, workers: 1 },
  async inject(bed, random, scene) {
    const { stage } = scene
    const [busy, neighbour] = stage.players
    const { tenant, economy } = busy.partner
    const issued = await tenant.post<WireIssuedApiKey>('/v3/api-keys', {
      name: 'Short-lived',
      economy_id: economy.id,
      scopes: DATA_SCOPES,
    })
    const { attempts } = stage.story
    const caller = createCaller({ urls: () => bed.apis.map(({ url }) => url), key: issued.secret, attempts })
    const load = startLoad(
      { ...stage, players: [{ ...busy, caller }, neighbour] },
      random.fork('burst'),
      `burst-${scene.seed}`,
      SLOW_PACE_MS,
    )
    try {
      await sleep(random.between(200, 600))
      await tenant.delete(`/v3/api-keys/${issued.id}`)
      orders.set(scene, { key: issued.secret, givenAt: performance.now() })
      const deadline = performance.now() + ASKED_WITHIN_MS
      do await sleep(WATCHED_MS)
      while (askedLate(scene).length === 0 && performance.now() < deadline)
    } finally {
      await load.stop()
      await caller.close()
    }
  },
  async heal() {},
  check: disobeyed,
}

const verdicts = new WeakMap<Scene, Finding[]>()

export const economyPaused: Fault = {
  id: 'F24-pause',
  name: 'an economy is paused while it is paying, on two apis',
  drainedWithinS: 30,
  fleet: { apis: 2, workers: 1 },
  slowPaceMs: SLOW_PACE_MS,
  async inject(_bed, random, scene) {
    const [{ partner, economyId }] = scene.stage.players
    const { intents } = scene.stage.story
    await sleep(random.between(100, 500))
    await partner.tenant.post(`/v3/economies/${partner.economy.id}/pause`)
    await sleep(OBEYED_WITHIN_MS)
    const asked = intents.length
    await sleep(WATCHED_MS)
    const late = intents.slice(asked).filter((intent) => intent.economyId === economyId)
    const served = late.filter(({ answer }) => answer && 'transactionId' in answer)
    verdicts.set(scene, asFindings(served.length, late.length))
  },
  async heal(_bed, scene) {
    const [{ partner }] = scene.stage.players
    await partner.tenant.post(`/v3/economies/${partner.economy.id}/resume`)
  },
  check: (scene) => verdicts.get(scene) ?? [],
}
