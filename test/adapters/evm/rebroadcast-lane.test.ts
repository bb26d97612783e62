import { setTimeout as delay } from 'node:timers/promises'
import { Transaction, Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { bytesToHex } from '#adapters/evm/bytes.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import { IN_FLIGHT_MAX } from '#core/transaction/sign-next.ts'
import { submitLane } from '#core/transaction/submit-lane.ts'
import {
  balancesOf,
  callNode,
  createLaneFixture,
  createLiveEconomy,
  KEY_ENCRYPTION_KEY,
  type LaneFixture,
  type LiveEconomy,
  markMined,
  queueTransfers,
  type TransferOrder,
} from '#test/support/lane-fixture.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

const GWEI = 1_000_000_000n
const CAP_GWEI = 100
const FINALITY_DEPTH = 2

let database: TestDatabase
let anvil: TestAnvil
let fixture: LaneFixture
let economy: LiveEconomy
/** Milliseconds that the submitter's clock is ahead. */
let ahead: number

beforeAll(async () => {
  database = await createTestDatabase()
  anvil = await startTestAnvil({ chainId: 31_339, blockTimeSeconds: 'manual' })
  fixture = await mining(() =>
    createLaneFixture({
      database,
      chain: anvil,
      maxFeeGwei: CAP_GWEI,
      finalityDepth: FINALITY_DEPTH,
      blockTimeMs: 200,
    }),
  )
})

beforeEach(async () => {
  await mineAt(GWEI, 1)
  economy = await mining(() => createLiveEconomy(fixture, { users: 4 }))
  fixture.events.length = 0
  ahead = 0
})

/** A test that fails leaves the lane usable for the next one. */
afterEach(async () => {
  for (let round = 1; round <= 10; round += 1) {
    await mineAt(GWEI, 3)
    if ((await markMined(fixture)) === 0) return
    await later(1_000_000 * round)
  }
})

afterAll(async () => {
  await fixture?.close()
  await anvil?.stop()
  await database?.drop()
})

describe('a rise of the base fee', () => {
  it('is answered at the same nonce with at least 12.5 % more on both fees, and every attempt is kept', async () => {
    await pay()
    await mineAt(60n * GWEI, 1)
    for (let ms = 3_000; ms <= 9_000; ms += 3_000) await later(ms)
    const attempts = await attemptsOf()
    expect(attempts.length).toBeGreaterThan(1)
    expectRaised(attempts)
    await mineAt(60n * GWEI, 1)
    await markMined(fixture)
    await expectPaidOnce()
    expect((await submissionsOf()).map((row) => row.status)).toEqual(['mined'])
  })

  it('above the cap only delays: nothing is signed, and the queue flows when the fee is back', async () => {
    await mineAt(500n * GWEI, 1)
    const submitter = aSubmitter()
    await queueTransfers(fixture, economy, payroll())
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({
      outcome: 'fee_above_cap',
      submissions: 0,
    })
    await mineAt(GWEI, 1)
    ahead = 2_000
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({ outcome: 'idle', submissions: 1 })
    await mine()
    await expectPaidOnce()
  })

  it('above the cap while a batch is in flight raises up to the cap and not beyond, and pins nothing', async () => {
    await pay()
    await mineAt(500n * GWEI, 1)
    for (let ms = 6_000; ms < 200_000; ms += 6_000) await later(ms)
    const attempts = await attemptsOf()
    for (const { fee } of attempts) expect(fee).toBeLessThanOrEqual(BigInt(CAP_GWEI) * GWEI)
    const settled = attempts.length
    await later(300_000)
    expect(await attemptsOf()).toHaveLength(settled)
    await mineAt(GWEI, 1)
    expect(await later(310_000)).toMatchObject({ resent: 1, bumped: 0 })
    await mineAt(GWEI, 1)
    await expectPaidOnce()
  })
})

describe('a transaction that stays in the pool', () => {
  it('gets a higher offer after a while, and is paid once whichever lands', async () => {
    await pay()
    expect(await later(3_000)).toMatchObject({ bumped: 0 })
    expect(await later(6_000)).toMatchObject({ bumped: 1, resent: 0 })
    expect(await later(8_000)).toMatchObject({ bumped: 0 })
    expect(await later(13_000)).toMatchObject({ bumped: 1 })
    const attempts = await attemptsOf()
    expect(attempts).toHaveLength(3)
    expectRaised(attempts)
    expect(await pendingCount()).toBe(1)
    await mine()
    await markMined(fixture)
    await expectPaidOnce()
  })

  it('is raised by one of two processes only', async () => {
    await pay()
    ahead = 6_000
    const reports = await Promise.all([1, 2].map(() => rebroadcastLane(aSubmitter(), economy.laneId)))
    expect(reports.reduce((sum, { bumped }) => sum + bumped, 0)).toBe(1)
    expect(await attemptsOf()).toHaveLength(2)
    await mine()
    await expectPaidOnce()
  })
})

describe('a transaction that the pool lost', () => {
  it('goes out again with the same bytes, without a new attempt', async () => {
    await pay()
    const [attempt] = await attemptsOf()
    await rpc('anvil_dropTransaction', [attempt?.hash])
    expect(await pendingCount()).toBe(0)
    expect(await later(3_000)).toMatchObject({ resent: 1, bumped: 0 })
    expect(await attemptsOf()).toHaveLength(1)
    await mine()
    await expectPaidOnce()
  })

  it('is left alone while it is young', async () => {
    await pay()
    const [attempt] = await attemptsOf()
    await rpc('anvil_dropTransaction', [attempt?.hash])
    expect(await later(0)).toMatchObject({ resent: 0 })
    await later(3_000)
    await mine()
    await expectPaidOnce()
  })
})

describe('a relayer key that is used elsewhere', () => {
  it('gives what can never land back to the queue once, when the foreign transaction is final, and pays once', async () => {
    const stored = aSubmitter({
      reach: (point) => (point === 'before_broadcast' ? Promise.reject(new Error('killed')) : undefined),
    })
    await queueTransfers(fixture, economy, payroll())
    await expect(submitLane(stored, economy.laneId)).rejects.toThrow('killed')
    const [lost] = await attemptsOf()
    await useElsewhere(lost?.nonce ?? 0)
    await mine(1)
    // Not final yet: nothing may be given back.
    expect(await later(3_000)).toMatchObject({ replaced: 0, resent: 0, bumped: 0 })
    await mine(FINALITY_DEPTH)
    expect(await later(3_000)).toMatchObject({ replaced: 1 })
    expect(fixture.events).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'submission.replaced' }),
    )
    expect(await transactionsOf()).toEqual([{ status: 'queued', count: 4, events: 4 + 4 }])
    expect(await later(6_000)).toMatchObject({ open: 0, replaced: 0 })

    await submitLane(aSubmitter(), economy.laneId)
    await mine()
    await markMined(fixture)
    await expectPaidOnce()
    expect((await submissionsOf()).map((row) => row.status)).toEqual(['replaced', 'mined'])
  })

  it('queues an administrative call again under a new id, for which its deployment step then waits', async () => {
    await queueAdministrative()
    const stored = aSubmitter({
      reach: (point) => (point === 'before_broadcast' ? Promise.reject(new Error('killed')) : undefined),
    })
    await expect(submitLane(stored, economy.laneId)).rejects.toThrow('killed')
    const [{ nonce }] = (await fixture.owner.query(`SELECT max(nonce) AS nonce FROM chain_submission`)).rows
    await useElsewhere(Number(nonce))
    await mine(1 + FINALITY_DEPTH)
    expect(await later(3_000)).toMatchObject({ replaced: 1 })
    const { rows } = await fixture.owner.query(
      `SELECT old.status AS old, fresh.status AS fresh, fresh.id <> old.id AS is_new, p.submission_id = fresh.id AS is_awaited
       FROM chain_submission old, chain_submission fresh, economy_step p
       WHERE old.kind = 'probe' AND old.status = 'replaced' AND fresh.kind = 'probe' AND fresh.status <> 'replaced'
         AND p.economy_id = $1`,
      [economy.id],
    )
    expect(rows).toEqual([{ old: 'replaced', fresh: 'queued', is_new: true, is_awaited: true }])
    await submitLane(aSubmitter(), economy.laneId)
  })

  it('raises an alarm and goes on behind the foreign nonces', async () => {
    const count = Number(await rpc('eth_getTransactionCount', [(await lane()).address, 'latest']))
    await useElsewhere(count)
    await useElsewhere(count + 1)
    await mine(1)
    await pay()
    expect(fixture.events).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'lane.key_used_elsewhere' }),
    )
    expect((await attemptsOf()).map(({ nonce }) => nonce)).toEqual([count + 2])
    await mine()
    await expectPaidOnce()
  })
})

