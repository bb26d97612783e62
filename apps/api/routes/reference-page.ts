import fastify, { type FastifyInstance } from 'fastify'
import type { App } from '../app-types.ts'
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

const PREFIX = '/docs'
/** The page, the page as it is usually typed, and its script. */
const PATHS = [PREFIX, `${PREFIX}/`, `${PREFIX}/js/scalar.js`]

/**
 * The API described for people, at /docs. The plugin that makes the page brings megabytes and a parser of YAML: it is loaded into
 * an instance of its own when somebody first asks for the page.
 */
export async function referencePage(app: App): Promise<void> {
  protectPages(app, REFERENCE_POLICY)
  let pages: Promise<FastifyInstance> | undefined
  for (const path of PATHS)
    app.get(path, { schema: { hide: true } }, async ({ url, host }, reply) => {
      const { statusCode, headers, rawPayload } = await (await (pages ??= loadPages())).inject({
        url,
        headers: { host },
      })
      for (const name of ['content-type', 'location'])
        if (headers[name] !== undefined) reply.header(name, headers[name])
      return reply.code(statusCode).send(rawPayload.length > 0 ? rawPayload : undefined)
    })
}

async function loadPages(): Promise<FastifyInstance> {
  const { default: apiReference } = await import('@scalar/fastify-api-reference')
  const pages = fastify()
  await pages.register(apiReference, {
    routePrefix: PREFIX,
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
  await pages.ready()
  return pages
}
