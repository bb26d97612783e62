import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Ends connections together with the last answer on them while the server closes. Otherwise a client that keeps its
 * connection would keep the process.
 */
export const shutdown = fp(async (app: FastifyInstance) => {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close')
  })
})
