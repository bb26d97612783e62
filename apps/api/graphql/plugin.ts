import { Type } from 'typebox'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { tellWhatNext } from '../plugins/error-handler.ts'
import { Body, Nullable } from '../schemas/common.ts'
import { QUERY_LENGTH_MAX } from './query-length.ts'
import type { Engine } from './engine.ts'
import { createFindQuery } from './persisted-queries.ts'
import { socketRoute } from './sockets.ts'

const GraphqlBody = Body(
  {
    query: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: QUERY_LENGTH_MAX,
        description: 'Left out: `extensions.persistedQuery` names it by its SHA-256.',
        examples: ['{ token { name symbol supply } }'],
      }),
    ),
    variables: Type.Optional(Nullable(Type.Record(Type.String(), Type.Unknown()))),
    operationName: Type.Optional(Nullable(Type.String({ maxLength: 200 }))),
    extensions: Type.Optional(Type.Unknown()),
  },
  { query: '{ token { name symbol supply } }' },
)

const GraphqlResponse = Type.Object(
  { data: Type.Optional(Type.Unknown()), errors: Type.Optional(Type.Array(Type.Unknown())) },
  { additionalProperties: true },
)

/**
 * GraphQL over the same use cases, keys, scopes and limits as REST: by HTTP, and through sockets. Its engine and its schema are
 * loaded for the first operation.
 */
export async function graphqlRoutes(app: App, deps: AppDeps): Promise<void> {
  const { introspection, queriesFile } = deps.config.graphql
  const findQuery = createFindQuery(queriesFile)
  let loading: Promise<Engine> | undefined
  const engine = () => (loading ??= loadEngine(app, deps, { introspection, findQuery }))

  app.post(
    '/graphql',
    {
      config: { plane: 'graphql', scope: null },
      schema: {
        operationId: 'graphql',
        summary: 'GraphQL',
        description:
          'The same reads and writes as REST. Explore it at `/graphiql`. Each field asks for the scope of its resource.',
        tags: ['GraphQL'],
        body: GraphqlBody,
        response: {
          200: GraphqlResponse,
          400: GraphqlResponse,
          401: GraphqlResponse,
          429: GraphqlResponse,
          503: GraphqlResponse,
        },
      },
    },
    async (request, reply) => {
      const { run } = await engine()
      const { statusCode, response } = await run(request.body, request)
      tellWhatNext(reply, statusCode)
      return reply.code(statusCode as 200).send(response)
    },
  )
  // Its plugin looks at every request of its scope.
  await app.register(async (scope) => socketRoute(scope, engine))
}

async function loadEngine(...args: Parameters<typeof import('./engine.ts').createEngine>): Promise<Engine> {
  const { createEngine } = await import('./engine.ts')
  return createEngine(...args)
}
