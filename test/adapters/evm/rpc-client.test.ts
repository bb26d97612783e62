import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { RpcClient } from '#adapters/evm/rpc-client.ts'
import { RpcRefused, RpcUnavailable } from '#adapters/evm/rpc-errors.ts'
import type { Observer } from '#core/shared/observer.ts'
import { type RpcProxy, startRpcProxy, withoutBurst } from '#test/support/rpc-proxy.ts'

const CHAIN_ID = 31_337
const closers: (() => Promise<unknown>)[] = []
const events: string[] = []
const observer: Observer = { log: (_level, event) => void events.push(event), count() {}, gauge() {} }

afterEach(async () => {
  events.length = 0
  for (const close of closers.splice(0)) await close()
})

describe('RpcClient', () => {
  it('takes the next node when one does not answer', async () => {
    const [broken, healthy] = [await aProxy(), await aProxy()]
    broken.choose(() => 'cut_before')
    const client = aClient([broken.url, healthy.url])
    expect(await client.call('test_echo', ['a'])).toBe('a')
  })

  it('asks a node that failed last, until it has cooled down', async () => {
    const [broken, healthy] = [await aProxy(), await aProxy()]
    broken.choose(() => 'bad_gateway')
    const client = aClient([broken.url, healthy.url])
    await client.call('test_echo', ['a'])
    const before = broken.requests
    await Promise.all(Array.from({ length: 5 }, () => client.call('test_echo', ['a'])))
    expect(broken.requests).toBe(before)
  })

  it.each(['cut_before', 'cut_after', 'rate_limited', 'bad_gateway', 'html', 'wrong_id'] as const)(
    'says that the chain is unavailable when its only node fails by %s, and works again afterwards',
    async (fault) => {
      const proxy = await aProxy()
      const client = aClient([proxy.url])
      proxy.choose(() => fault)
      await expect(client.call('test_echo', ['a'])).rejects.toThrow(RpcUnavailable)
      proxy.choose(() => 'none')
      await expect.poll(() => client.call('test_echo', ['b']).catch(() => null), { timeout: 2_000 }).toBe('b')
    },
  )

  it('gives up on a node that does not answer in time', async () => {
    const proxy = await aProxy()
    proxy.choose(() => 'hang')
    const startedAt = performance.now()
    await expect(aClient([proxy.url], 200).call('test_echo', ['a'])).rejects.toThrow(RpcUnavailable)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it('leaves a node that limits our rate alone', async () => {
    const proxy = await aProxy()
    const client = aClient([proxy.url])
    await client.call('test_echo', ['a'])
    proxy.choose(() => 'rate_limited')
    const before = proxy.requests
    await expect(client.call('test_echo', ['a'])).rejects.toThrow(RpcUnavailable)
    await expect(client.call('test_echo', ['a'])).rejects.toThrow(RpcUnavailable)
    expect(proxy.requests).toBe(before + 1)
  })

  it('gets through to a node that takes ten requests a second and no two at once', async () => {
    const proxy = await aProxy()
    const client = aClient([proxy.url])
    proxy.choose(withoutBurst(10))
    // As a look at the chain does, which begins anew when it was refused on the way.
    const askInARow = async () => {
      for (let answered = 0; answered < 12; answered += 1)
        if ((await client.call('test_echo', ['a']).catch(() => null)) === null) return answered
      return 12
    }
    for (let row = 0; row < 3; row += 1)
      await expect.poll(askInARow, { timeout: 8_000, interval: 20 }).toBe(12)
  }, 30_000)

  it('is soon as quick as before once a node no longer limits our rate, however often it refused', async () => {
    const proxy = await aProxy()
    const client = aClient([proxy.url])
    let refused = 0
    proxy.choose(() => ((refused += 1) <= 8 ? 'rate_limited' : 'none'))
    const ask = async () => client.call('test_echo', ['a']).catch(() => null)
    await expect.poll(ask, { timeout: 15_000, interval: 20 }).toBe('a')
    const msOfTwenty = async () => {
      const startedAt = performance.now()
      for (let asked = 0; asked < 20; asked += 1) await client.call('test_echo', ['a'])
      return performance.now() - startedAt
    }
    await expect.poll(msOfTwenty, { timeout: 20_000 }).toBeLessThan(1_000)
  }, 40_000)

  it('does not believe a node of another chain, and raises an alarm', async () => {
    const foreign = await aProxy(CHAIN_ID + 1)
    const client = aClient([foreign.url])
    await expect(client.call('test_echo', ['a'])).rejects.toThrow(RpcUnavailable)
    expect(events).toContain('chain.wrong_chain_id')
  })

  it('passes a refusal of the node on, and does not ask the next node', async () => {
    const [first, second] = [await aProxy(), await aProxy()]
    const client = aClient([first.url, second.url])
    const refusal = await client.call('test_refuse', ['nonce too low']).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RpcRefused)
    expect(refusal).toMatchObject({ message: 'nonce too low', code: -32_000, data: '0xdead' })
    expect(second.requests).toBe(0)
  })

  it('takes a rate limit in the clothes of a refusal for what it is', async () => {
    const client = aClient([(await aProxy()).url])
    await expect(client.call('test_refuse', ['Too Many Requests'])).rejects.toThrow(RpcUnavailable)
  })

  it('answers many calls in their order, refusals among them', async () => {
    const proxy = await aProxy()
    const client = aClient([proxy.url])
    const calls = Array.from({ length: 250 }, (_, index) => ({ method: 'test_echo', params: [index] }))
    const outcomes = await client.batch([...calls, { method: 'test_refuse', params: ['no'] }])
    expect(outcomes.slice(0, 250)).toEqual(calls.map(({ params }) => params[0]))
    expect(outcomes[250]).toBeInstanceOf(RpcRefused)
    // One for the chain id, three of at most a hundred calls.
    expect(proxy.requests).toBe(4)
  })
})

function aClient(urls: string[], timeoutMs = 2_000): RpcClient {
  const client = new RpcClient({ chainId: CHAIN_ID, urls, timeoutMs, observer })
  closers.push(() => client.close())
  return client
}

async function aProxy(chainId = CHAIN_ID): Promise<RpcProxy> {
  const node = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
      const answers = [body].flat().map((call) => answerOf(chainId, call as Call))
      // Answers of a batch may come in any order.
      response.end(JSON.stringify(Array.isArray(body) ? answers.toReversed() : answers[0]))
    })
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
  const address = node.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const proxy = await startRpcProxy(`http://127.0.0.1:${port}`)
  closers.push(
    () => proxy.close(),
    async () => {
      node.closeAllConnections()
      node.close()
    },
  )
  return proxy
}

interface Call {
  id: number
  method: string
  params: unknown[]
}

function answerOf(chainId: number, { id, method, params }: Call): unknown {
  if (method === 'eth_chainId') return { jsonrpc: '2.0', id, result: `0x${chainId.toString(16)}` }
  if (method === 'test_echo') return { jsonrpc: '2.0', id, result: params[0] }
  return { jsonrpc: '2.0', id, error: { code: -32_000, message: params[0], data: '0xdead' } }
}
