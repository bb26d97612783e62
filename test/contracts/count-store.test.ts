import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { countHere, countInRedis } from '#apps/api/plugins/count-store.ts'
import { createTestRedis } from '#test/support/stack.ts'
import { describeCountStore } from './count-store.ts'

let redis: Redis
beforeAll(async () => {
  redis = new Redis((await createTestRedis()).url)
  await once(redis, 'ready')
})
afterAll(() => redis.disconnect())

describeCountStore('in Redis', () => countInRedis(redis))
describeCountStore('in the process', countHere)
