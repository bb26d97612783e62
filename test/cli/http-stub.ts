import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** One answer of the stub; `cut` ends the connection without one. */
export type StubAnswer =
  | { status: number; body?: unknown; headers?: Record<string, string>; delayMs?: number }
  | 'cut'

export interface StubRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: unknown
}

/** An HTTP server that answers as it is told and remembers what it was asked. */
export interface HttpStub {
  url: string
  requests: StubRequest[]
  /** Answers of the next requests; the last one stays. */
  answer(...answers: StubAnswer[]): void
  close(): Promise<void>
}

export async function startHttpStub(): Promise<HttpStub> {
  const requests: StubRequest[] = []
  let queue: StubAnswer[] = [{ status: 200, body: {} }]
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const { method = '', url = '', headers } = request
      requests.push({ method, path: url, headers, body: text === '' ? undefined : JSON.parse(text) })
      const answer = queue.length > 1 ? queue.shift() : queue[0]
      if (answer === undefined || answer === 'cut') return request.socket.destroy()
      setTimeout(() => {
        response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
        response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
      }, answer.delayMs ?? 0)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Listening on a port, so the address is one of a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer(...answers) {
      requests.length = 0
      queue = answers
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export function problem(status: number, code: string, more: object = {}): StubAnswer {
  return {
    status,
    body: { status, code, title: code, detail: `It is ${code}.`, request_id: 'req_1', ...more },
  }
}
