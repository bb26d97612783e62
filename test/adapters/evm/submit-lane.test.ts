import { setTimeout as delay } from 'node:timers/promises'
import { Contract, JsonRpcProvider, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import type { SubmitPoint } from '#core/transaction/submission-deps.ts'
import { submitLane, type SubmitLaneDeps } from '#core/transaction/submit-lane.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import {
  balancesOf,
  callNode,
  createLaneFixture,
  createLiveEconomy,
  drain,
  type LaneFixture,
  type LiveEconomy,
  markMined,
  queueTransfers,
  type TransferOrder,
} from '#test/support/lane-fixture.ts'
import { type RpcProxy, seededRandom, startRpcProxy } from '#test/support/rpc-proxy.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase
let anvil: TestAnvil
let proxy: RpcProxy
let fixture: LaneFixture

beforeAll(async () => {
  database = await createTestDatabase()
  anvil = await startTestAnvil({ chainId: 31_338, blockTimeSeconds: 0.2 })
  proxy = await startRpcProxy(anvil.rpcUrl)
  fixture = await createLaneFixture({ database, chain: anvil, lanes: 2 })
})

afterAll(async () => {
  await fixture?.close()
  await proxy?.close()
  await anvil?.stop()
  await database?.drop()
})

describe('a healthy lane', () => {
  it('pays everybody once, in one batch, and tells of every transaction', async () => {
    const economy = await createLiveEconomy(fixture, { users: 40 })
    const submitter = fixture.submitter()
    const ids = await queueTransfers(fixture, economy, payroll(economy))
    expect(await submitLane(submitter, economy.laneId)).toEqual({
      outcome: 'idle',
      submissions: 1,
      transactions: 40,
    })
    await drain(fixture, submitter, economy.laneId)
    await expectPaidOnce(economy)

    const { rows } = await fixture.owner.query(
      `SELECT t.status, t.payment_index, s.transaction_ids[t.payment_index + 1] = t.id AS is_at_its_index,
              (SELECT count(*)::int FROM outbox_event e WHERE e.subject_id = t.id AND e.topic = 'transaction.submitted') AS events
       FROM transaction t JOIN chain_submission s ON s.id = t.submission_id WHERE t.id = ANY ($1) ORDER BY t.id`,
      [ids],
    )
    expect(rows).toEqual(
      ids.map((_, index) => ({
        status: 'submitted',
        payment_index: index,
        is_at_its_index: true,
        events: 1,
      })),
    )
  })

  it('serves every economy in turn while one floods', async () => {
    const flooding = await createLiveEconomy(fixture, { users: 1 })
    const quiet = await createLiveEconomy(fixture, { users: 3 })
    const [user] = flooding.users
    await queueTransfers(
      fixture,
      flooding,
      Array.from({ length: 3_500 }, () => ({ from: flooding.company.id, to: user?.id ?? '', amount: 1n })),
    )
    await queueTransfers(fixture, quiet, payroll(quiet))
    const submitter = fixture.submitter()
    await drain(fixture, submitter, flooding.laneId)
    const { rows } = await fixture.owner.query(
      `SELECT economy_id = $1 AS is_quiet FROM chain_submission WHERE economy_id = ANY ($2) AND kind = 'transfer_batch' ORDER BY nonce`,
      [quiet.id, [quiet.id, flooding.id]],
    )
    expect(rows.findIndex((row) => row.is_quiet)).toBeLessThanOrEqual(1)
    expect(rows.filter((row) => row.is_quiet)).toHaveLength(1)
    await expectPaidOnce(quiet)
    expect(await balancesOf(fixture, flooding.token, [user?.address ?? ''])).toEqual([3_500n])
  })

  it('sends administrative calls before payments', async () => {
    const economy = await createLiveEconomy(fixture, { users: 2 })
    await queueTransfers(fixture, economy, payroll(economy))
    await fixture.owner.query(
      `INSERT INTO chain_submission (id, chain_id, lane_id, kind, to_address, calldata, gas_limit)
       SELECT gen_random_uuid(), chain_id, id, 'probe', address, '', 1 FROM lane WHERE id = $1`,
      [economy.laneId],
    )
    const submitter = fixture.submitter()
    await submitLane(submitter, economy.laneId)
    const { rows } = await fixture.owner.query(
      `SELECT kind, gas_limit FROM chain_submission WHERE lane_id = $1 ORDER BY nonce DESC LIMIT 2`,
      [economy.laneId],
    )
    // A gas limit that no node takes would block the lane, so it was raised to what a call needs.
    expect(rows.map((row) => row.kind)).toEqual(['transfer_batch', 'probe'])
    expect(rows[1].gas_limit).toBe('21000')
    await drain(fixture, submitter, economy.laneId)
    await expectPaidOnce(economy)
  })

  it('carries what a paused economy had accepted, and leaves a halted chain alone', async () => {
    const economy = await createLiveEconomy(fixture, { users: 2 })
    await queueTransfers(fixture, economy, payroll(economy))
    const submitter = fixture.submitter()
    await fixture.owner.query(`UPDATE economy SET status = 'paused' WHERE id = $1`, [economy.id])
    await fixture.owner.query(`UPDATE chain SET status = 'halted'`)
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({
      outcome: 'chain_halted',
      submissions: 0,
    })
    await fixture.owner.query(`UPDATE chain SET status = 'active'`)
    await drain(fixture, submitter, economy.laneId)
    await expectPaidOnce(economy)
  })

  it('answers for a lane that does not exist', async () => {
    const outcome = await submitLane(fixture.submitter(), '01900000-0000-7000-8000-000000000000')
    expect(outcome.outcome).toBe('unknown_lane')
  })
})

