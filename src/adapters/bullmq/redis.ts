import { Redis } from 'ioredis'

const RECONNECT_DELAY_MS_MAX = 1_000
const CONNECT_TIMEOUT_MS = 5_000

/** What a connection is for decides what it does while Redis is away. */
export type RedisUse =
  /** Waits for Redis for ever, as BullMQ's workers need. */
  | 'worker'
  /** Fails soon, so that nobody behind a request or a timer hangs. */
  | 'dispatcher'

/** Refused to start: this Redis could drop jobs under memory pressure. */
export class RedisEvicts extends Error {
  override readonly name = 'RedisEvicts'
}

/** A connection of its own; the caller closes it. Errors are reported by those who use it, and lead to reconnecting. */
export function openRedis(url: string, use: RedisUse, commandTimeoutMs = 1_000): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: `ost-${use}`,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_DELAY_MS_MAX),
    // A node that was a master and came back as a replica refuses writes: connect anew.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(use === 'worker'
      ? { maxRetriesPerRequest: null, enableOfflineQueue: true }
      : { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: commandTimeoutMs }),
  })
  redis.on('error', () => {})
  return redis
}

/** No answer at the start. Later on it is waited for. */
export class RedisUnreachable extends Error {
  override readonly name = 'RedisUnreachable'
}

/**
 * Makes sure that Redis keeps every key until it is deleted.
 *
 * @throws RedisEvicts when the policy is another one · RedisUnreachable
 */
export async function assertNoEviction(url: string): Promise<void> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
    lazyConnect: true,
  })
  redis.on('error', () => {})
  try {
    const memory = await readMemoryInfo(redis)
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1]
    if (policy === undefined || policy === 'noeviction') return
    throw new RedisEvicts(
      `Redis has maxmemory-policy "${policy}" and may drop jobs: set "maxmemory-policy noeviction" and start again.`,
    )
  } finally {
    redis.disconnect()
  }
}

async function readMemoryInfo(redis: Redis): Promise<string> {
  try {
    await redis.connect()
    return await redis.info('memory')
  } catch (cause) {
    throw new RedisUnreachable('Redis does not answer: start it, or correct REDIS_URL.', { cause })
  }
}
