import type { Random } from '#scripts/simulate/random.ts'
import type { Bed, BedOptions, Fleet } from './bed.ts'
import type { Finding } from './finding.ts'
import type { Load } from './load.ts'
import type { Stage } from './stage.ts'
import type { Attempt, Intent } from './story.ts'

/** Something that goes wrong while payments are made. One file per fault, or per family of them. */
export interface Fault {
  /** What `--only` takes. */
  id: string
  name: string
  /** Seconds after healing within which everything must have ended. */
  drainedWithinS: number
  /** How many of our processes there are. Default: one api, one worker. */
  fleet?: Fleet
  /** A platform of another make. Faults that ask for the same one share it. */
  bed?: BedOptions
  /** Default: 20. */
  tries?: number
  /** Every try is drained and judged by itself: it waits until everything has ended anyway, or changes what others would meet. */
  isAlone?: boolean
  /** Milliseconds between two payments of a caller after its first ones, where it must not wait as long as usual. */
  slowPaceMs?: number
  /** Bounds what a client may notice, down to the last request: tried when few other platforms are busy on the machine. */
  needsPeace?: boolean
  /** Breaks it, and keeps it broken for as long as this fault lasts. */
  inject(bed: Bed, random: Random, scene: Scene): Promise<void>
  /** Mends it. Runs after `inject` even if that failed; may find that nothing is broken. */
  heal(bed: Bed, scene: Scene): Promise<void>
  /** Waits for what must be seen of this try before another one of the same life begins. */
  settle?(scene: Scene): Promise<void>
  /** What must hold beside the five verdicts. */
  check?(scene: Scene): Finding[] | Promise<Finding[]>
}

/** One try of a fault while it runs. */
export interface Scene {
  stage: Stage
  load: Load
  seed: number
  /** The first tries of a long run last as long as the fault's name says; the others, a random part of it. */
  isFullLength: boolean
  /** Indexes in `stage.story` of this try: from the first, up to the one after the last. The end is known when its load has stopped. */
  attempts: { first: number; end?: number }
  intents: { first: number; end?: number }
}

/** Attempts at requests of this try alone. */
export function attemptsOf({ stage, attempts: { first, end } }: Scene): Attempt[] {
  return stage.story.attempts.slice(first, end)
}

/** Payments that were asked for in this try alone. */
export function intentsOf({ stage, intents: { first, end } }: Pick<Scene, 'stage' | 'intents'>): Intent[] {
  return stage.story.intents.slice(first, end)
}

/** How long this try of a fault lasts, in milliseconds. */
export function lengthMs(
  scene: Scene,
  random: Random,
  length: { full: number; short: [number, number] },
): number {
  const [min, max] = length.short
  const short = random.between(min, max)
  return scene.isFullLength ? length.full : short
}

/** Attempts of this try that were answered with 500: whatever is broken, that is never the right word for it. */
export function internalErrors(scene: Scene): Finding[] {
  const attempts = attemptsOf(scene).filter(({ status }) => status === 500)
  if (attempts.length === 0) return []
  return [{ verdict: 'V4', kind: 'mismatch', what: `${attempts.length} requests were answered with 500` }]
}

/** Answers and cut lines that took longer than `maxMs`: a client is to hear soon that it must come again. */
export function slowAnswers(scene: Scene, maxMs: number): Finding[] {
  const slow = attemptsOf(scene).filter(({ ms }) => ms > maxMs)
  const [worst] = slow.toSorted((a, b) => b.ms - a.ms)
  if (worst === undefined) return []
  const what = `${slow.length} attempts took more than ${maxMs} ms, one of them ${Math.round(worst.ms)} until ${worst.status ?? 'the line was cut'}`
  return [{ verdict: 'V5', kind: 'mismatch', what }]
}

/**
 * Lines that were cut under a request, other than by the client itself: somebody had taken it and did not answer.
 * @param except Reasons that do not count.
 */
export function cutRequests(scene: Scene, except: readonly string[] = []): Finding[] {
  const excused = ['hung_up', 'refused', ...except]
  const cut = attemptsOf(scene).filter(({ status, code }) => status === null && !excused.includes(code ?? ''))
  if (cut.length === 0) return []
  const codes = [...new Set(cut.map(({ code }) => code))].join(', ')
  return [
    {
      verdict: 'V5',
      kind: 'mismatch',
      what: `${cut.length} requests were taken and not answered (${codes})`,
    },
  ]
}

/** Requests that a load balancer would have had to report to its client as failed. */
export function failedRequests(scene: Scene): Finding[] {
  const failed = attemptsOf(scene).filter(({ status }) => status !== null && status >= 500)
  const refused = failed.map(({ status, code }) => `${status} ${code}`)
  const whats =
    refused.length > 0 ? [`${refused.length} requests failed (${[...new Set(refused)].join(', ')})`] : []
  return [...cutRequests(scene), ...whats.map((what): Finding => ({ verdict: 'V5', kind: 'mismatch', what }))]
}
