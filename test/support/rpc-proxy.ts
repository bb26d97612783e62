import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/**
 * What the proxy does to one request: lets it through; cuts the line before or after the node had it; answers nonsense. A
 * function may look at the methods that the request asks for.
 */
export type Fault =
  | 'none'
  | 'cut_before'
  | 'cut_after'
  | 'rate_limited'
  | 'bad_gateway'
  | 'html'
  | 'wrong_id'
  | 'hang'

export interface RpcProxy {
  url: string
  /** Requests seen, faulty ones included. */
  requests: number
  choose(fault: (methods: string[]) => Fault): void
  close(): Promise<void>
}

/** A loopback proxy before a node, that fails on request. */
export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let chooseFault: (methods: string[]) => Fault = () => 'none'
  const server = createServer((request, response) => {
    proxy.requests += 1
    answer(request, response).catch(() => request.socket.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const calls = [JSON.parse(body)].flat() as { id: number; method: string }[]
    const fault = chooseFault(calls.map((call) => call.method))
    const headers = { 'content-type': 'application/json' }
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
      case 'cut_after': {
        const answered = await fetch(target, { method: 'POST', headers, body })
        const text = await answered.text()
        if (fault === 'cut_after') request.socket.destroy()
        else response.writeHead(answered.status, headers).end(text)
      }
    }
  }

  const proxy: RpcProxy = {
    url: await listen(server),
    requests: 0,
    choose(fault) {
      chooseFault = fault
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return proxy
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
