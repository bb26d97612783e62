import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { KeySetSchema } from '../schemas/sign-in.ts'

/** Seconds. A new key can be read for a day before it signs. */
const MAX_AGE = 300

/** The public keys of access tokens, for whoever else checks one. @see RFC 7517 */
export async function keySetRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { plane: 'public', scope: null },
      schema: {
        operationId: 'getKeySet',
        summary: 'Get the keys of access tokens',
        tags: ['Sign-in'],
        response: { 200: KeySetSchema },
      },
    },
    async (_request, reply) => {
      reply.header('Cache-Control', `public, max-age=${MAX_AGE}`)
      return { keys: await deps.accessTokens.publicKeys(deps.clock.now()) }
    },
  )
}
