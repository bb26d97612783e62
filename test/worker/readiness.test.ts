import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Economy } from '#core/economy/economy.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { type RpcProxy, startRpcProxy } from '#test/support/rpc-proxy.ts'
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { until } from './redis-server.ts'

const CHAIN = 31_337
const ANSWER_MS_MAX = 1_000
const SLACK_MS = 500

let bed: Bed
let line: TcpProxy
let node: RpcProxy
let worker: ChildProcess
let url: string
let economy: Economy
beforeAll(async () => {
  bed = await aBed()
  const database = new URL(bed.testDatabase.workerUrl)
  line = await startTcpProxy({ host: database.hostname, port: Number(database.port) })
  database.port = String(line.port)
  node = await startRpcProxy(bed.anvil.rpcUrl)
  const [port = 0] = await pickFreePorts(1)
  url = `http://127.0.0.1:${port}`
  worker = spawn(process.execPath, ['apps/worker/main.ts'], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      ...bed.env,
      DATABASE_WORKER_URL: database.href,
      CHAINS: String(bed.env['CHAINS']).replaceAll(bed.anvil.rpcUrl, node.url),
      WORKER_METRICS_PORT: String(port),
    },
  })
  await until('the worker is ready', async () => (await ready()).status === 200, 20_000)
  economy = await bed.createEconomy()
  await bed.untilActive(economy)
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  await Promise.allSettled([line?.close(), node?.close()])
  await bed?.close()
})

async function ready(query = ''): Promise<{ status: number; failed: string[]; ms: number; details: string }> {
  const startedAt = performance.now()
  const response = await fetch(`${url}/readyz${query}`).catch(() => null)
  if (!response) return { status: 0, failed: [], ms: 0, details: '' }
  const body = (await response.json()) as { checks: { name: string; status: string; detail: string }[] }
  return {
    status: response.status,
    failed: body.checks.filter((check) => check.status !== 'ok').map((check) => check.name),
    ms: performance.now() - startedAt,
    details: body.checks.map((check) => check.detail).join('\n'),
  }
}

const metric = async (name: string): Promise<number | null> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const row = text.split('\n').find((candidate) => candidate.startsWith(name))
  return row === undefined ? null : Number(row.split(' ').at(-1))
}

async function expectFailed(names: string[]): Promise<void> {
  const answer = await ready()
  expect(answer).toMatchObject({ status: 503, failed: names })
  expect(answer.ms).toBeLessThan(ANSWER_MS_MAX + SLACK_MS)
}

describe('/readyz and /metrics of a worker', () => {
  it('name Postgres while it stands still', async () => {
    line.freeze()
    await expectFailed(['postgres', `lanes:${CHAIN}`])
    expect(await metric('ost_dependency_up{dependency="postgres"}')).toBe(0)
    expect(await metric('ost_dependency_up{dependency="redis"}')).toBe(1)
    line.thaw()
    await until('it is ready again', async () => (await ready()).status === 200, 20_000)
    expect(await metric('ost_dependency_up{dependency="postgres"}')).toBe(1)
  })

  it('name Redis while it stands still', async () => {
    bed.redis.freeze()
    await expectFailed(['redis'])
    expect(await metric('ost_dependency_up{dependency="redis"}')).toBe(0)
    bed.redis.thaw()
    await until('it is ready again', async () => (await ready()).status === 200)
  })

  it.each(['hang', 'cut_before', 'html'] as const)(
    'name the chain while its node answers by %s; other work goes on',
    async (fault) => {
      node.choose(() => fault)
      await expectFailed([`chain:${CHAIN}`])
      expect((await ready('?for=work')).status).toBe(200)
      node.choose(() => 'none')
      await until('it is ready again', async () => (await ready()).status === 200, 20_000)
    },
  )
})

describe('relayers without gas', () => {
  it('raise the alarm, keep every hold, and go on by themselves when they are funded', async () => {
    const { userIds, typeId } = await bed.addUsers(economy, 20)
    const { rows: lanes } = await bed.owner.query<{ address: string }>('SELECT address FROM lane')
    for (const { address } of lanes) await bed.anvil.rpc('anvil_setBalance', [address, '0x0'])
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    await bed.reward(economy, typeId, userIds, 3n)
    const { rows } = await bed.owner.query<{ lane_id: string }>('SELECT lane_id FROM economy')
    const { rows: own } = await bed.owner.query<{ address: string }>(
      'SELECT address FROM lane WHERE id = $1',
      [rows[0]?.lane_id],
    )
    await until('the lane is paused', async () => (await paused()) === 1)
    const answer = await ready()
    expect(answer.details).toContain(`${own[0]?.address} is paused: out_of_gas`)
    expect(answer.details).toContain('1 of 2 lanes sign')
    expect(await bed.statuses(economy)).toEqual({ queued: 20 })
    const { rows: holds } = await bed.owner.query(
      "SELECT count(*)::int AS count FROM hold WHERE status = 'pending'",
    )
    expect(holds).toEqual([{ count: 20 }])

    for (const { address } of lanes) await bed.anvil.rpc('anvil_setBalance', [address, '0xde0b6b3a7640000'])
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 20, 20_000)
    expect(await paused()).toBe(0)
    expect((await ready()).status).toBe(200)
    expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([3n]))
  }, 60_000)

  const paused = async () => (await metric(`ost_lanes_paused{chain="${CHAIN}",reason="out_of_gas"}`)) ?? 0
})