describe('a gap in the nonces', () => {
  it('is closed with the stored bytes when the chain lost a block that was counted on', async () => {
    await pay(payroll().slice(0, 2))
    await mine(1)
    await markMined(fixture)
    expect((await submissionsOf()).map((row) => row.status)).toEqual(['mined'])
    await rpc('anvil_rollback', [1])
    await pay(payroll().slice(2))
    await mine(1)
    expect(await later(4_000)).toMatchObject({ filled: 1 })
    expect(fixture.events).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'lane.nonce_gap' }),
    )
    await mine()
    await markMined(fixture)
    await expectPaidOnce()
  })

  it('is closed with a call that does nothing where no row has the nonce', async () => {
    await pay(payroll().slice(0, 2))
    await mine(1)
    await markMined(fixture)
    // As if the count had once been read forty too high.
    const { laneId } = economy
    const count = Number(await rpc('eth_getTransactionCount', [(await lane()).address, 'latest']))
    const misled = aSubmitter()
    const chain = misled.chains.get(fixture.chainId)
    misled.chains = {
      ...misled.chains,
      get: () => ({
        ...chain,
        laneSnapshot: async (address) => ({
          ...(await chain.laneSnapshot(address)),
          transactionCount: count + 40,
        }),
      }),
    }
    await queueTransfers(fixture, economy, payroll().slice(2))
    await submitLane(misled, laneId)
    expect(await later(4_000)).toMatchObject({ filled: 40 })
    await mine()
    await markMined(fixture)
    await expectPaidOnce()
    const { rows } = await fixture.owner.query(
      `SELECT kind, count(*)::int FROM chain_submission WHERE lane_id = $1 AND nonce >= $2 GROUP BY kind ORDER BY kind`,
      [laneId, count],
    )
    expect(rows).toEqual([
      { kind: 'nonce_filler', count: 40 },
      { kind: 'transfer_batch', count: 1 },
    ])
  })
})

