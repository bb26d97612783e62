import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { createLimitStore } from '#apps/api/plugins/limit-store.ts'
import { createTestRedis } from '#test/support/stack.ts'
import { describeLimitStore } from './limit-store.ts'

let redis: Redis
beforeAll(async () => {
  redis = new Redis((await createTestRedis()).url)
  await once(redis, 'ready')
})
afterAll(() => redis.disconnect())

describeLimitStore('in Redis', () => createLimitStore(redis))
describeLimitStore('in the process', () => createLimitStore(null))
