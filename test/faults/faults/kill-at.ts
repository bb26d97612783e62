import { setTimeout as sleep } from 'node:timers/promises'
import type { FollowPoint } from '#core/transaction/follow-chain.ts'
import type { RelayPoint } from '#core/outbox/relay-outbox.ts'
import type { SubmitPoint } from '#core/transaction/submission-deps.ts'
import type { Fault, Scene } from '../fault.ts'

type Point = SubmitPoint | FollowPoint | RelayPoint

/** A point that is not reached within this time is not on the way of this load. */
const REACHED_WITHIN_MS = 30_000
/** How often the point is passed before: the process dies somewhere in the middle of a run. */
const PASSED_MAX = 6

/** The worker starts anew, ends itself with SIGKILL when it gets to the point, and is started again by its supervisor. */
function killedAt(id: string, name: string, points: readonly Point[]): Fault {
  const notReached = new WeakMap<Scene, string>()
  return {
    id,
    name,
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      const [worker] = bed.workers
      const killAt = `${random.pick(points)}:${random.below(PASSED_MAX)}`
      // Asked to stop, it leaves no job behind whose claim has to run out first.
      await worker?.stop()
      await worker?.start({ KILL_AT: killAt }, { waits: false })
      const ended = worker?.ended().then(() => true)
      const isDead = await Promise.race([ended, sleep(REACHED_WITHIN_MS, false)])
      if (!isDead) notReached.set(scene, killAt)
    },
    async heal(bed) {
      const [worker] = bed.workers
      await worker?.kill()
      await worker?.start()
    },
    check(scene) {
      const killAt = notReached.get(scene)
      return killAt === undefined
        ? []
        : [{ verdict: 'V5', kind: 'mismatch', what: `${killAt} was not reached` }]
    },
  }
}

export const KILLED_AT: readonly Fault[] = [
  killedAt('F1-claim', 'the worker dies after it claimed payments', ['after_claim']),
  killedAt('F1-sign', 'the worker dies after it signed and recorded a batch', ['after_store']),
  killedAt('F1-broadcast', 'the worker dies after a broadcast', ['after_broadcast']),
  killedAt('F1-index', 'the worker dies between reading blocks and committing them', ['before_settle']),
  killedAt('F1', 'the worker dies at any other named point', [
    'before_claim',
    'after_sign',
    'before_broadcast',
    'after_answer',
    'after_settle',
    'before_confirm',
    'after_confirm',
    'after_dispatch',
    'after_advance',
  ]),
]
