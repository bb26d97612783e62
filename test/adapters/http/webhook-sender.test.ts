import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createWebhookSender, type HttpWebhookSender } from '#adapters/http/webhook-sender.ts'
import { SELF_SIGNED } from '#test/support/self-signed.ts'
import { answering, type Sink, startSink, taken } from '#test/support/webhook-sink.ts'

const BODY = '{"id":"evt_1"}'
const TIMEOUT_MS = 400

describe('webhook sender', () => {
  let sink: Sink
  let sender: HttpWebhookSender
  beforeAll(async () => {
    sink = await startSink()
    sender = createWebhookSender({ allowPrivateNetworks: true, timeoutMs: TIMEOUT_MS })
  })
  afterAll(async () => {
    await sender.close()
    await sink.stop()
  })
  beforeEach(() => sink.behave(taken))
  const send = (url = sink.url) => sender.send({ url, headers: { 'webhook-id': 'evt_1' }, body: BODY })

  it('sends the body as it is, and reads the answer', async () => {
    sink.behave((response) => response.writeHead(200).end('thanks'))
    expect(await send()).toMatchObject({ kind: 'answer', status: 200, body: 'thanks', retryAfterMs: null })
    expect(sink.received.at(-1)).toMatchObject({ id: 'evt_1', body: BODY })
    expect(sink.received.at(-1)?.headers).toMatchObject({ 'content-type': 'application/json' })
  })

  it('follows no redirect', async () => {
    const before = sink.received.length
    sink.behave(answering(302, { location: `${sink.url}/elsewhere` }))
    expect(await send()).toMatchObject({ kind: 'answer', status: 302 })
    expect(sink.received.length).toBe(before + 1)
  })

  it.each([
    ['7', 7_000],
    [new Date(Date.now() + 60_000).toUTCString(), expect.closeTo(60_000, -4)],
    ['soon', null],
  ])('reads Retry-After: %s', async (header, expected) => {
    sink.behave(answering(429, { 'retry-after': header }))
    expect(await send()).toMatchObject({ status: 429, retryAfterMs: expected })
  })

  it('reads the beginning of an answer of 100 MB and no more', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    let written = 0
    sink.behave((response) => {
      response.writeHead(200)
      const pour = () => {
        while (written < 100 && !response.destroyed) {
          written += 1
          if (!response.write(chunk)) return response.once('drain', pour)
        }
        return response.end()
      }
      pour()
    })
    const before = process.memoryUsage().rss
    const result = await send()
    expect(result).toMatchObject({ kind: 'answer', status: 200 })
    expect(result.kind === 'answer' && result.body.length).toBe(4_096)
    expect(written).toBeLessThan(30)
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024)
  })

  it('gives a receiver up that drips its answer', async () => {
    sink.behave((response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.once('close', () => clearInterval(drip))
    })
    const result = await send()
    expect(result).toMatchObject({ kind: 'error', error: 'The receiver did not answer within 0.4 s.' })
    expect(result.durationMs).toBeLessThan(3 * TIMEOUT_MS)
  })

  it('gives a receiver up that never answers', async () => {
    sink.behave(() => {})
    expect(await send()).toMatchObject({ kind: 'error', error: 'The receiver did not answer within 0.4 s.' })
  })

  it('says so in words when nobody listens, or the connection breaks', async () => {
    const tcp = createTcpServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => {
      tcp.listen(0, '127.0.0.1', resolve)
    })
    const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/`
    expect(await send(url)).toMatchObject({ kind: 'error', error: 'The receiver closed the connection.' })
    await new Promise((resolve) => {
      tcp.close(resolve)
    })
    expect(await send(url)).toMatchObject({ kind: 'error', error: 'The receiver refuses connections.' })
  })

  it('verifies certificates', async () => {
    const tls = createTlsServer(SELF_SIGNED, (_, response) => response.end())
    await new Promise<void>((resolve) => {
      tls.listen(0, '127.0.0.1', resolve)
    })
    const result = await send(`https://127.0.0.1:${(tls.address() as AddressInfo).port}/`)
    expect(result).toMatchObject({ kind: 'error', error: expect.stringContaining('certificate') })
    tls.closeAllConnections()
    tls.close()
  })
})

describe('webhook sender that keeps to the public internet', () => {
  let sink: Sink
  beforeAll(async () => {
    sink = await startSink()
  })
  afterAll(async () => sink.stop())
  const port = () => new URL(sink.url).port

  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '127.1'])(
    'does not connect to %s',
    async (host) => {
      const sender = createWebhookSender({ allowPrivateNetworks: false })
      const result = await sender.send({ url: `http://${host}:${port()}/`, headers: {}, body: BODY })
      expect(result).toMatchObject({ kind: 'error', error: expect.stringContaining('public internet') })
      await sender.close()
    },
  )

  it('does not connect to a name that resolves to such an address, whatever else it resolves to first', async () => {
    const answers = [
      [{ address: '10.0.0.1', family: 4 }],
      [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ],
      [{ address: '::ffff:169.254.169.254', family: 6 }],
    ]
    for (const addresses of answers) {
      const sender = createWebhookSender({ allowPrivateNetworks: false, resolve: async () => addresses })
      const result = await sender.send({ url: `http://rebound.example:${port()}/`, headers: {}, body: BODY })
      expect(result).toMatchObject({
        kind: 'error',
        error: expect.stringContaining('no address of the public internet'),
      })
      await sender.close()
    }
  })

  it('asks anew for each connection, and drops the private one of several addresses (rebinding)', async () => {
    let asked = 0
    const resolve = async () => {
      asked += 1
      // Another answer each time: what counts is the one that is connected to.
      return asked === 1 ? [{ address: '192.0.2.1', family: 4 }] : [{ address: '127.0.0.1', family: 4 }]
    }
    const sender = createWebhookSender({ allowPrivateNetworks: false, resolve, timeoutMs: 500 })
    const send = () => sender.send({ url: `http://rebound.example:${port()}/`, headers: {}, body: BODY })
    await send()
    expect(await send()).toMatchObject({ kind: 'error', error: expect.stringContaining('public internet') })
    expect(sink.received).toEqual([])
    await sender.close()
  })
})
