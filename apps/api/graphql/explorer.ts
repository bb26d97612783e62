import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { protectPages } from '../plugins/security-headers.ts'

const require = createRequire(import.meta.url)
const ours = (file: string) => new URL(`explorer/${file}`, import.meta.url).pathname
/** A file of an installed package, found from its manifest: bundles are not among packages' exports. */
const bundled = (name: string, file: string) => join(dirname(require.resolve(`${name}/package.json`)), file)

const ASSETS = {
  'graphiql.css': { file: bundled('graphiql', 'graphiql.min.css'), type: 'text/css' },
  'graphiql.js': { file: bundled('graphiql', 'graphiql.min.js'), type: 'text/javascript' },
  'react.js': { file: bundled('react', 'umd/react.production.min.js'), type: 'text/javascript' },
  'react-dom.js': { file: bundled('react-dom', 'umd/react-dom.production.min.js'), type: 'text/javascript' },
  'graphql-ws.js': { file: bundled('graphql-ws', 'umd/graphql-ws.min.js'), type: 'text/javascript' },
  'explorer.css': { file: ours('explorer.css'), type: 'text/css' },
  'explorer.js': { file: ours('explorer.js'), type: 'text/javascript' },
} as const

/** Everything the page needs comes from this server; nothing else may run or be asked. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** The GraphQL explorer at /graphiql: GraphiQL from the installed packages, without a build and without a CDN. */
export async function explorerPage(app: FastifyInstance): Promise<void> {
  const page = await readFile(ours('index.html'), 'utf8')
  protectPages(app, PAGE_POLICY)
  app.get('/graphiql', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page),
  )
  for (const [name, { file, type }] of Object.entries(ASSETS)) {
    let content: Promise<Buffer> | undefined
    app.get(`/graphiql/assets/${name}`, { schema: { hide: true } }, async (_request, reply) => {
      // Megabytes that most processes are never asked for.
      content ??= readFile(file)
      reply.type(`${type}; charset=utf-8`).header('Cache-Control', 'public, max-age=3600')
      return reply.send(await content)
    })
  }
}
