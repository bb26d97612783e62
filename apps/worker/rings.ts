import { type Job, type JobDispatcher, type JobName, SINGLETON } from '#core/outbox/job-dispatcher.ts'
import { sweepWork } from '#core/outbox/sweep-work.ts'
import type { WorkFinder } from '#core/outbox/work-finder.ts'
import type { Clock } from '#core/shared/clock.ts'
import type { FollowPace } from './follow-pace.ts'

/** An economy's ledger is compared with its chain this often. */
const RECONCILE_EVERY_MS = 10 * 60_000
const RECONCILE_ECONOMIES_MAX = 20

/** What the timers do: each hands over the jobs of its kind that are due. @throws when Postgres or Redis does not answer. */
export interface Rings {
  /** Whatever Postgres knows to be unfinished. */
  sweep(): Promise<void>
  relay(): Promise<void>
  fanOutEvents(): Promise<void>
  followChains(): Promise<void>
  reconcile(): Promise<void>
  cleanUp(): Promise<void>
  refreshPrices(): Promise<void>
  readPrices(): Promise<void>
  resealKeys(): Promise<void>
}

/** @param deps.served Jobs this deployment has handlers for; nothing else is rung for. */
export function createRings(deps: {
  jobs: JobDispatcher
  finder: WorkFinder
  clock: Clock
  served: ReadonlySet<JobName>
  chains: () => readonly { id: number; blockTimeMs: number }[]
  pace: FollowPace
}): Rings {
  const { jobs, finder, clock, served, pace } = deps

  async function ring(...wanted: Job[]): Promise<void> {
    const known = wanted.filter((job) => served.has(job.name))
    if (known.length > 0) await jobs.dispatch(known)
  }

  return {
    async sweep() {
      await sweepWork({
        finder,
        jobs: { dispatch: async (found) => ring(...found), wake: (job) => jobs.wake(job) },
      })
    },

    async followChains() {
      const now = performance.now()
      const due = deps.chains().filter((chain) => pace.isDue(chain, now))
      await ring(...due.map(({ id }) => ({ name: 'follow-chain' as const, id: String(id) })))
    },

    async reconcile() {
      const before = new Date(clock.now().getTime() - RECONCILE_EVERY_MS)
      const ids = await finder.findUnreconciled(before, RECONCILE_ECONOMIES_MAX)
      await ring(...ids.map((id) => ({ name: 'reconcile-economy' as const, id })))
    },

    relay: async () => ring({ name: 'relay-outbox', id: SINGLETON }),
    fanOutEvents: async () => ring({ name: 'fan-out-events', id: SINGLETON }),
    cleanUp: async () => ring({ name: 'clean-up', id: SINGLETON }),
    refreshPrices: async () =>
      ring({ name: 'refresh-prices', id: SINGLETON }, { name: 'publish-prices', id: SINGLETON }),
    readPrices: async () => ring({ name: 'read-prices', id: SINGLETON }),
    resealKeys: async () => ring({ name: 'reseal-keys', id: SINGLETON }),
  }
}
