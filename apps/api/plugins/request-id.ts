import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ids } from '#adapters/crypto/ids.ts'

const SANE = /^[\w.:-]{1,128}$/

/** The caller's X-Request-Id where it can go into a log line as it is, else a new one. */
export function requestIdOf(raw: Pick<IncomingMessage, 'headers'>): string {
  const given = raw.headers['x-request-id']
  return typeof given === 'string' && SANE.test(given) ? given : `req_${ids.next()}`
}

/** Every answer says which request it answers. */
export const requestId = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
})
