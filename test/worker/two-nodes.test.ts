import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Economy } from '#core/economy/economy.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { type RpcProxy, startRpcProxy } from '#test/support/rpc-proxy.ts'
import { startTestAnvil, type TestAnvil } from '#test/support/stack.ts'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { until } from './redis-server.ts'

const CHAIN = 31_337
const USERS = 40

let bed: Bed
/** A chain with the same id and a longer history of its own. */
let other: TestAnvil
/** The node that the worker prefers; what is behind it changes. */
let preferred: RpcProxy
let target: string
let worker: ChildProcess
let url: string
let economy: Economy
let users: { userIds: string[]; typeId: string }
beforeAll(async () => {
  bed = await aBed()
  other = await startTestAnvil({ chainId: CHAIN, blockTimeSeconds: 0.2 })
  await other.rpc('anvil_mine', ['0x200', '0x0'])
  target = bed.anvil.rpcUrl
  preferred = await startRpcProxy(() => target)
  const [port = 0] = await pickFreePorts(1)
  url = `http://127.0.0.1:${port}`
  const chains = JSON.parse(String(bed.env['CHAINS'])) as { rpc_urls: string[] }[]
  worker = spawn(process.execPath, ['apps/worker/main.ts'], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      ...bed.env,
      NODE_ENV: 'development',
      CHAINS: JSON.stringify(
        chains.map((chain) => ({ ...chain, rpc_urls: [preferred.url, bed.anvil.rpcUrl] })),
      ),
      WORKER_METRICS_PORT: String(port),
    },
  })
  const isReady = async () => (await fetch(`${url}/readyz`).catch(() => null))?.status === 200
  await until('the worker is ready', isReady, 20_000)
  economy = await bed.createEconomy()
  await bed.untilActive(economy)
  users = await bed.addUsers(economy, USERS)
})
afterAll(async () => {
  worker?.kill('SIGKILL')
  await Promise.allSettled([preferred?.close(), other?.stop()])
  await bed?.close()
})

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const row = text.split('\n').find((candidate) => candidate.startsWith(name))
  return Number(row?.split(' ').at(-1) ?? Number.NaN)
}
const labels = () => `chain="${CHAIN}",endpoint="${new URL(preferred.url).host}"`
let paid = 0n

/** Pays everybody once while `trouble` goes on, and holds the ledger against the honest chain afterwards. */
async function payDuring(trouble: () => void, heal: () => void): Promise<void> {
  await bed.reward(economy, users.typeId, users.userIds, 1n)
  trouble()
  await bed.reward(economy, users.typeId, users.userIds, 1n)
  paid += 2n
  const due = Number(paid) * USERS
  await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === due, 30_000)
  heal()
  expect(new Set(await balancesOnChain(bed, economy, users.userIds))).toEqual(new Set([paid]))
  expect((await bed.owner.query('SELECT status FROM chain')).rows).toEqual([{ status: 'active' }])
  expect(await metric(`ost_ledger_reorgs_total{chain="${CHAIN}"}`)).toBe(0)
}

const isUsable = async () => (await metric(`ost_chain_endpoint_usable{${labels()}}`)) === 1

describe('a worker with two nodes of a chain', () => {
  it('takes nothing back, halts nothing and pays once while the one that it prefers shows another chain', async () => {
    await payDuring(
      () => (target = other.rpcUrl),
      () => (target = bed.anvil.rpcUrl),
    )
    expect(await metric(`ost_chain_endpoint_taken_out_total{${labels()},reason="lying"}`)).toBeGreaterThan(0)
    await until('it is asked again', isUsable, 20_000)
  }, 60_000)

  it('goes on with the other one while the one that it prefers stands still', async () => {
    const held = Number(await bed.anvil.rpc('eth_blockNumber'))
    await payDuring(
      () =>
        preferred.bend((method, params, result) => {
          if (method === 'eth_blockNumber') return `0x${held.toString(16)}`
          if (method !== 'eth_getBlockByNumber') return result
          if (params[0] === 'latest') return { ...(result as object), number: `0x${held.toString(16)}` }
          return Number(params[0]) > held ? null : result
        }),
      () => preferred.bend(null),
    )
    await until('it is asked again', isUsable, 20_000)
  }, 60_000)

  it.each(['bad_gateway', 'html', 'wrong_id', 'rate_limited', 'hang'] as const)(
    'goes on with the other one while the one that it prefers answers every second request by %s',
    async (fault) => {
      let count = 0
      await payDuring(
        () => preferred.choose(() => ((count += 1) % 2 === 0 ? fault : 'none')),
        () => preferred.choose(() => 'none'),
      )
    },
    60_000,
  )
})
