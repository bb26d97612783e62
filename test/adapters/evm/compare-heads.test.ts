import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inSequence, RpcClient } from '#adapters/evm/rpc-client.ts'
import { RpcUnavailable } from '#adapters/evm/rpc-errors.ts'
import type { Labels, Observer } from '#core/shared/observer.ts'
import { type RpcProxy, startRpcProxy } from '#test/support/rpc-proxy.ts'
import { startTestAnvil, type TestAnvil } from '#test/support/stack.ts'
import { until } from '#test/worker/redis-server.ts'

const FINALITY_DEPTH = 2
const STALE_BLOCKS = 30
/** The marks that tell the two chains apart: an account of each holds this. */
const MARKED = '0x00000000000000000000000000000000000000aa'

const events: string[] = []
const gauges = new Map<string, number>()
const observer: Observer = {
  log: (_level, event) => void events.push(event),
  count: (metric, labels) => void events.push(`${metric} ${labels?.['reason'] ?? ''}`),
  gauge: (metric, value, labels: Labels = {}) => void gauges.set(`${metric} ${labels['endpoint']}`, value),
}
const closers: (() => Promise<unknown>)[] = []

/** Two nodes of the same chain id with histories of their own: one is the chain, the other lies about it. */
let chain: TestAnvil
let other: TestAnvil
beforeAll(async () => {
  ;[chain, other] = await Promise.all([startTestAnvil(), startTestAnvil()])
  await Promise.all([mark(chain, 1), mark(other, 2)])
})
afterAll(async () => Promise.allSettled([chain.stop(), other.stop()]))
afterEach(async () => {
  events.length = 0
  gauges.clear()
  for (const close of closers.splice(0)) await close()
})

async function mark(node: TestAnvil, wei: number): Promise<void> {
  await node.rpc('anvil_setBalance', [MARKED, `0x${wei.toString(16)}`])
  await node.rpc('anvil_mine', ['0x28'])
}

async function aProxy(node: TestAnvil): Promise<RpcProxy> {
  const proxy = await startRpcProxy(node.rpcUrl)
  closers.push(() => proxy.close())
  return proxy
}

function aClient(urls: string[], anchor?: () => Promise<{ number: number; hash: string } | null>): RpcClient {
  const client = new RpcClient({
    chainId: chain.chainId,
    urls,
    timeoutMs: 2_000,
    observer,
    heads: { finalityDepth: FINALITY_DEPTH, blockTimeMs: 100, ...(anchor && { anchor }) },
  })
  closers.push(() => client.close())
  return client
}

