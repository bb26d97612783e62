import type { QueueDepth } from '#adapters/bullmq/job-dispatcher.ts'
import { QUEUES } from '#adapters/bullmq/queues.ts'
import type { Workers } from '#adapters/bullmq/workers.ts'
import type { JobName } from '#core/outbox/job-dispatcher.ts'

/** A job that waits so long beside a free worker is not seen by it. */
export const DEAF_AFTER_MS = 8_000

export type WatchdogVerdict =
  | { state: 'well' }
  /** Redis itself does not answer: there is nothing to connect to anew. */
  | { state: 'redis-away'; error: unknown }
  | { state: 'rebuilt'; deaf: JobName[] }
  /** It did not help: the process must end, so that its supervisor starts a fresh one. */
  | { state: 'give-up'; deaf: JobName[] }

/**
 * Looks for workers that no longer hear their queue, which happens to clients of a Redis that was restarted or failed over
 * (bullmq #2466, #3185), and gives them new connections; the second time in a row it gives the process up.
 *
 * A process that is merely busy is left alone: it has no free place. So is one that has nothing to do: nothing waits.
 */
export function createWatchdog(deps: {
  workers: Workers
  depths: () => Promise<QueueDepth[]>
  /** Rejects when a new connection to Redis cannot be opened. */
  reachRedis: () => Promise<void>
  deafAfterMs?: number
  now?: () => number
}): () => Promise<WatchdogVerdict> {
  const { workers, depths, reachRedis, deafAfterMs = DEAF_AFTER_MS, now = () => performance.now() } = deps
  /** When connections were last known to be new. */
  let freshSince = now()
  let rebuilds = 0

  return async function check() {
    let deaf: JobName[]
    try {
      deaf = (await depths()).filter(isDeaf).map((queue) => queue.name)
    } catch (error) {
      try {
        await reachRedis()
      } catch {
        freshSince = now()
        return { state: 'redis-away', error }
      }
      // A new connection works where ours does not: all queues are deaf.
      deaf = [...workers.names]
    }
    if (deaf.length === 0) {
      if (workers.names.some((name) => workers.lastFinishedAt(name) > freshSince)) rebuilds = 0
      return { state: 'well' }
    }
    if (now() - freshSince < deafAfterMs) return { state: 'well' }
    if (rebuilds > 0) return { state: 'give-up', deaf }
    rebuilds += 1
    await workers.rebuild()
    freshSince = now()
    return { state: 'rebuilt', deaf }
  }

  function isDeaf({ name, oldestWaitingMs }: QueueDepth): boolean {
    if (!workers.names.includes(name)) return false
    return oldestWaitingMs > deafAfterMs && workers.running(name) < QUEUES[name].concurrency
  }
}
