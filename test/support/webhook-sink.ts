import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A delivery as a receiver got it. */
export interface Received {
  id: string
  headers: IncomingMessage['headers']
  body: string
  path: string
}

/** How a receiver answers. */
export type Behaviour = (response: ServerResponse, received: Received) => void

export const taken: Behaviour = (response) => void response.writeHead(204).end()
export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end('no')

/** A receiver of webhooks on loopback that remembers what it got and answers as it is told. */
export interface Sink {
  url: string
  received: Received[]
  /** Ids in the order of arrival. */
  ids(): string[]
  behave(behaviour: Behaviour): void
  /** Stops listening, as a receiver that is down; `start` opens the same port again. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  let behaviour = taken
  const received: Received[] = []
  let server = createServer(answer)
  let port = 0

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      const one = {
        id: String(request.headers['webhook-id']),
        headers: request.headers,
        body,
        path: request.url ?? '',
      }
      received.push(one)
      behaviour(response, one)
    })
  }

  async function start(): Promise<void> {
    server = createServer(answer)
    await listen(server, port)
  }

  await listen(server, 0)
  // A listening TCP server has a port.
  port = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    ids: () => received.map((one) => one.id),
    behave(next) {
      behaviour = next
    },
    start,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
