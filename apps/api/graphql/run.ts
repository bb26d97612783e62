import assert from 'node:assert'
import fastify from 'fastify'
import mercurius from 'mercurius'
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity'
import { DomainError } from '#core/shared/errors.ts'
import { boundsRule, COST_MAX, COST_NODES_MAX, QUERY_TOKENS_MAX } from './bounds.ts'
import type { App } from '../app-types.ts'
import type { GraphqlContext } from './context.ts'
import type { AskedQuery, FindQuery } from './persisted-queries.ts'

/** Valid documents remembered, here and by mercurius, so that parsing and validating is done once for each. */
const DOCUMENTS_MAX = 500

export interface Asked extends AskedQuery {
  variables?: Record<string, unknown> | null | undefined
  operationName?: string | null | undefined
}

/** What is known of an operation before it runs. */
export interface Prepared {
  args: ExecutionArgs
  cost: number
}

/** Takes operations in: found, parsed, validated and weighed alike, whether they come by HTTP or through a socket. */
export interface Runner {
  /** @throws GraphQLError, DomainError, or a list of errors as InvalidDocument */
  prepare(asked: Asked, context: GraphqlContext): Prepared
  /** Runs what was prepared. */
  execute: (args: ExecutionArgs) => Promise<ExecutionResult>
  run(asked: Asked, context: GraphqlContext): Promise<ExecutionResult>
}

/** A document that does not validate; every reason. */
export class InvalidDocument extends Error {
  readonly errors: readonly GraphQLError[]

  constructor(errors: readonly GraphQLError[]) {
    super('the document is not valid')
    this.errors = errors
  }
}

/**
 * The engine is mercurius; what an operation may be is decided before it, alike for requests and for sockets. It runs in an instance
 * of its own, because ours takes no more plugins once it listens.
 */
export async function createRunner(
  app: App,
  schema: GraphQLSchema,
  options: { introspection: boolean; findQuery: FindQuery },
): Promise<Runner> {
  const rules = [
    ...specifiedRules,
    boundsRule,
    ...(options.introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ]
  const engine = fastify()
  await engine.register(mercurius, {
    schema,
    routes: false,
    graphiql: false,
    cache: DOCUMENTS_MAX,
    validationRules: rules.slice(specifiedRules.length),
    graphql: { parseOptions: { maxTokens: QUERY_TOKENS_MAX } },
    // Errors are put into words at the edge, which knows whether it is a request's or a socket's.
    errorFormatter: (execution) => ({ statusCode: 200, response: execution }),
  })
  await engine.ready()
  const known = new Map<string, DocumentNode>()
  const sources = new WeakMap<DocumentNode, string>()

  function documentOf(query: string): DocumentNode {
    const hit = known.get(query)
    if (hit) return hit
    const document = parse(query, { maxTokens: QUERY_TOKENS_MAX })
    const errors = validate(schema, document, rules)
    if (errors.length > 0) throw new InvalidDocument(errors)
    known.set(query, document)
    sources.set(document, query)
    const [oldest] = known.keys()
    if (known.size > DOCUMENTS_MAX && oldest !== undefined) known.delete(oldest)
    return document
  }

  function prepare(asked: Asked, context: GraphqlContext): Prepared {
    const document = documentOf(options.findQuery(asked))
    const variables = asked.variables ?? {}
    const operationName = asked.operationName ?? undefined
    const cost = getComplexity({
      schema,
      query: document,
      variables,
      ...(operationName !== undefined && { operationName }),
      estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
      maxQueryNodes: COST_NODES_MAX,
    })
    if (cost > COST_MAX) throw new TooCostly(cost)
    return {
      cost,
      args: { schema, document, variableValues: variables, operationName, contextValue: context },
    }
  }

  async function execute({ document, contextValue, variableValues, operationName }: ExecutionArgs) {
    const source = sources.get(document)
    assert(source !== undefined, 'a document that runs was prepared here')
    // mercurius takes any object as its context, and knows variables by JSON's types.
    const context = contextValue as Record<string, unknown>
    const variables = variableValues as Record<string, unknown>
    return engine.graphql.call(app, source, context, variables, operationName ?? undefined)
  }

  return {
    prepare,
    execute,
    async run(asked, context) {
      try {
        const { args, cost } = prepare(asked, context)
        const result = await execute(args)
        return { ...result, extensions: { cost: { requested: cost, max: COST_MAX } } }
      } catch (error) {
        return { errors: errorsOf(error) }
      }
    },
  }
}

/** Whatever refuses an operation before it runs, as the errors of its answer. */
export function errorsOf(error: unknown): readonly GraphQLError[] {
  if (error instanceof InvalidDocument) return error.errors
  // What mercurius refuses before it runs: variables that do not fit.
  if (error instanceof Error && 'errors' in error && Array.isArray(error.errors))
    return error.errors as readonly GraphQLError[]
  if (error instanceof GraphQLError) return [error]
  const cause = error instanceof Error ? error : new Error(String(error))
  return [new GraphQLError(cause.message, { originalError: cause })]
}

class TooCostly extends DomainError {
  constructor(cost: number) {
    super(
      'query_too_costly',
      `The operation costs ${cost}; at most ${COST_MAX} is taken. Ask for smaller pages or fewer nested lists.`,
      { cost, max: COST_MAX },
    )
  }
}
