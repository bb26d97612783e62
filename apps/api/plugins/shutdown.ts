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
  /** Open connections, with the number of requests on each that are not answered yet. */
  const connections = new Map<Socket, number>()
  let isClosing = false

  app.server.on('connection', (socket: Socket) => {
    connections.set(socket, 0)
    socket.once('close', () => connections.delete(socket))
  })
  app.server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    count(socket, 1)
    response.once('close', () => {
      count(socket, -1)
      if (isClosing && connections.get(socket) === 0) socket.end()
    })
  })
  app.addHook('preClose', async () => {
    isClosing = true
    deps.waiter.release()
    // Node would cut every connection that waits for its next request, though that request may be on its way. Ours are told
    // with their next answer, and cut when they stay silent.
    app.server.closeIdleConnections = () => undefined
    // The server stops listening right after this: connections that wait to be taken are taken first, or they would be reset.
    await eventsTaken()
    await eventsTaken()
    setTimeout(() => void cutSilent(), SILENCE_MS).unref()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('Connection', 'close')
    done(null, payload)
  })

  /** What has arrived while the process was busy is read first: that connection is not silent. */
  async function cutSilent(): Promise<void> {
    await eventsTaken()
    for (const [socket, requests] of connections) if (requests === 0) socket.destroy()
  }

  function count(socket: Socket, change: 1 | -1): void {
    const requests = connections.get(socket)
    if (requests !== undefined) connections.set(socket, requests + change)
  }
})
