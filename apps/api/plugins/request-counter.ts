import type { Redis } from 'ioredis'
import { type Count, countHere, countInRedis } from './count-store.ts'

/** A lease's largest share of what is left of a limit: what processes hold without using it stays small. */
const LEASE_SHARE = 1 / 100
/** Requests. */
const LEASE_MAX = 1_000
/** Milliseconds without asking Redis after it failed. */
const REDIS_PAUSE_MS = 1_000
/** Keys and addresses known at once; beyond that counting begins anew for all of them. */
const LEASES_MAX = 50_000

/** Counts one request of `key`, of which `max` a window are allowed: which one it is. At once wherever no store has to be asked. */
export type CountRequest = (key: string, max: number) => Count | Promise<Count>

/** Numbers of one window that this process may give out without asking anybody. */
interface Lease {
  endsAt: number
  /** The last number taken from the store. */
  upTo: number
  /** How many of those before it are not given out yet. */
  left: number
  given: number
  waiting: number
  asking: Promise<void> | null
}

/**
 * Counts requests in fixed windows: in Redis, shared by all processes, and in this process whenever Redis does not answer (a
 * limit is a courtesy, so losing the shared count is no reason to refuse anyone).
 *
 * Redis is not asked for every request. A process takes several numbers of a window at once, at most as many as it has given
 * out and at most a hundredth of what is left. So no more than `max` requests are ever allowed, whoever counts them; and of
 * several processes one may refuse early, by what the others have taken and not given out.
 */
export function createRequestCounter(redis: Redis | null, windowMs: number): CountRequest {
  const leases = new Map<string, Lease>()
  const here = countHere()
  const shared = redis && countInRedis(redis)
  let askRedisAgainAt = 0

  return (key, max) => {
    const now = performance.now()
    const lease = leaseOf(key, now)
    if (lease.left > 0 || lease.upTo >= max) return take(lease, now)
    return takeLater(key, max, lease)
  }

  function leaseOf(key: string, now: number): Lease {
    const known = leases.get(key)
    if (known && (known.endsAt > now || known.asking)) return known
    if (leases.size >= LEASES_MAX) leases.clear()
    const lease = { endsAt: Infinity, upTo: 0, left: 0, given: 0, waiting: 0, asking: null }
    leases.set(key, lease)
    return lease
  }

  async function takeLater(key: string, max: number, lease: Lease): Promise<Count> {
    lease.waiting += 1
    while (lease.left === 0 && lease.upTo < max) {
      lease.asking ??= extend(key, max, lease).finally(() => (lease.asking = null))
      await lease.asking
    }
    lease.waiting -= 1
    return take(lease, performance.now())
  }

  async function extend(key: string, max: number, lease: Lease): Promise<void> {
    const share = Math.min(LEASE_MAX, lease.given, Math.floor((max - lease.upTo) * LEASE_SHARE))
    const numbers = Math.max(lease.waiting, share, 1)
    const askedAt = performance.now()
    const { current, ttlMs } = await askStore(key, numbers)
    Object.assign(lease, { upTo: current, left: numbers, endsAt: askedAt + ttlMs })
  }

  async function askStore(key: string, numbers: number): Promise<Count> {
    if (shared === null || redis?.status !== 'ready' || performance.now() < askRedisAgainAt)
      return here(key, numbers, windowMs)
    try {
      return await shared(key, numbers, windowMs)
    } catch {
      askRedisAgainAt = performance.now() + REDIS_PAUSE_MS
      return here(key, numbers, windowMs)
    }
  }
}

/** The next number of a lease; without any left, the one after all that are allowed. */
function take(lease: Lease, now: number): Count {
  const ttlMs = Math.max(0, lease.endsAt - now)
  if (lease.left === 0) return { current: lease.upTo + 1, ttlMs }
  const current = lease.upTo - lease.left + 1
  lease.left -= 1
  lease.given += 1
  return { current, ttlMs }
}
