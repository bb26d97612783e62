import type { Redis } from 'ioredis'

/** Milliseconds. A slower Redis is treated as an absent one. */
const REDIS_TIMEOUT_MS = 100
/** Windows counted in this process when Redis is away. */
const LOCAL_WINDOWS_MAX = 50_000
const PREFIX = 'ost:limit:'

const COUNT = `
local current = redis.call('INCRBY', KEYS[1], ARGV[2])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) ttl = tonumber(ARGV[1]) end
return {current, ttl}`

/** Where a window stands: its number of requests so far, and how long it lasts. */
export interface Count {
  current: number
  ttlMs: number
}

/** Raises a window's count by `by`; answers the count, and what is left of the window. A first count begins a window. */
export type CountStore = (key: string, by: number, windowMs: number) => Promise<Count>

/** Counts that all processes share. @throws when Redis does not answer in time. */
export function countInRedis(redis: Redis): CountStore {
  return async (key, by, windowMs) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('Redis did not answer in time')), REDIS_TIMEOUT_MS)
    })
    const asked = redis.eval(COUNT, 1, PREFIX + key, windowMs, by)
    const answer = await Promise.race([asked, late]).finally(() => clearTimeout(timer))
    // The script returns two integers.
    const [current, ttlMs] = answer as [number, number]
    return { current, ttlMs }
  }
}

/** Counts of this process alone. */
export function countHere(): CountStore {
  const windows = new Map<string, { current: number; endsAt: number }>()
  return async (key, by, windowMs) => {
    const now = performance.now()
    let window = windows.get(key)
    if (!window || window.endsAt <= now) {
      if (windows.size >= LOCAL_WINDOWS_MAX) windows.clear()
      window = { current: 0, endsAt: now + windowMs }
      windows.set(key, window)
    }
    window.current += by
    return { current: window.current, ttlMs: window.endsAt - now }
  }
}
