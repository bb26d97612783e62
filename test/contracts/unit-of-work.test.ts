import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'
import { describeUnitOfWork } from './unit-of-work.ts'

const CHAIN_ID = 31_002

let testDatabase: TestDatabase
let database: Database
let unitOfWork: UnitOfWork

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.appUrl, poolSize: 4, applicationName: 'test' })
  unitOfWork = createUnitOfWork({ database, ids, sealer: createSealer(randomBytes(32)) })
  const owner = new pg.Client({ connectionString: testDatabase.ownerUrl })
  await owner.connect()
  await owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES ($1, 'utility', 'utility', 1000, 3, $2)`,
    [CHAIN_ID, JSON.stringify(fakeChain().contracts)],
  )
  await owner.query('INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, $2, $3, $4)', [
    uuidv7(),
    CHAIN_ID,
    `0x${randomBytes(20).toString('hex')}`,
    'x',
  ])
  await owner.end()
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

describeUnitOfWork('in Postgres', async () => ({ unitOfWork, tenantId: uuidv7() }))
describeUnitOfWork('in memory', async () => ({
  unitOfWork: fakeUnitOfWork().unitOfWork,
  tenantId: uuidv7(),
}))
