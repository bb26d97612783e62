import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as eventsTaken } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AppDeps } from '../deps.ts'

/** Milliseconds. An open connection that has brought no request this long after we began to stop will bring none. */
const SILENCE_MS = 1_000

/**
 * Lets the server close. A connection ends together with the last answer on it; one without a request is cut after a moment:
 * callers open connections in advance, and each would keep the process. So would whoever waits for a settlement: that one is
 * answered as things stand.
 */
export const shutdown = fp(async (app: FastifyInstance, deps: Pick<AppDeps, 'waiter'>) => {
  const connections = new Map<Socket, Connection>()
  let isClosing = false

  app.server.on('connection', (socket: Socket) => {
    connections.set(socket, { unanswered: 0, last: null })
    socket.once('close', () => connections.delete(socket))
  })
  // Before whatever answers.
  app.server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(socket)
    if (!connection) return
    connection.unanswered += 1
    connection.last = response
    response.on('close', noteAnswer)
    if (isClosing) announceEnd(response)
  })
  app.addHook('preClose', async () => {
    isClosing = true
    for (const { last } of connections.values()) if (last) announceEnd(last)
    deps.waiter.release()
    // Node would cut every connection that waits for its next request, though that request may be on its way. Ours are told
    // with their next answer, and cut when they stay silent.
    app.server.closeIdleConnections = () => undefined
    // The server stops listening right after this: connections that wait to be taken are taken first, or they would be reset.
    await eventsTaken()
    await eventsTaken()
    setTimeout(() => void cutSilent(), SILENCE_MS).unref()
  })

  /** What has arrived while the process was busy is read first: that connection is not silent. */
  async function cutSilent(): Promise<void> {
    await eventsTaken()
    for (const [socket, { unanswered }] of connections) if (unanswered === 0) socket.destroy()
  }

  function noteAnswer(this: ServerResponse): void {
    const { socket } = this.req
    const connection = connections.get(socket)
    if (!connection) return
    connection.unanswered -= 1
    if (connection.unanswered > 0) return
    connection.last = null
    if (isClosing) socket.end()
  }
})

/** An open connection. One for its whole life: a set of answers that come and go would keep each until the next full collection. */
interface Connection {
  /** Requests. */
  unanswered: number
  /** The answer to the last of them. */
  last: ServerResponse | null
}

/** Says that the connection ends with this answer, if it may still say so. */
function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
