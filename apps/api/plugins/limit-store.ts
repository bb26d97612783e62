import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Redis } from 'ioredis'

/** Milliseconds. A slower Redis is treated as an absent one. */
const REDIS_TIMEOUT_MS = 100
/** Milliseconds without asking Redis after it failed. */
const REDIS_PAUSE_MS = 1_000
/** Windows counted in this process when Redis is away. */
const LOCAL_WINDOWS_MAX = 50_000
const PREFIX = 'ost:limit:'

const COUNT = `
local current = redis.call('INCR', KEYS[1])
if current == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) return {current, tonumber(ARGV[1])} end
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) ttl = tonumber(ARGV[1]) end
return {current, ttl}`

interface Window {
  current: number
  endsAt: number
}

/**
 * Counts requests in fixed windows: in Redis, shared by all processes, and in this process whenever Redis does not answer.
 * A limit is a courtesy, so losing the shared count is no reason to refuse anyone.
 */
export function createLimitStore(redis: Redis | null): FastifyRateLimitStoreCtor {
  const windows = new Map<string, Window>()
  let askRedisAgainAt = 0

  function countHere(key: string, windowMs: number): { current: number; ttl: number } {
    const now = performance.now()
    let window = windows.get(key)
    if (!window || window.endsAt <= now) {
      if (windows.size >= LOCAL_WINDOWS_MAX) windows.clear()
      window = { current: 0, endsAt: now + windowMs }
      windows.set(key, window)
    }
    window.current += 1
    return { current: window.current, ttl: window.endsAt - now }
  }

  async function countInRedis(
    client: Redis,
    key: string,
    windowMs: number,
  ): Promise<{ current: number; ttl: number }> {
    const late = AbortSignal.timeout(REDIS_TIMEOUT_MS)
    const timeout = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error('Redis did not answer in time')), { once: true })
    })
    const answer = await Promise.race([client.eval(COUNT, 1, PREFIX + key, windowMs), timeout])
    // The script returns two integers.
    const [current, ttl] = answer as [number, number]
    return { current, ttl }
  }

  async function count(key: string, windowMs: number): Promise<{ current: number; ttl: number }> {
    if (redis?.status !== 'ready' || performance.now() < askRedisAgainAt) return countHere(key, windowMs)
    try {
      return await countInRedis(redis, key, windowMs)
    } catch {
      askRedisAgainAt = performance.now() + REDIS_PAUSE_MS
      return countHere(key, windowMs)
    }
  }

  return class implements FastifyRateLimitStore {
    incr(
      key: string,
      done: (error: Error | null, result?: { current: number; ttl: number }) => void,
      windowMs: number,
    ) {
      void count(key, windowMs).then((result) => done(null, result))
    }

    child() {
      return this
    }
  }
}
