import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createListFedEconomies } from '#adapters/postgres/fed-economies.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { refreshPricesJob } from '#apps/worker/jobs/refresh-prices.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

describe('refreshing prices with the worker’s role', () => {
  let testDatabase: TestDatabase
  let owner: pg.Client
  let database: Database
  beforeAll(async () => {
    testDatabase = await createTestDatabase()
    owner = new pg.Client({ connectionString: testDatabase.ownerUrl })
    await owner.connect()
    database = new Database({ url: testDatabase.workerUrl, poolSize: 2, applicationName: 'test' })
  })
  afterAll(async () => {
    await owner.end()
    await database.close()
    await testDatabase.drop()
  })

  it('records a price for the active economies of all tenants, past a feed that fails', async () => {
    const one = await insertEconomy(testDatabase.ownerUrl)
    const two = await insertEconomy(testDatabase.ownerUrl)
    await insertEconomy(testDatabase.ownerUrl, { status: 'paused' })
    const failures: string[] = []
    const refresh = refreshPricesJob({
      unitOfWork: createUnitOfWork({ database, ids, sealer: createSealer(randomBytes(32)) }),
      listFedEconomies: createListFedEconomies(database),
      clock: systemClock,
      ids,
      refreshMs: 60_000,
      deviationBpsMax: 1_000,
      observer: { ...silentObserver, log: (_level, event) => void failures.push(event) },
      feeds: [
        {
          asset: null,
          name: 'down',
          currency: 'EUR',
          economyId: null,
          quote: () => Promise.reject(new Error('down')),
        },
        {
          asset: null,
          name: 'up',
          currency: 'USD',
          economyId: null,
          quote: async () => ({ currency: 'USD', price: '0.25', asOf: null }),
        },
      ],
    })
    await refresh('all', AbortSignal.timeout(10_000))
    await refresh('all', AbortSignal.timeout(10_000))
    expect(failures).toEqual(['price_feed.failed', 'price_feed.recorded', 'price_feed.failed'])
    const { rows } = await owner.query(
      `SELECT p.economy_id, p.currency, p.price::text, p.source, e.config_version,
              (SELECT count(*)::int FROM outbox_event o WHERE o.subject_id = p.id AND o.topic = 'price_point.created') AS events
       FROM price_point p JOIN economy e ON e.id = p.economy_id ORDER BY p.id`,
    )
    const point = {
      currency: 'USD',
      price: '0.250000000000000000',
      source: 'feed',
      config_version: 2,
      events: 1,
    }
    expect(rows).toEqual([
      { economy_id: one.economyId, ...point },
      { economy_id: two.economyId, ...point },
    ])
  })
})
