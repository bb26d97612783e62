import { createServer, type Server, type ServerResponse } from 'node:http'

/** Milliseconds that the check behind /readyz may take. */
const CHECK_TIMEOUT_MS = 2_000

export interface HealthServer {
  port: number
  close(): Promise<void>
}

/** Serves /livez (the process runs), /readyz (what it stands on answers) and /metrics, to operators only. */
export async function startHealthServer(options: {
  host: string
  port: number
  metrics: { contentType: string; print: () => Promise<string> }
  /** Rejects when something the worker needs does not answer. */
  isReady: () => Promise<void>
}): Promise<HealthServer> {
  const { host, port, metrics, isReady } = options
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', response).catch(() => send(response, 500, 'text/plain', 'error\n'))
  })

  async function answer(url: string, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(url, 'http://worker')
    if (pathname === '/livez') return send(response, 200, 'text/plain', 'ok\n')
    if (pathname === '/metrics') return send(response, 200, metrics.contentType, await metrics.print())
    if (pathname !== '/readyz') return send(response, 404, 'text/plain', 'not found\n')
    try {
      await Promise.race([isReady(), failAfter(CHECK_TIMEOUT_MS)])
      return send(response, 200, 'text/plain', 'ok\n')
    } catch (error) {
      return send(response, 503, 'text/plain', `${error instanceof Error ? error.message : 'not ready'}\n`)
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { port: portOf(server), close: async () => closeServer(server) }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body)
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}

async function failAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the check timed out')), ms).unref()
  })
}