const balanceOf = (client: RpcClient) => client.call('eth_getBalance', [MARKED, 'latest'])
const hashOf = async (node: TestAnvil, number: number) =>
  (
    (await node.rpc('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])) as {
      hash: string
    }
  ).hash
const usable = (proxy: RpcProxy) => gauges.get(`chain_endpoint_usable ${new URL(proxy.url).host}`)

describe('two nodes of one chain', () => {
  it('asks only the one whose final block is the one that the ledger took for final, in whatever order they stand', async () => {
    const [liar, honest] = [await aProxy(other), await aProxy(chain)]
    const client = aClient([liar.url, honest.url], async () => ({ number: 5, hash: await hashOf(chain, 5) }))
    for (let round = 0; round < 5; round += 1) expect(await balanceOf(client)).toBe('0x1')
    expect(events).toContain('chain.endpoint_lies')
    expect(events).toContain('chain_endpoint_taken_out_total lying')
    expect([usable(liar), usable(honest)]).toEqual([0, 1])
  })

  it('asks nobody rather than the liar while the other one is away', async () => {
    const [liar, honest] = [await aProxy(other), await aProxy(chain)]
    const client = aClient([liar.url, honest.url], async () => ({ number: 5, hash: await hashOf(chain, 5) }))
    expect(await balanceOf(client)).toBe('0x1')
    honest.choose(() => 'bad_gateway')
    for (let round = 0; round < 10; round += 1) {
      await expect(balanceOf(client)).rejects.toThrow(RpcUnavailable)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    honest.choose(() => 'none')
    await until('it works again', async () => (await balanceOf(client).catch(() => null)) === '0x1')
  })

  it('notices when a node changes its final blocks, without the ledger', async () => {
    let target = chain
    const turning = await startRpcProxy(() => target.rpcUrl)
    closers.push(() => turning.close())
    const steady = await aProxy(chain)
    const client = aClient([turning.url, steady.url])
    expect(await balanceOf(client)).toBe('0x1')
    target = other
    await until('the liar is out', async () => {
      await balanceOf(client).catch(() => null)
      return usable(turning) === 0
    })
    expect(await balanceOf(client)).toBe('0x1')
    target = chain
    await until('it is back', async () => {
      await balanceOf(client).catch(() => null)
      return events.includes('chain.endpoint_back')
    })
  })

  it('takes out a node that lags until it has caught up, and asks it when there is no other', async () => {
    const [lagging, healthy] = [await aProxy(chain), await aProxy(chain)]
    const held = Number(await chain.rpc('eth_blockNumber'))
    lagging.bend((method, params, result) => atHeight(held, method, params, result))
    const client = aClient([lagging.url, healthy.url])
    const headOf = async () => Number(await client.call('eth_blockNumber'))
    await chain.rpc('anvil_mine', [`0x${(STALE_BLOCKS + 2).toString(16)}`])
    expect(await headOf()).toBeGreaterThan(held + STALE_BLOCKS)
    expect(events).toContain('chain.endpoint_stale')
    healthy.choose(() => 'cut_before')
    expect(await headOf()).toBe(held)
    healthy.choose(() => 'none')
    lagging.bend(null)
    await until('it is back', async () => {
      await headOf()
      return usable(lagging) === 1
    })
  })

  it('takes out a node that names a head that it does not have', async () => {
    const [boaster, honest] = [await aProxy(chain), await aProxy(chain)]
    boaster.bend((method, _params, result) => (method === 'eth_blockNumber' ? '0xffffff' : result))
    const client = aClient([boaster.url, honest.url])
    expect(Number(await client.call('eth_blockNumber'))).toBeLessThan(0xffff)
    expect(usable(boaster)).toBe(0)
  })

  it.each(['bad_gateway', 'html', 'wrong_id', 'rate_limited', 'cut_before'] as const)(
    'lets no %s through while the other node answers',
    async (fault) => {
      const [broken, healthy] = [await aProxy(chain), await aProxy(chain)]
      broken.choose(() => fault)
      const client = aClient([broken.url, healthy.url])
      for (let round = 0; round < 5; round += 1) expect(await balanceOf(client)).toBe('0x1')
    },
  )

  it('reads a sequence from one node, and breaks it off when that one fails', async () => {
    const [first, second] = [await aProxy(chain), await aProxy(chain)]
    const client = aClient([first.url, second.url])
    await expect(
      inSequence(async () => {
        await balanceOf(client)
        first.choose(() => 'cut_before')
        await balanceOf(client)
      }),
    ).rejects.toThrow('did not answer')
    expect(await inSequence(() => balanceOf(client))).toBe('0x1')
  })
})

describe('one node', () => {
  it('is asked nothing more than without a comparison', async () => {
    const only = await aProxy(chain)
    const client = aClient([only.url])
    await balanceOf(client)
    await balanceOf(client)
    // The chain id, and what was asked.
    expect(only.requests).toBe(3)
  })

  it('that takes ten requests a second answers all of many callers in little more than its own time', async () => {
    const limited = await aProxy(chain)
    let tokens = 10
    let refused = 0
    const refill = setInterval(() => (tokens = Math.min(10, tokens + 1)), 100)
    limited.choose(() => {
      tokens -= 1
      if (tokens >= 0) return 'none'
      tokens = 0
      refused += 1
      return 'rate_limited'
    })
    const client = aClient([limited.url])
    const askUntilAnswered = async () => {
      for (;;) {
        const balance = await balanceOf(client).catch(() => null)
        if (balance !== null) return balance
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 60 }, askUntilAnswered))
    clearInterval(refill)
    // Five seconds is what the limit itself takes.
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    expect(new Set(answers)).toEqual(new Set(['0x1']))
    expect(refused).toBeGreaterThan(0)
  })
})

/** What a node answers whose head stands still. */
function atHeight(height: number, method: string, params: readonly unknown[], result: unknown): unknown {
  if (method === 'eth_blockNumber') return `0x${height.toString(16)}`
  if (method !== 'eth_getBlockByNumber') return result
  if (params[0] === 'latest') return { ...(result as object), number: `0x${height.toString(16)}` }
  return Number(params[0]) > height ? null : result
}