describe('rules that refuse batches', () => {
  it('hold their economy back with an alarm, spend nothing, and delay nobody else', async () => {
    const paused = await createLiveEconomy(fixture, { users: 3 })
    const open = await createLiveEconomy(fixture, { users: 3 })
    await setPaused(paused, true)
    await queueTransfers(fixture, paused, payroll(paused))
    await queueTransfers(fixture, open, payroll(open))
    fixture.events.length = 0
    const submitter = fixture.submitter()
    expect(await submitLane(submitter, open.laneId)).toEqual({
      outcome: 'held_back',
      submissions: 1,
      transactions: 3,
    })
    expect(fixture.events).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'economy.held_back',
        fields: expect.objectContaining({ economyId: paused.id, reason: expect.stringContaining('paused') }),
      }),
    )
    await setPaused(paused, false)
    await drain(fixture, fixture.submitter(), open.laneId)
    await expectPaidOnce(paused)
    await expectPaidOnce(open)
  })
})

describe('crashes', () => {
  const points: SubmitPoint[] = [
    'before_claim',
    'after_claim',
    'after_sign',
    'after_store',
    'before_broadcast',
    'after_broadcast',
    'after_answer',
  ]

  it.each(points)('%s: everybody is paid once after a restart', async (point) => {
    const economy = await createLiveEconomy(fixture, { users: 10 })
    await queueTransfers(fixture, economy, payroll(economy))
    const dying = fixture.submitter({
      reach: (at) => (at === point ? Promise.reject(new Error('killed')) : undefined),
    })
    await expect(submitLane(dying, economy.laneId)).rejects.toThrow('killed')
    const before = await rawBytesOf(economy)
    await restartUntilDry(economy)
    await expectPaidOnce(economy)
    // What was stored is what went out: the same bytes, and nothing signed anew.
    const after = await rawBytesOf(economy)
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toHaveLength(1)
  })

  it('again and again at random points: everybody is paid once', async () => {
    const economy = await createLiveEconomy(fixture, { users: 400 })
    const random = seededRandom(7)
    for (const chunk of chunksOf(payroll(economy), 25)) {
      await queueTransfers(fixture, economy, chunk)
      const dying = fixture.submitter({
        reach: () => (random() < 0.1 ? Promise.reject(new Error('killed')) : undefined),
      })
      await submitLane(dying, economy.laneId).catch(() => {})
      await rebroadcastLane({ ...dying, clock: laterClock }, economy.laneId).catch(() => {})
      await markMined(fixture)
    }
    await restartUntilDry(economy)
    await expectPaidOnce(economy)
  })
})

