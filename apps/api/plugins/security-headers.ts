import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * What may be done with an answer: read it, and nothing else. The headers that mean something on answers that are data.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const OF_DATA = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** What a page needs besides: it is opened, links elsewhere, and shares its browser with other pages. */
const OF_PAGES = {
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
}

/** Every answer says what browsers may do with it. The two pages for people loosen what they need to. */
export const securityHeaders = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(OF_DATA)
    done()
  })
})

/** Has a page and its files protect themselves further, under a Content-Security-Policy of their own. */
export function protectPages(app: FastifyInstance, policy: string): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(OF_PAGES).header('Content-Security-Policy', policy)
    done()
  })
}
