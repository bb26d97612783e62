import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { submitLane } from '#core/transaction/submit-lane.ts'
import {
  balancesOf,
  createLaneFixture,
  createLiveEconomy,
  drain,
  type LaneFixture,
  queueTransfers,
} from '#test/support/lane-fixture.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase
let anvil: TestAnvil
let fixture: LaneFixture

beforeAll(async () => {
  database = await createTestDatabase()
  anvil = await startTestAnvil({ chainId: 31_338, blockTimeSeconds: 0.2 })
  fixture = await createLaneFixture({ database, chain: anvil })
})

afterAll(async () => {
  await fixture?.close()
  await anvil?.stop()
  await database?.drop()
})

it('pays everybody once', async () => {
  const submitter = fixture.submitter()
  const economy = await createLiveEconomy(fixture, { users: 20, balance: 1_000n })
  const [from, ...others] = economy.users
  await queueTransfers(
    fixture,
    economy,
    others.map((user, i) => ({ from: from?.id ?? '', to: user.id, amount: BigInt(i + 1) })),
  )
  const report = await submitLane(submitter, economy.laneId)
  expect(report).toEqual({ outcome: 'idle', submissions: 1, transactions: 19 })
  await drain(fixture, submitter, economy.laneId)
  const balances = await balancesOf(
    fixture,
    economy.token,
    others.map((user) => user.address),
  )
  expect(balances).toEqual(others.map((_, i) => 1_000n + BigInt(i + 1)))
})
