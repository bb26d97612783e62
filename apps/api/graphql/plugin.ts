import { readFileSync } from 'node:fs'
import type { FastifyReply } from 'fastify'
import type { ExecutionResult, GraphQLFieldResolver } from 'graphql'
import mercurius from 'mercurius'
import { Type } from 'typebox'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { problems } from '../plugins/problem.ts'
import { Body, Nullable } from '../schemas/common.ts'
import type { GraphqlContext } from './context.ts'
import { formatExecution } from './error-formatter.ts'
import { defaultFieldResolver, GraphQLError, GraphQLObjectType } from './graphql.ts'
import { fields } from './resolvers/fields.ts'
import { mutations, snakeCase } from './resolvers/mutations.ts'
import { queries } from './resolvers/queries.ts'
import { scalars } from './scalars.ts'

/** Levels of fields inside each other: what the explorers' introspection query needs. Our own types have no cycles. */
const QUERY_DEPTH_MAX = 16
const QUERY_LENGTH_MAX = 20_000

const GraphqlBody = Body(
  {
    query: Type.String({
      minLength: 1,
      maxLength: QUERY_LENGTH_MAX,
      examples: ['{ token { name symbol supply } }'],
    }),
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

/** GraphQL over the same use cases, keys, scopes and limits as REST. */
export async function graphqlRoutes(app: App, deps: AppDeps): Promise<void> {
  await app.register(mercurius, {
    schema: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
    resolvers: { ...scalars, ...fields, Query: queries, Mutation: mutations } as never,
    routes: false,
    graphiql: false,
    queryDepth: QUERY_DEPTH_MAX,
    // Errors keep their cause until our own formatter has seen them.
    errorFormatter: ({ data, errors }) => ({
      statusCode: 200,
      response: { data: data ?? null, errors: errors ?? [] },
    }),
  })
  readSnakeCase(app)

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
          ...problems('unauthenticated', 'key_expired', 'key_revoked'),
        },
      },
    },
    async (request, reply) => {
      const { query, variables, operationName } = request.body
      const context: GraphqlContext = { app, deps, request }
      const execution = await execute(reply, query, context, variables ?? {}, operationName ?? undefined)
      const { statusCode, response } = formatExecution(app, request, execution)
      return reply
        .code(statusCode as 200)
        .send(response.errors.length > 0 ? response : { data: response.data })
    },
  )
}

/** mercurius throws what does not parse, validate or fit its bounds; to us that is a result with errors and no data. */
async function execute(
  reply: FastifyReply,
  query: string,
  context: GraphqlContext,
  variables: Record<string, unknown>,
  operationName: string | undefined,
): Promise<ExecutionResult> {
  try {
    return await reply.graphql(query, context as never, variables, operationName)
  } catch (error) {
    const causes =
      error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error]
    return {
      errors: causes.map((cause) =>
        cause instanceof GraphQLError
          ? cause
          : new GraphQLError(String(cause?.message), { originalError: cause }),
      ),
    }
  }
}

/** Presented objects have REST's names; a field without a resolver reads its own name in snake case. */
function readSnakeCase(app: App): void {
  for (const type of Object.values(app.graphql.schema.getTypeMap())) {
    if (!(type instanceof GraphQLObjectType) || type.name.startsWith('__')) continue
    for (const [name, field] of Object.entries(type.getFields())) {
      if (field.resolve && field.resolve !== defaultFieldResolver) continue
      const wireName = snakeCase(name)
      const resolve: GraphQLFieldResolver<Record<string, unknown>, unknown> = (source) =>
        source[wireName] ?? source[name]
      field.resolve = resolve
    }
  }
}
