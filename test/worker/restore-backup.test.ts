import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunningWorker, startWorker } from '#apps/worker/start-worker.ts'
import type { Economy } from '#core/economy/economy.ts'
import { copyDatabase } from '#test/support/copy-database.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { until } from './redis-server.ts'

const USERS = 40
/** Long enough for a worker to sign whatever it would sign. */
const LONG_ENOUGH_MS = 4_000

let bed: Bed
let backup: TestDatabase
let restored: pg.Pool
let worker: RunningWorker | null = null
beforeEach(async () => {
  // Of its own for each test: what a restored platform pays is unknown to the one that it was copied from.
  bed = await aBed()
  backup = await createTestDatabase()
  restored = new pg.Pool({ connectionString: backup.adminUrl, max: 2 })
  restored.on('error', () => {})
})
afterEach(async () => {
  await worker?.stop(1_000)
  worker = null
  await restored.end()
  await backup.drop()
  await bed.close()
})

async function takeBackup(): Promise<void> {
  await copyDatabase({ from: bed.testDatabase.adminUrl, to: backup.adminUrl })
}

/** The platform on the restored database, with an empty Redis and the same chain. */
async function startRestored(): Promise<void> {
  await bed.redis.flushAll()
  const config = {
    ...bed.config,
    database: { ...bed.config.database, url: backup.appUrl, workerUrl: backup.workerUrl },
  }
  worker = await startWorker(config, pino({ level: bed.config.log.level }), { giveUp: () => {} })
}

/** Takes it at a moment when some payments wait to be signed, however fast the worker is: nobody else gets at the lane until it is taken. */
async function takeBackupWithQueue(economy: Economy): Promise<void> {
  const holder = await bed.owner.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM lane WHERE id = $1 FOR UPDATE', [economy.laneId])
    await until('payments wait', async () => ((await bed.statuses(economy))['queued'] ?? 0) > 0, 10_000)
    await takeBackup()
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
}