describe('a node whose answers get lost', () => {
  it.each([
    [0.1, 1],
    [0.3, 2],
    [0.5, 3],
  ])('%f of them, after acceptance: everybody is paid once (seed %i)', async (share, seed) => {
    const economy = await createLiveEconomy(fixture, { users: 300 })
    const random = seededRandom(seed)
    proxy.choose((methods) =>
      methods.includes('eth_sendRawTransaction') && random() < share ? 'cut_after' : 'none',
    )
    const submitter = fixture.submitter({ rpcUrl: proxy.url })
    for (const chunk of chunksOf(payroll(economy), 15)) {
      await queueTransfers(fixture, economy, chunk)
      await submitLane(submitter, economy.laneId)
      await markMined(fixture)
    }
    await restartUntilDry(economy, submitter)
    proxy.choose(() => 'none')
    await expectPaidOnce(economy)
    const { rows } = await fixture.owner.query(
      `SELECT count(*)::int AS lost FROM submission_attempt a JOIN chain_submission s ON s.id = a.submission_id
       WHERE s.economy_id = $1 AND a.answers @> '[{"verdict": "unknown"}]'`,
      [economy.id],
    )
    expect(rows[0].lost).toBeGreaterThan(0)
  })

  it('in every other way as well: everybody is paid once', async () => {
    const economy = await createLiveEconomy(fixture, { users: 200 })
    const random = seededRandom(11)
    const faults = ['cut_before', 'cut_after', 'bad_gateway', 'html', 'wrong_id', 'rate_limited'] as const
    proxy.choose(() => (random() < 0.3 ? (faults[Math.floor(random() * faults.length)] ?? 'none') : 'none'))
    const submitter = fixture.submitter({ rpcUrl: proxy.url })
    for (const chunk of chunksOf(payroll(economy), 10)) {
      await queueTransfers(fixture, economy, chunk)
      await submitLane(submitter, economy.laneId)
      await markMined(fixture)
    }
    proxy.choose(() => 'none')
    await restartUntilDry(economy, submitter)
    await expectPaidOnce(economy)
  })

  it('is waited for when it answers nothing at all', async () => {
    const economy = await createLiveEconomy(fixture, { users: 2 })
    await queueTransfers(fixture, economy, payroll(economy))
    proxy.choose(() => 'cut_before')
    const submitter = fixture.submitter({ rpcUrl: proxy.url })
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({
      outcome: 'chain_unavailable',
      submissions: 0,
    })
    proxy.choose(() => 'none')
    await restartUntilDry(economy, submitter)
    await expectPaidOnce(economy)
  })
})

describe('several submitters on one lane', () => {
  it('give every nonce once and pay everybody once', async () => {
    const economy = await createLiveEconomy(fixture, { users: 600 })
    const own = [1, 2, 3].map(
      (index) =>
        new Database({ url: database.workerUrl, poolSize: 4, applicationName: `submitter-${index}` }),
    )
    const submitters = own.map((connection) => fixture.submitter({ database: connection }))
    let isQueueing = true
    const working = submitters.map(async (submitter) => {
      while (isQueueing) {
        await submitLane(submitter, economy.laneId)
        await rebroadcastLane(submitter, economy.laneId)
      }
    })
    for (const chunk of chunksOf(payroll(economy), 20)) {
      await queueTransfers(fixture, economy, chunk)
      await markMined(fixture)
    }
    isQueueing = false
    await Promise.all(working)
    await restartUntilDry(economy)
    await expectPaidOnce(economy)
    const { rows } = await fixture.owner.query(
      `SELECT count(*)::int AS all, count(DISTINCT nonce)::int AS nonces, max(nonce) - min(nonce) + 1 AS span
       FROM chain_submission WHERE lane_id = $1`,
      [economy.laneId],
    )
    expect(rows[0].nonces).toBe(rows[0].all)
    expect(Number(rows[0].span)).toBe(rows[0].all)
    await Promise.all(own.map((connection) => connection.close()))
  })
})

