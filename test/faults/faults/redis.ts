import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, lengthMs } from '../fault.ts'

const FLUSH_EVERY_MS = 2_000

export const redisFlushed: Fault = {
  id: 'F8',
  name: 'Redis forgets everything every 2 s',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    const flushes = scene.isFullLength ? 5 : 1
    for (let flush = 0; flush < flushes; flush += 1) {
      if (flush > 0) await sleep(FLUSH_EVERY_MS)
      await bed.redis.command('FLUSHALL')
      // Once more in the middle of the work that the first one left behind.
      await sleep(random.between(0, 300))
      await bed.redis.command('FLUSHALL')
    }
  },
  async heal() {},
}

export const redisRestarted: Fault = {
  id: 'redis-restart',
  name: 'Redis is killed and starts empty',
  drainedWithinS: 30,
  async inject(bed, random) {
    await bed.redis.kill()
    await sleep(random.below(500))
  },
  heal: async (bed) => bed.redis.start(),
}

export const redisFrozen: Fault = {
  id: 'redis-frozen',
  name: 'Redis stops answering for up to 20 s',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    bed.redis.freeze()
    await sleep(lengthMs(scene, random, { full: 20_000, short: [300, 2_500] }))
  },
  heal: async (bed) => bed.redis.thaw(),
}

export const redisGone: Fault = {
  id: 'redis-gone',
  name: 'Redis is gone for up to 30 s',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    await bed.redis.kill()
    await sleep(lengthMs(scene, random, { full: 30_000, short: [500, 3_000] }))
  },
  heal: async (bed) => bed.redis.start(),
}

/** As after a failover in which a client still knows the old primary. Nothing listens on port 1. */
export const redisReadOnly: Fault = {
  id: 'redis-read-only',
  name: 'Redis takes no writes',
  drainedWithinS: 30,
  async inject(bed, random) {
    await bed.redis.command('REPLICAOF', '127.0.0.1', '1')
    await sleep(random.between(300, 2_000))
  },
  async heal(bed) {
    await bed.redis.command('REPLICAOF', 'NO', 'ONE')
  },
}

export const redisFull: Fault = {
  id: 'redis-full',
  name: 'Redis is out of memory',
  drainedWithinS: 30,
  async inject(bed, random) {
    await bed.redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await sleep(random.between(300, 2_000))
  },
  async heal(bed) {
    await bed.redis.command('CONFIG', 'SET', 'maxmemory', '0')
  },
}
