import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { AppDeps } from '../deps.ts'

/**
 * Ends connections together with the last answer on them while the server closes. Otherwise a client that keeps its
 * connection would keep the process, and so would one who waits for a settlement: that one is answered as things stand.
 */
export const shutdown = fp(async (app: FastifyInstance, deps: Pick<AppDeps, 'waiter'>) => {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    deps.waiter.release()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close')
  })
})
