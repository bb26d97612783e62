import { setTimeout as sleep } from 'node:timers/promises'
import type { Bed } from './bed.ts'
import type { Fault, Scene } from './fault.ts'

/** What the workers' metrics say at one moment: values of all series, added up over the workers. */
export interface Readings {
  /** Sum of the series of this name that have these labels. */
  of(name: string, labels?: Readonly<Record<string, string>>): number
}

/** What an operator's monitoring must see of a fault, in the metrics that docs/runbook.md names. */
export interface Alarm {
  name: string
  isRaised(now: Readings, before: Readings): boolean
  /** Whether this try went far enough to be seen. Default: always. */
  isDue?(scene: Scene): boolean
  /** Nothing raises it any more once the fault is healed: the fault lasts until it was seen. */
  needsFault?: boolean
}

const LOOK_EVERY_MS = 400
const ANSWER_TIMEOUT_MS = 2_000
/** Longer than any try: a watch that nobody ends is over then. */
const WATCH_MS_MAX = 240_000

/** Milliseconds. */
interface Patience {
  /** After the fault: for what is counted by a job that runs now and then. */
  latestMs: number
  /** Until the alarm of the try before has gone out. */
  outWithinMs: number
}
const PATIENCE: Patience = { latestMs: 15_000, outWithinMs: 30_000 }

/** The same fault, which passes only when its alarm was seen between its beginning and its end. */
export function withAlarm(fault: Fault, alarm: Alarm, patience = PATIENCE): Fault {
  const watches = new WeakMap<Scene, Watch>()
  const isDue = (scene: Scene) => alarm.isDue?.(scene) ?? true
  return {
    ...fault,
    async inject(bed, random, scene) {
      const watch = await startWatch(bed, alarm, patience)
      watches.set(scene, watch)
      await fault.inject(bed, random, scene)
      if (alarm.needsFault && isDue(scene)) await watch.seen()
    },
    // What the next try of the fault raises must not be taken for this one's.
    async settle(scene) {
      await watches.get(scene)?.end(isDue(scene))
    },
    async check(scene) {
      const findings = (await fault.check?.(scene)) ?? []
      const isSeen = await watches.get(scene)?.end(isDue(scene))
      if (isSeen === true || !isDue(scene)) return findings
      return [...findings, { verdict: 'V4', kind: 'mismatch', what: `no alarm: ${alarm.name}` }]
    },
  }
}

/** A counter that has risen. */
export function rose(name: string, labels: Readonly<Record<string, string>> = {}): Alarm {
  return {
    name: `${name} ${JSON.stringify(labels)} did not rise`,
    isRaised: (now, before) => now.of(name, labels) > before.of(name, labels),
  }
}

/** A gauge that reached a value, and falls again when the fault is over. */
export function reached(name: string, least: number, labels: Readonly<Record<string, string>> = {}): Alarm {
  return {
    name: `${name} ${JSON.stringify(labels)} did not reach ${least}`,
    isRaised: (now) => now.of(name, labels) >= least,
    needsFault: true,
  }
}

export function either(...alarms: readonly Alarm[]): Alarm {
  return {
    name: alarms.map(({ name }) => name).join(' and '),
    isRaised: (now, before) => alarms.some((alarm) => alarm.isRaised(now, before)),
    needsFault: alarms.some(({ needsFault }) => needsFault),
  }
}

type Watched = Pick<Bed, 'workers'>

interface Watch {
  /** Until the alarm was seen, or will not be. */
  seen(): Promise<void>
  /** @returns whether the alarm was seen; looks a little longer when it is still awaited. */
  end(isAwaited: boolean): Promise<boolean>
}

async function startWatch(bed: Watched, alarm: Alarm, { latestMs, outWithinMs }: Patience): Promise<Watch> {
  const before = await untilOut(bed, alarm, outWithinMs)
  let isSeen = false
  let until = performance.now() + WATCH_MS_MAX
  let isEnded = false
  const look = async () => {
    const now = await readMetrics(bed)
    isSeen ||= now !== undefined && !isEnded && alarm.isRaised(now, before)
  }
  const watching = (async () => {
    while (!isSeen && performance.now() < until) {
      await sleep(LOOK_EVERY_MS)
      await look()
    }
  })()
  return {
    seen: async () => Promise.race([watching, sleep(latestMs, undefined, { ref: false })]),
    async end(isAwaited) {
      if (!isEnded) until = isAwaited ? performance.now() + latestMs : 0
      await watching
      isEnded = true
      return isSeen
    },
  }
}

/** What the metrics say once the alarm is not raised. Without it nobody could tell what has risen since. */
async function untilOut(bed: Watched, alarm: Alarm, withinMs: number): Promise<Readings> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const now = await readMetrics(bed)
    if (now !== undefined && !alarm.isRaised(now, now)) return now
    if (performance.now() > deadline)
      throw new Error(now ? `the alarm is still raised: ${alarm.name}` : 'no worker shows its metrics')
    await sleep(LOOK_EVERY_MS)
  }
}

/** Undefined when no worker answers. */
async function readMetrics(bed: Watched): Promise<Readings | undefined> {
  const texts = await Promise.all(
    bed.workers.map(async ({ url }) =>
      fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
        .then(async (response) => response.text())
        .catch(() => ''),
    ),
  )
  const lines = texts.flatMap((text) =>
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
  )
  if (lines.length === 0) return undefined
  return {
    of(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const own = lines.filter(
        (line) =>
          (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) &&
          wanted.every((text) => line.includes(text)),
      )
      return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
  }
}