describe('a relayer without money', () => {
  it('pauses its lane with an alarm, keeps everything, and goes on when it is funded', async () => {
    const economy = await createLiveEconomy(fixture, { users: 5 })
    const { address } = await laneOf(economy)
    const balance = await callNode(anvil.rpcUrl, 'eth_getBalance', [address, 'latest'])
    await callNode(anvil.rpcUrl, 'anvil_setBalance', [address, '0x1'])
    await queueTransfers(fixture, economy, payroll(economy))
    const submitter = fixture.submitter()
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({
      outcome: 'out_of_gas',
      submissions: 0,
    })
    expect(await laneOf(economy)).toMatchObject({
      status: 'paused',
      pauseReason: 'out_of_gas',
      balanceWei: 1n,
    })
    await rebroadcastLane(submitter, economy.laneId)
    expect(await submitLane(submitter, economy.laneId)).toMatchObject({ outcome: 'lane_paused' })

    await callNode(anvil.rpcUrl, 'anvil_setBalance', [address, balance])
    await rebroadcastLane(submitter, economy.laneId)
    expect(await laneOf(economy)).toMatchObject({
      status: 'active',
      pauseReason: null,
      balanceWei: BigInt(String(balance)),
    })
    await drain(fixture, fixture.submitter(), economy.laneId)
    await expectPaidOnce(economy)
  })

  it('sends the same bytes once it is funded, when only the node noticed', async () => {
    const economy = await createLiveEconomy(fixture, { users: 5 })
    const { address } = await laneOf(economy)
    const balance = await callNode(anvil.rpcUrl, 'eth_getBalance', [address, 'latest'])
    await queueTransfers(fixture, economy, payroll(economy))
    const submitter = fixture.submitter({
      reach: async (point) => {
        if (point === 'after_store') await callNode(anvil.rpcUrl, 'anvil_setBalance', [address, '0x1'])
      },
    })
    await submitLane(submitter, economy.laneId)
    expect(await laneOf(economy)).toMatchObject({ status: 'paused', pauseReason: 'out_of_gas' })
    const before = await rawBytesOf(economy)
    expect(before).toHaveLength(1)
    // What is left, though it is something, pays for nothing.
    for (let look = 0; look < 2; look += 1) {
      await rebroadcastLane(submitter, economy.laneId)
      expect(await laneOf(economy)).toMatchObject({ status: 'paused', pauseReason: 'out_of_gas' })
    }

    await callNode(anvil.rpcUrl, 'anvil_setBalance', [address, balance])
    await restartUntilDry(economy)
    expect(await laneOf(economy)).toMatchObject({ status: 'active' })
    expect(await rawBytesOf(economy)).toEqual(before)
    await expectPaidOnce(economy)
  })
})

/** Every user gets an amount of their own from the company, so that a balance shows how often it was paid. */
function payroll(economy: LiveEconomy): TransferOrder[] {
  return economy.users.map((user, index) => ({
    from: economy.company.id,
    to: user.id,
    amount: BigInt(index + 1),
  }))
}

async function expectPaidOnce(economy: LiveEconomy): Promise<void> {
  const balances = await balancesOf(
    fixture,
    economy.token,
    economy.users.map((user) => user.address),
  )
  expect(balances).toEqual(economy.users.map((_, index) => BigInt(index + 1)))
}

/** Old enough for what is absent to go out again, too young for a fee bump. */
const laterClock = { now: () => new Date(Date.now() + 3_000) }

/** What fresh processes do until nothing is left: submit, look after what is open, and see what was mined. */
async function restartUntilDry(
  economy: LiveEconomy,
  submitter: SubmitLaneDeps = fixture.submitter(),
): Promise<void> {
  for (let round = 0; round < 150; round += 1) {
    await submitLane(submitter, economy.laneId)
    await rebroadcastLane({ ...submitter, clock: laterClock }, economy.laneId)
    const open = await markMined(fixture)
    if (open === 0 && (await queuedIn(economy)) === 0) return
    await delay(50)
  }
  throw new Error('the lane did not run dry')
}

async function queuedIn(economy: LiveEconomy): Promise<number> {
  const { rows } = await fixture.owner.query<{ queued: number }>(
    `SELECT count(*)::int AS queued FROM transaction WHERE economy_id = $1 AND status = 'queued'`,
    [economy.id],
  )
  return rows[0]?.queued ?? 0
}

async function rawBytesOf(economy: LiveEconomy): Promise<string[]> {
  const { rows } = await fixture.owner.query<{ raw: string }>(
    `SELECT encode(a.raw_tx, 'hex') AS raw FROM submission_attempt a JOIN chain_submission s ON s.id = a.submission_id
     WHERE s.economy_id = $1 AND s.kind = 'transfer_batch' ORDER BY s.nonce, a.attempt`,
    [economy.id],
  )
  return rows.map((row) => row.raw)
}

async function laneOf(economy: LiveEconomy) {
  const lane = await fixture.submitter().lanes.find(economy.laneId)
  if (!lane) throw new Error('the lane is there')
  return lane
}

async function setPaused(economy: LiveEconomy, isPaused: boolean): Promise<void> {
  const provider = new JsonRpcProvider(anvil.rpcUrl, anvil.chainId, {
    staticNetwork: true,
    pollingInterval: 50,
  })
  const platform = new Wallet(LOCAL_DEPLOYER_KEY, provider)
  const rules = new Contract(economy.tokenRules, ['function pause()', 'function unpause()'], platform)
  await (await rules.getFunction(isPaused ? 'pause' : 'unpause').send()).wait()
  provider.destroy()
}

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
