import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { until } from './redis-server.ts'

let bed: Bed
beforeAll(async () => {
  bed = await aBed()
})
afterAll(async () => bed.close())

describe('a worker on a real chain', () => {
  it('deploys an economy in visible steps and carries its transactions to confirmation', async () => {
    const worker = await bed.startWorker()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    const steps = await bed.owner.query(
      'SELECT name, status FROM economy_step WHERE economy_id = $1 ORDER BY position',
      [economy.id],
    )
    expect(steps.rows).toEqual([
      { name: 'create_contracts', status: 'done' },
      { name: 'grant_initial_supply', status: 'done' },
    ])
    const { userIds, typeId } = await bed.addUsers(economy, 300)
    expect(await bed.reward(economy, typeId, userIds, 5n)).toBe(300)
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 300, 30_000)
    expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([5n]))
    expect(worker.gaveUp).toEqual([])
    const metrics = await (await fetch(`http://127.0.0.1:${worker.metricsPort}/metrics`)).text()
    expect(metrics).toMatch(/ost_jobs_finished_total\{queue="submit-lane",result="completed"\} [1-9]/)
    expect(metrics).toContain('ost_lane_balance_wei{')
    expect((await fetch(`http://127.0.0.1:${worker.metricsPort}/readyz`)).status).toBe(200)
    await worker.stop()
  })
})

describe('an airdrop', () => {
  it('reaches every user on the chain, also when Redis is wiped meanwhile', async () => {
    const worker = await bed.startWorker()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    const { userIds, typeId } = await bed.addUsers(economy, 1_200)
    const airdropId = await bed.airdrop(economy, typeId)
    await bed.redis.flushAll()
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 1_200, 30_000)
    const { rows } = await bed.owner.query('SELECT status, accepted, refused FROM airdrop WHERE id = $1', [
      airdropId,
    ])
    expect(rows).toEqual([{ status: 'completed', accepted: 1_200, refused: 0 }])
    expect(new Set(await balancesOnChain(bed, economy, userIds.slice(0, 100)))).toEqual(new Set([2n]))
    await worker.stop()
  }, 90_000)
})

describe('a worker whose Redis misbehaves', () => {
  /** Accepts rewards in portions while `trouble` goes on, then waits until every one of them is confirmed. */
  async function payDuring(trouble: () => Promise<void>, timeoutMs: number): Promise<void> {
    const worker = await bed.startWorker()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy, timeoutMs)
    const { userIds, typeId } = await bed.addUsers(economy, 200)
    let isOver = false
    const troubling = (async () => {
      while (!isOver) await trouble()
    })()
    let accepted = 0
    for (let round = 0; round < 8; round += 1) {
      accepted += await bed.reward(economy, typeId, userIds, 3n)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    isOver = true
    await troubling
    await until(
      'all are confirmed',
      async () => (await bed.statuses(economy))['confirmed'] === accepted,
      timeoutMs,
    )
    expect(accepted).toBe(1_600)
    expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([24n]))
    expect(worker.gaveUp).toEqual([])
    await worker.stop()
  }

  it('pays everything once while Redis is wiped again and again', async () => {
    await payDuring(async () => {
      await bed.redis.flushAll()
      await new Promise((resolve) => setTimeout(resolve, 150))
    }, 30_000)
  }, 90_000)

  it('pays everything once while Redis is killed and comes back empty', async () => {
    await payDuring(async () => {
      await bed.redis.kill()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await bed.redis.start()
      await new Promise((resolve) => setTimeout(resolve, 700))
    }, 30_000)
  }, 90_000)
})

describe('a worker that runs every job twice', () => {
  it('at the same time and one after the other, with one effect', async () => {
    const worker = await bed.startWorker((job) => async (id, signal) => {
      const results = await Promise.allSettled([job(id, signal), job(id, signal)])
      await job(id, signal)
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    })
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    const { userIds, typeId } = await bed.addUsers(economy, 100)
    for (let round = 0; round < 5; round += 1) await bed.reward(economy, typeId, userIds, 2n)
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 500, 30_000)
    expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([10n]))
    const { rows } = await bed.owner.query(
      'SELECT kind, count(*)::int AS times FROM chain_submission WHERE economy_id = $1 GROUP BY 1',
      [economy.id],
    )
    expect(rows).toContainEqual({ kind: 'create_economy', times: 1 })
    expect(rows).toContainEqual({ kind: 'faucet_grant', times: 1 })
    await worker.stop()
  }, 90_000)
})

describe('several workers', () => {
  it('pay everything once between them', async () => {
    const workers = await Promise.all([bed.startWorker(), bed.startWorker(), bed.startWorker()])
    const economies = await Promise.all([bed.createEconomy(), bed.createEconomy(), bed.createEconomy()])
    await Promise.all(economies.map(async (economy) => bed.untilActive(economy)))
    for (const economy of economies) {
      const { userIds, typeId } = await bed.addUsers(economy, 100)
      for (let round = 0; round < 5; round += 1) await bed.reward(economy, typeId, userIds, 1n)
      await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 500, 30_000)
      expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([5n]))
    }
    const { rows } = await bed.owner.query(
      `SELECT economy_id, kind, count(*)::int AS times FROM chain_submission WHERE kind <> 'transfer_batch' GROUP BY 1, 2 HAVING count(*) > 1`,
    )
    expect(rows).toEqual([])
    await Promise.all(workers.map(async (worker) => worker.stop()))
  }, 90_000)
})
