import apiReference from '@scalar/fastify-api-reference'
import { Type } from 'typebox'
import type { ErrorCode } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'
import { wireErrorOf } from '../plugins/problem.ts'
import { protectPages } from '../plugins/security-headers.ts'

/** Everything the page needs comes from this server, and it talks to nobody else. */
const REFERENCE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const open = { plane: 'public', scope: null } as const

/** The API described: for programs at /openapi.json, for people at /docs, each error code at /errors/<code>. */
export async function referenceRoutes(app: App): Promise<void> {
  app.get('/openapi.json', { config: open, schema: { hide: true } }, async (_request, reply) => {
    reply.type('application/json; charset=utf-8')
    return JSON.stringify(app.swagger())
  })

  app.get(
    '/errors/:code',
    { config: open, schema: { hide: true, params: Type.Object({ code: Type.String({ maxLength: 64 }) }) } },
    async (request, reply) => {
      const { code } = request.params
      if (!isErrorCode(code)) return reply.callNotFound()
      return reply.send({ object: 'error_code', code, retryable: false, ...wireErrorOf[code] })
    },
  )
}

/** The page at /docs. Registered apart from our own routes: the plugin declares its routes in its own way. */
export async function referencePage(app: App): Promise<void> {
  protectPages(app, REFERENCE_POLICY)
  await app.register(apiReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'OST KIT API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      persistAuth: false,
      authentication: { preferredSecurityScheme: 'apiKey' },
      // Buttons that would lead to services elsewhere.
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
    },
  })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(wireErrorOf, code)
}
