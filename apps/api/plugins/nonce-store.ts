import type { Redis } from 'ioredis'
import type { ClaimNonce } from '#core/tenant/authenticate-signature.ts'

/** Nonces that this process remembers by itself; the oldest goes first. */
const LOCAL_NONCES_MAX = 100_000

/**
 * Remembers nonces for every process in Redis, and in this one besides, so that losing Redis leaves the guard in place within a
 * process. What a replay could still do then is bounded: it comes within the signature's window, and whatever moves money
 * happens once per idempotency key, which is signed.
 */
export function createClaimNonce(redis: Redis | null): ClaimNonce {
  const local = new Map<string, number>()
  return async (keyId, nonce, ttlMs) => {
    const name = `nonce:${keyId}:${nonce}`
    const now = performance.now()
    if ((local.get(name) ?? 0) > now) return false
    local.set(name, now + ttlMs)
    const [oldest] = local.keys()
    if (local.size > LOCAL_NONCES_MAX && oldest !== undefined) local.delete(oldest)
    if (redis === null) return true
    const answer = await redis.set(name, 1, 'PX', ttlMs, 'NX').catch(() => 'unknown')
    return answer !== null
  }
}
