import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Check } from './readiness.ts'

/** Without these a worker does nothing at all; with a chain away it still serves the others. */
const DECISIVE_FOR_WORK = ['postgres', 'redis']

export interface HealthServer {
  port: number
  close(): Promise<void>
}

/**
 * Serves /livez (the process runs), /readyz (what it stands on, by name) and /metrics, to operators only. With
 * `/readyz?for=work` only what no job can do without decides: for whoever rolls out a version while a chain's node is away.
 */
export async function startHealthServer(options: {
  host: string
  port: number
  metrics: { contentType: string; print: () => Promise<string> }
  /** Never rejects, and answers soon. */
  check: () => Promise<Check[]>
}): Promise<HealthServer> {
  const { host, port, metrics, check } = options
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', response).catch(() => send(response, 500, 'text/plain', 'error\n'))
  })

  async function answer(url: string, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(url, 'http://worker')
    if (pathname === '/livez') return send(response, 200, 'text/plain', 'ok\n')
    if (pathname === '/metrics') return send(response, 200, metrics.contentType, await metrics.print())
    if (pathname !== '/readyz') return send(response, 404, 'text/plain', 'not found\n')
    const checks = await check()
    const isForWork = searchParams.get('for') === 'work'
    const decisive = checks.filter(({ name }) => !isForWork || DECISIVE_FOR_WORK.includes(name))
    const isReady = decisive.every(({ status }) => status === 'ok')
    const body = JSON.stringify({ status: isReady ? 'ready' : 'not_ready', checks })
    return send(response, isReady ? 200 : 503, 'application/json', `${body}\n`)
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
