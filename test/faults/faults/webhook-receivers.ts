import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { answering, type Behaviour, taken } from '#test/support/webhook-sink.ts'
import { rose, withAlarm } from '../alarm.ts'
import type { Bed } from '../bed.ts'
import { type Fault, lengthMs, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

const POLL_MS = 50
const DRIP_EVERY_MS = 100
const LARGE_BYTES = 100 * 1_024 * 1_024

/** Nothing ever comes. */
const hangs: Behaviour = () => undefined
const cuts: Behaviour = (response) => void response.socket?.destroy()
/** A byte now and then, of an answer without an end. */
const drips: Behaviour = (response) => {
  response.writeHead(200)
  const timer = setInterval(() => void response.write('.'), DRIP_EVERY_MS)
  response.once('close', () => clearInterval(timer))
}
const large: Behaviour = (response) => {
  response.writeHead(500, { 'content-length': `${LARGE_BYTES}` })
  pour(response, LARGE_BYTES)
}

function pour(response: ServerResponse, bytes: number): void {
  const part = Math.min(bytes, 65_536)
  if (part === 0) return void response.end()
  if (response.destroyed) return
  response.write('x'.repeat(part), () => pour(response, bytes - part))
}

const BAD: Readonly<Record<string, Behaviour>> = {
  hangs,
  cuts,
  drips,
  large,
  redirects: answering(302, { location: 'http://127.0.0.1:1/' }),
  fails: answering(500),
  refuses: answering(404),
}

/** Tries in which something was sent to it: an alarm is due only then. */
const vain = new WeakSet<Scene>()

/** Of the busy economy; the neighbour's receiver stays well, and must notice nothing. */
export const receiverBad: Fault = withAlarm(
  {
    id: 'F17',
    name: 'a webhook receiver is down, hangs, drips, cuts the line, redirects, fails or answers 100 MB',
    drainedWithinS: 60,
    // After some failures a receiver is given a pause, in which the next try would meet nothing.
    isAlone: true,
    async inject(bed, random, scene) {
      const [{ sink, economyId }] = scene.stage.players
      const [since] = await bed.postgres.sql<{ now: string }>('SELECT now()::text AS now')
      const kind = random.pick(['down', ...Object.keys(BAD)])
      if (kind === 'down') await sink.stop()
      else sink.behave(BAD[kind] ?? taken)
      await sleep(lengthMs(scene, random, { full: 20_000, short: [500, 2_000] }))
      if (await untilNotTaken(bed, economyId, since?.now ?? '')) vain.add(scene)
    },
    async heal(_bed, { stage }) {
      const [{ sink }] = stage.players
      // Whoever is held by a hanging line is let go: the receiver starts anew.
      await sink.stop()
      sink.behave(taken)
      await sink.start()
    },
  },
  { ...rose('ost_webhook_deliveries_total', { outcome: 'retry' }), isDue: (scene) => vain.has(scene) },
)

/** Longer than a receiver may hang. */
const TOLD_WITHIN_MS = 20_000

/** Whether something was tried in vain; a receiver that hangs keeps us waiting. */
async function untilNotTaken({ postgres }: Bed, economyId: string, since: string): Promise<boolean> {
  const deadline = performance.now() + TOLD_WITHIN_MS
  while (performance.now() < deadline) {
    const [row] = await postgres.sql<{ failing: boolean }>(
      `SELECT EXISTS (SELECT FROM webhook_delivery WHERE economy_id = $1 AND status = 'pending' AND last_attempt_at > $2) AS failing`,
      [economyId, since],
    )
    if (row?.failing) return true
    await sleep(POLL_MS)
  }
  return false
}

const lost = new WeakMap<Scene, { id: string | undefined }>()

/** The receiver has it, the worker dies before it hears so: the same event comes again under the same id. */
export const deliveryUnrecorded: Fault = {
  id: 'F18',
  name: 'the worker dies between a delivery and its record',
  drainedWithinS: 60,
  async inject(bed, random, scene) {
    const [{ sink }] = scene.stage.players
    const [worker] = bed.workers
    const found: { id: string | undefined } = { id: undefined }
    lost.set(scene, found)
    let passed = random.below(10)
    const isDead = new Promise<void>((resolve) => {
      sink.behave((response, received) => {
        if ((passed -= 1) >= 0 || found.id !== undefined) return taken(response, received)
        found.id = received.id
        void worker?.kill().then(resolve)
      })
    })
    await Promise.race([isDead, sleep(TOLD_WITHIN_MS)])
  },
  async heal(bed, { stage }) {
    const [{ sink }] = stage.players
    sink.behave(taken)
    await bed.scale({ apis: bed.apis.length, workers: bed.workers.length })
  },
  check(scene): Finding[] {
    const [{ sink }] = scene.stage.players
    const id = lost.get(scene)?.id
    const times = sink.ids().filter((one) => one === id).length
    if (times > 1) return []
    const what =
      id === undefined
        ? 'nothing was delivered'
        : `${id} came ${times} times, though nobody heard of the first`
    return [{ verdict: 'V4', kind: 'mismatch', what }]
  },
}