describe('a lane whose chain stands still', () => {
  it('stops signing at its bound and goes on with the next block', async () => {
    const [user] = economy.users
    const submitter = aSubmitter()
    for (let index = 0; index < IN_FLIGHT_MAX; index += 1) {
      await queueTransfers(fixture, economy, [{ from: economy.company.id, to: user?.id ?? '', amount: 1n }])
      await submitLane(submitter, economy.laneId)
    }
    await queueTransfers(fixture, economy, [{ from: economy.company.id, to: user?.id ?? '', amount: 1n }])
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({
      outcome: 'in_flight_full',
      submissions: 0,
    })
    await mine()
    await markMined(fixture)
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({ outcome: 'idle', submissions: 1 })
    await mine()
    expect(await balancesOf(fixture, economy.token, [user?.address ?? ''])).toEqual([
      BigInt(IN_FLIGHT_MAX + 1),
    ])
  })
})

async function rpc(method: string, params: readonly unknown[] = []): Promise<unknown> {
  return callNode(anvil.rpcUrl, method, params)
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

/** Mines blocks while `work` goes on. */
async function mining<Result>(work: () => Promise<Result>): Promise<Result> {
  let isDone = false
  const blocks = (async () => {
    while (!isDone) {
      await rpc('evm_mine')
      await delay(50)
    }
  })()
  try {
    return await work()
  } finally {
    isDone = true
    await blocks
  }
}

async function mine(blocks = 3): Promise<void> {
  for (let index = 0; index < blocks; index += 1) await rpc('evm_mine')
}

async function mineAt(baseFee: bigint, blocks: number): Promise<void> {
  for (let index = 0; index < blocks; index += 1) {
    await rpc('anvil_setNextBlockBaseFeePerGas', [hex(baseFee)])
    await rpc('evm_mine')
  }
}

async function pendingCount(): Promise<number> {
  const status = (await rpc('txpool_status')) as { pending: string; queued: string }
  return Number(status.pending) + Number(status.queued)
}

function aSubmitter(overrides: Parameters<LaneFixture['submitter']>[0] = {}) {
  return fixture.submitter({ clock: { now: () => new Date(Date.now() + ahead) }, ...overrides })
}

/** Looks after the lane as if so many milliseconds had passed. */
async function later(ms: number) {
  ahead = ms
  return rebroadcastLane(aSubmitter(), economy.laneId)
}

function payroll(): TransferOrder[] {
  return economy.users.map((user, index) => ({
    from: economy.company.id,
    to: user.id,
    amount: BigInt(index + 1),
  }))
}

async function pay(orders = payroll()): Promise<void> {
  await queueTransfers(fixture, economy, orders)
  expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({ submissions: 1 })
}

async function lane() {
  const found = await fixture.submitter().lanes.find(economy.laneId)
  if (!found) throw new Error('the lane is there')
  return found
}

/** Sends something with the relayer's key behind the platform's back. */
async function useElsewhere(nonce: number): Promise<void> {
  const { id, address, keyJwe } = await lane()
  const key = await createKeyVault({ key: KEY_ENCRYPTION_KEY }).open(keyJwe, { laneId: id, address })
  const signed = await new Wallet(bytesToHex(key)).signTransaction(
    Transaction.from({
      type: 2,
      chainId: fixture.chainId,
      nonce,
      to: address,
      gasLimit: 21_000n,
      maxFeePerGas: 50n * GWEI,
      maxPriorityFeePerGas: GWEI,
    }),
  )
  await rpc('eth_sendRawTransaction', [signed])
}

async function queueAdministrative(): Promise<void> {
  const { rows } = await fixture.owner.query<{ id: string }>(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit)
     SELECT gen_random_uuid(), chain_id, id, $2, $3, 'probe', address, '', 21000 FROM lane WHERE id = $1 RETURNING id`,
    [economy.laneId, economy.id, economy.tenantId],
  )
  await fixture.owner.query(
    `INSERT INTO economy_step (economy_id, position, tenant_id, name, status, submission_id) VALUES ($1, 0, $2, 'probe', 'running', $3)`,
    [economy.id, economy.tenantId, rows[0]?.id],
  )
}

interface AttemptRow {
  nonce: number
  hash: string
  fee: bigint
  tip: bigint
}

async function attemptsOf(): Promise<[AttemptRow, AttemptRow, ...AttemptRow[]]> {
  const { rows } = await fixture.owner.query(
    `SELECT s.nonce, a.tx_hash, a.max_fee_per_gas, a.max_priority_fee_per_gas
     FROM submission_attempt a JOIN chain_submission s ON s.id = a.submission_id
     WHERE s.economy_id = $1 AND s.kind = 'transfer_batch' ORDER BY s.nonce, a.attempt`,
    [economy.id],
  )
  // As many as there are: tests look at the length before they look at the second.
  return rows.map((row) => ({
    nonce: Number(row.nonce),
    hash: row.tx_hash,
    fee: BigInt(row.max_fee_per_gas),
    tip: BigInt(row.max_priority_fee_per_gas),
  })) as [AttemptRow, AttemptRow, ...AttemptRow[]]
}

function expectRaised(attempts: AttemptRow[]): void {
  for (const [index, { nonce, fee, tip }] of attempts.entries()) {
    const earlier = attempts[index - 1]
    if (!earlier) continue
    expect(nonce).toBe(earlier.nonce)
    expect(fee * 8n).toBeGreaterThanOrEqual(earlier.fee * 9n)
    expect(tip * 8n).toBeGreaterThanOrEqual(earlier.tip * 9n)
    expect(fee).toBeLessThanOrEqual(BigInt(CAP_GWEI) * GWEI)
  }
}

async function submissionsOf(): Promise<{ status: string }[]> {
  const { rows } = await fixture.owner.query<{ status: string }>(
    `SELECT status FROM chain_submission WHERE economy_id = $1 AND kind = 'transfer_batch' ORDER BY nonce`,
    [economy.id],
  )
  return rows
}

async function transactionsOf(): Promise<unknown[]> {
  const { rows } = await fixture.owner.query(
    `SELECT t.status, count(*)::int, sum((SELECT count(*) FROM outbox_event e WHERE e.subject_id = t.id))::int AS events
     FROM transaction t WHERE t.economy_id = $1 GROUP BY t.status`,
    [economy.id],
  )
  return rows
}

async function expectPaidOnce(): Promise<void> {
  const balances = await balancesOf(
    fixture,
    economy.token,
    economy.users.map((user) => user.address),
  )
  expect(balances).toEqual(economy.users.map((_, index) => BigInt(index + 1)))
}
