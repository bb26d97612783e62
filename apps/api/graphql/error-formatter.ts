import type { FastifyRequest } from 'fastify'
import { type ExecutionResult, GraphQLError } from 'graphql'
import { DomainError } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'
import { toDomainError } from '../plugins/error-handler.ts'
import { wireErrorOf } from '../plugins/problem.ts'

/** Statuses that are answered for the whole request and not only beside a null: nobody was let in, or nothing ran. */
const WHOLE_REQUEST = new Set([401, 429, 503])

/**
 * Errors carry the same codes as REST's problems, in `extensions`. A field that was refused leaves the request 200, as
 * GraphQL clients expect; a document that does not parse or validate is 400.
 */
export function formatExecution(app: App, request: FastifyRequest, execution: ExecutionResult) {
  const errors = (execution.errors ?? []).map((error) => formatError(app, request, error))
  const statuses = errors.map((error) => Number(error.extensions?.status ?? 400))
  const whole = statuses.find((status) => WHOLE_REQUEST.has(status))
  const ran = execution.data !== undefined && execution.data !== null
  const status = whole ?? (ran || errors.some((error) => error.path) ? 200 : 400)
  return {
    statusCode: errors.length === 0 ? 200 : status,
    response: {
      data: execution.data ?? null,
      ...(errors.length > 0 && { errors }),
      ...(execution.extensions && { extensions: execution.extensions }),
    },
  }
}

/** One error with our code, the details and the words of REST's problem. */
export function formatError(app: App, request: FastifyRequest, error: GraphQLError): GraphQLError {
  const cause = error.originalError
  // Without a cause the document itself is wrong: graphql's own words say where.
  const expected =
    cause && !(cause instanceof GraphQLError)
      ? toDomainError(cause)
      : new DomainError('invalid_request', error.message)
  if (expected.code === 'internal_error') request.log.error({ err: cause }, 'a resolver failed unexpectedly')
  const { status } = app.problemOf(expected, request)
  return new GraphQLError(expected.message, {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.source && { source: error.source }),
    ...(error.positions && { positions: error.positions }),
    ...(error.path && { path: error.path }),
    extensions: {
      code: expected.code,
      title: wireErrorOf[expected.code].title,
      status,
      retryable: 'retryable' in wireErrorOf[expected.code],
      errors: expected.fields,
      details: expected.details,
      request_id: request.id,
    },
  })
}
