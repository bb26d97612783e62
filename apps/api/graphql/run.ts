import {
  type DocumentNode,
  execute,
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
import type { GraphqlContext } from './context.ts'
import type { AskedQuery, FindQuery } from './persisted-queries.ts'

/** Valid documents remembered, so that parsing and validating is done once for each. */
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

export function createRunner(
  schema: GraphQLSchema,
  options: { introspection: boolean; findQuery: FindQuery },
): Runner {
  const rules = [
    ...specifiedRules,
    boundsRule,
    ...(options.introspection ? [] : [NoSchemaIntrospectionCustomRule]),
  ]
  const known = new Map<string, DocumentNode>()

  function documentOf(query: string): DocumentNode {
    const hit = known.get(query)
    if (hit) return hit
    const document = parse(query, { maxTokens: QUERY_TOKENS_MAX })
    const errors = validate(schema, document, rules)
    if (errors.length > 0) throw new InvalidDocument(errors)
    known.set(query, document)
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

  return {
    prepare,
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
