import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'

/**
 * What the proxy does to one request: lets it through; cuts the line before or after the node had it; answers nonsense. A
 * function may look at the methods that the request asks for. `answersAfterMs`: the node has it, its answer is late.
 * `repeatsAfterMs`: the node gets it twice, and its second answer counts. `says`: an error that no node has given.
 * `shuffled`: answers come in another order, each twice, one of an earlier request among them.
 */
export type Fault =
  | { answersAfterMs: number }
  | { repeatsAfterMs: number }
  | { says: string }
  | 'none'
  | 'shuffled'
  | 'cut_before'
  | 'cut_after'
  | 'rate_limited'
  | 'bad_gateway'
  | 'html'
  | 'wrong_id'
  | 'hang'

export type Bend = (method: string, params: readonly unknown[], result: unknown) => unknown

export interface RpcProxy {
  url: string
  /** Requests seen, faulty ones included. */
  requests: number
  choose(fault: (methods: string[]) => Fault): void
  /** Changes what the node answered, call by call: a node that lies. Null: answers go through as they are. */
  bend(change: Bend | null): void
  close(): Promise<void>
}

/** A node that takes so many requests a second and no two at once, whatever it was asked before. */
export function withoutBurst(perSecond: number, onRefusal: () => unknown = () => {}): () => Fault {
  let isFreeAt = 0
  return () => {
    const now = performance.now()
    if (now < isFreeAt) {
      onRefusal()
      return 'rate_limited'
    }
    isFreeAt = now + 1_000 / perSecond
    return 'none'
  }
}

/** A loopback proxy before a node, that fails on request. A target that is a function is asked at every request. */
export async function startRpcProxy(target: string | (() => string)): Promise<RpcProxy> {
  let chooseFault: (methods: string[]) => Fault = () => 'none'
  let bend: Bend | null = null
  const agent = new Agent()
  let earlier: unknown = { jsonrpc: '2.0', id: -1, result: '0x1' }
  const server = createServer((request, response) => {
    proxy.requests += 1
    answer(request, response).catch(() => request.socket.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const calls = [JSON.parse(body)].flat() as Call[]
    const fault = chooseFault(calls.map((call) => call.method))
    const headers = { 'content-type': 'application/json' }
    if (typeof fault === 'object') {
      const text = await bendSlowly(fault, calls, body)
      response.writeHead(200, headers).end(text)
      return
    }
    switch (fault) {
      case 'hang':
        return
      case 'cut_before':
        request.socket.destroy()
        return
      case 'rate_limited':
        response.writeHead(429, { 'retry-after': '0' }).end('slow down')
        return
      case 'bad_gateway':
        response.writeHead(502).end('bad gateway')
        return
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>please sign in</html>')
        return
      case 'wrong_id':
        response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: -1, result: '0x1' }))
        return
      case 'none':
      case 'shuffled':
      case 'cut_after': {
        const { status, text } = await ask(calls, body)
        if (fault === 'cut_after') request.socket.destroy()
        else response.writeHead(status, headers).end(fault === 'shuffled' ? shuffled(text) : text)
      }
    }
  }

  async function ask(calls: readonly Call[], body: string): Promise<{ status: number; text: string }> {
    const url = typeof target === 'string' ? target : target()
    const headers = { 'content-type': 'application/json' }
    const answered = await agent.request({ origin: url, path: '/', method: 'POST', headers, body })
    const given = await answered.body.text()
    return { status: answered.statusCode, text: bend ? bent(bend, calls, given) : given }
  }

  async function bendSlowly(
    fault: Extract<Fault, object>,
    calls: readonly Call[],
    body: string,
  ): Promise<string> {
    if ('says' in fault) {
      const error = { code: -32_000, message: fault.says }
      const answers = calls.map(({ id }) => ({ jsonrpc: '2.0', id, error }))
      return JSON.stringify(body.trimStart().startsWith('[') ? answers : answers[0])
    }
    const { text } = await ask(calls, body)
    await sleep('repeatsAfterMs' in fault ? fault.repeatsAfterMs : fault.answersAfterMs)
    return 'repeatsAfterMs' in fault ? (await ask(calls, body)).text : text
  }

  function shuffled(text: string): string {
    const answers = [JSON.parse(text)].flat().toReversed()
    const all = [...answers, earlier, ...answers]
    earlier = answers[0]
    return JSON.stringify(all)
  }

  const proxy: RpcProxy = {
    url: await listen(server),
    requests: 0,
    choose(fault) {
      chooseFault = fault
    },
    bend(change) {
      bend = change
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await agent.destroy()
    },
  }
  return proxy
}

interface Call {
  id: number
  method: string
  params: readonly unknown[]
}

function bent(bend: Bend, calls: readonly Call[], text: string): string {
  const parsed = JSON.parse(text) as { id: number; result?: unknown } | { id: number; result?: unknown }[]
  const change = (answer: { id: number; result?: unknown }) => {
    const call = calls.find(({ id }) => id === answer.id)
    if (!call || !('result' in answer)) return answer
    return { ...answer, result: bend(call.method, call.params, answer.result) }
  }
  return JSON.stringify(Array.isArray(parsed) ? parsed.map(change) : change(parsed))
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '')
    })
  })
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
