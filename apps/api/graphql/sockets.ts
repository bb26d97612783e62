import type { IncomingMessage } from 'node:http'
import websocket from '@fastify/websocket'
import type { App } from '../app-types.ts'
import type { Engine } from './engine.ts'

/** Bytes of one message to us: a document and its variables. */
const MESSAGE_BYTES_MAX = 64 * 1_024
const PATH = '/graphql'
/** The one protocol that is spoken. @see https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
const PROTOCOL = 'graphql-transport-ws'

/**
 * Whether a request is to become a socket. Any other that asks to be upgraded is answered as it is: Java's client asks every plain HTTP
 * server for HTTP/2 besides, and taken for a socket, its request would lose its body.
 */
export function isForSocket({ method, url, headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && method === 'GET' && url?.split('?', 1)[0] === PATH
}

/** GraphQL through sockets: graphql-transport-ws at /graphql, with the key in `connection_init`. */
export async function socketRoute(app: App, engine: () => Promise<Engine>): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: MESSAGE_BYTES_MAX,
      handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL,
      perMessageDeflate: false,
    },
  })

  app.get(
    PATH,
    { websocket: true, config: { plane: 'public', scope: null }, schema: { hide: true } },
    async (socket, request) => {
      socket.on('error', () => socket.terminate())
      // What it says before the engine is loaded is not lost: nothing of it is read yet.
      socket.pause()
      const { serve } = await engine()
      if (socket.readyState !== socket.OPEN) return
      serve(socket, request)
      socket.resume()
    },
  )
}