async function statusesRestored(economy: Economy): Promise<Record<string, number>> {
  const { rows } = await restored.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int AS count FROM transaction_state WHERE economy_id = $1 GROUP BY 1',
    [economy.id],
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

async function laneRestored(economy: Economy): Promise<{ status: string; pause_reason: string | null }> {
  const { rows } = await restored.query(
    'SELECT l.status, l.pause_reason FROM lane l JOIN economy e ON e.lane_id = l.id WHERE e.id = $1',
    [economy.id],
  )
  return rows[0]
}

/** What `npm run ost -- lanes resume … --after-restore` makes the API do. */
async function resume(economy: Economy): Promise<string> {
  const app = new pg.Client({ connectionString: backup.appUrl })
  await app.connect()
  try {
    const { rows } = await app.query('SELECT platform_resume_lane($1, true, now()) AS done', [economy.laneId])
    return rows[0].done
  } finally {
    await app.end()
  }
}

/** Ledger and chain of the restored platform, and that nothing is left reserved. */
async function expectLedgerEqualsChain(economy: Economy, userIds: readonly string[]): Promise<void> {
  const onChain = await balancesOnChain(bed, economy, userIds)
  const ledger = async () => {
    const { rows } = await restored.query<{ id: string; settled: string }>(
      'SELECT id, settled FROM account WHERE economy_id = $1',
      [economy.id],
    )
    const settled = new Map(rows.map((row) => [row.id, BigInt(row.settled)]))
    return userIds.map((id) => settled.get(id))
  }
  await expect.poll(ledger, { timeout: 10_000 }).toEqual(onChain)
  const { rows } = await restored.query(
    `SELECT 'hold' AS what FROM hold WHERE economy_id = $1 AND status = 'pending'
     UNION ALL SELECT 'account' FROM account_balance WHERE economy_id = $1 AND (held <> 0 OR pending_in <> 0)`,
    [economy.id],
  )
  expect(rows).toEqual([])
}

async function aLiveEconomy() {
  const original = await bed.startWorker()
  const economy = await bed.createEconomy()
  await bed.untilActive(economy)
  const users = await bed.addUsers(economy, USERS)
  return { original, economy, ...users }
}

describe('a backup restored onto a chain that went on', () => {
  it('pays nothing a second time: the lane stops with an alarm, and counts what was paid when an operator says so', async () => {
    const { original, economy, userIds, typeId } = await aLiveEconomy()
    // Under load, with everything in every state; equal payments among them.
    let isOver = false
    let accepted = 0
    const load = (async () => {
      while (!isOver) {
        accepted += await bed.reward(economy, typeId, userIds, 3n)
        accepted += await bed.reward(economy, typeId, userIds.slice(0, 10), 3n)
        await sleep(60)
      }
    })()
    await sleep(1_500)
    await takeBackupWithQueue(economy)
    await sleep(1_500)
    isOver = true
    await load
    await until(
      'all are confirmed',
      async () => (await bed.statuses(economy))['confirmed'] === accepted,
      30_000,
    )
    await original.stop()
    const paid = await balancesOnChain(bed, economy, userIds)
    const atBackup = await statusesRestored(economy)
    const known = Object.values(atBackup).reduce((sum, count) => sum + count, 0)
    expect(atBackup['queued'] ?? 0).toBeGreaterThan(0)
    expect(known).toBeLessThan(accepted)

    await startRestored()
    await until('the lane stops', async () => (await laneRestored(economy)).status === 'paused', 15_000)
    expect((await laneRestored(economy)).pause_reason).toBe('unknown_payments')
    await sleep(LONG_ENOUGH_MS)
    expect(await balancesOnChain(bed, economy, userIds)).toEqual(paid)

    expect(await resume(economy)).toBe('recovery_requested')
    await until('the lane signs again', async () => (await laneRestored(economy)).status === 'active', 30_000)
    await until(
      'all are confirmed',
      async () => (await statusesRestored(economy))['confirmed'] === known,
      30_000,
    )
    await sleep(LONG_ENOUGH_MS)
    expect(await balancesOnChain(bed, economy, userIds)).toEqual(paid)
    await expectLedgerEqualsChain(economy, userIds)
    const { rows } = await restored.query(
      `SELECT count(*) FILTER (WHERE kind = 'transfer_batch')::int AS batches, count(*) FILTER (WHERE kind = 'foreign')::int AS foreign_ones
       FROM chain_submission WHERE lane_id = $1 AND status <> 'queued'`,
      [economy.laneId],
    )
    expect(rows[0].foreign_ones).toBe(0)
    expect(rows[0].batches).toBeGreaterThan(0)
  }, 120_000)

  it('pays what was queued and not paid yet, once', async () => {
    const { original, economy, userIds, typeId } = await aLiveEconomy()
    await original.stop()
    // Two batches in the backup's queue; the platform of before gets to pay the first of each pair only.
    await bed.reward(economy, typeId, userIds, 5n)
    await takeBackup()
    const second = await bed.startWorker()
    await until('paid', async () => (await bed.statuses(economy))['confirmed'] === USERS, 20_000)
    await second.stop()
    const half = userIds.slice(0, USERS / 2)
    await restored.query(
      `WITH old AS (SELECT t.* FROM transaction t WHERE t.economy_id = $1 AND t.to_user_id = ANY ($2::uuid[]))
       , fresh AS (
         INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
         SELECT economy_id, gen_random_uuid(), tenant_id, type_id, from_user_id, to_user_id, amount, 1 FROM old RETURNING *)
       , incoming AS (UPDATE wallet w SET announced = w.announced + f.amount FROM fresh f WHERE w.economy_id = f.economy_id AND w.user_id = f.to_user_id)
       UPDATE wallet w SET reserved = w.reserved + f.total
       FROM (SELECT economy_id, from_user_id, sum(amount) AS total FROM fresh GROUP BY 1, 2) f
       WHERE w.economy_id = f.economy_id AND w.user_id = f.from_user_id`,
      [economy.id, half],
    )
    await startRestored()
    await until(
      'the lane stops',
      async () => (await laneRestored(economy)).pause_reason === 'unknown_payments',
      15_000,
    )
    await resume(economy)
    const all = USERS + half.length
    await until(
      'all are confirmed',
      async () => (await statusesRestored(economy))['confirmed'] === all,
      40_000,
    )
    expect(await balancesOnChain(bed, economy, userIds)).toEqual(
      userIds.map((id) => (half.includes(id) ? 10n : 5n)),
    )
    await expectLedgerEqualsChain(economy, userIds)
  }, 120_000)

  it('grants nothing a second time either', async () => {
    const { original, economy } = await aLiveEconomy()
    await original.stop()
    await bed.owner.query(
      `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, transaction_ids)
       SELECT gen_random_uuid(), chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, '{}'
       FROM chain_submission WHERE economy_id = $1 AND kind = 'faucet_grant'`,
      [economy.id],
    )
    await takeBackup()
    const grants = async (pool: pg.Pool) =>
      (
        await pool.query(
          `SELECT status, count(*)::int AS count FROM chain_submission WHERE economy_id = $1 AND kind = 'faucet_grant' GROUP BY 1`,
          [economy.id],
        )
      ).rows
    const supply = async () =>
      BigInt(
        String(await bed.anvil.rpc('eth_call', [{ to: economy.tokenAddress, data: '0x18160ddd' }, 'latest'])),
      )
    const second = await bed.startWorker()
    await expect
      .poll(async () => grants(bed.owner), { timeout: 20_000 })
      .toEqual([{ status: 'confirmed', count: 2 }])
    await second.stop()
    const granted = await supply()

    await startRestored()
    await until(
      'the lane stops',
      async () => (await laneRestored(economy)).pause_reason === 'unknown_payments',
      15_000,
    )
    await resume(economy)
    await until('the lane signs again', async () => (await laneRestored(economy)).status === 'active', 30_000)
    await expect
      .poll(async () => grants(restored), { timeout: 20_000 })
      .toEqual([{ status: 'confirmed', count: 2 }])
    await sleep(LONG_ENOUGH_MS)
    expect(await supply()).toBe(granted)
  }, 120_000)

  it('recognises its own batch that landed under a fee which the backup does not know', async () => {
    const { original, economy, userIds, typeId } = await aLiveEconomy()
    await original.stop()
    // Signed and stored, and still on its way when the backup is taken.
    await bed.anvil.rpc('evm_setIntervalMining', [0])
    const signing = await bed.startWorker()
    await bed.reward(economy, typeId, userIds, 7n)
    await until('signed', async () => (await bed.statuses(economy))['submitted'] === USERS, 15_000)
    await takeBackup()
    await until(
      'the fee is raised',
      async () => {
        const { rows } = await bed.owner.query(
          'SELECT max(a.attempt)::int AS attempts FROM submission_attempt a',
        )
        return rows[0].attempts > 1
      },
      30_000,
    )
    await bed.anvil.rpc('evm_setIntervalMining', [1])
    await until('paid', async () => (await bed.statuses(economy))['confirmed'] === USERS, 30_000)
    await signing.stop()
    const paid = await balancesOnChain(bed, economy, userIds)
    expect(new Set(paid)).toEqual(new Set([7n]))

    await startRestored()
    await until(
      'the lane stops',
      async () => (await laneRestored(economy)).pause_reason === 'unknown_payments',
      30_000,
    )
    await sleep(LONG_ENOUGH_MS)
    await resume(economy)
    await until(
      'all are confirmed',
      async () => (await statusesRestored(economy))['confirmed'] === USERS,
      30_000,
    )
    expect(await balancesOnChain(bed, economy, userIds)).toEqual(paid)
    await expectLedgerEqualsChain(economy, userIds)
  }, 150_000)
})
