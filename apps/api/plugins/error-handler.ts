import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isOutOfReach, isUnstorable } from '#adapters/postgres/is-out-of-reach.ts'
import type { StoredResponse } from '#core/idempotency/idempotency-store.ts'
import { DomainError, InvalidRequest, Overloaded } from '#core/shared/errors.ts'
import { PROBLEM_MEDIA_TYPE, wireErrorOf } from './problem.ts'
import { OF_DATA } from './security-headers.ts'
import { UNSTORABLE } from './storable-text.ts'

/** Seconds after which a refused client may try again, where nothing better is known. */
const RETRY_AFTER_SECONDS = '1'

interface Options {
  /** Where `type` URLs point to. */
  publicUrl: string
}

/** Turns whatever is thrown into one shape: RFC 9457 problem+json with our code. */
export const errorHandler = fp(async (app: FastifyInstance, options: Options) => {
  app.decorate('problemOf', (error: DomainError, request: FastifyRequest): StoredResponse => {
    const { status, title, ...rest } = wireErrorOf[error.code]
    const body = {
      type: `${options.publicUrl}/errors/${error.code}`,
      title,
      status,
      code: error.code,
      detail: error.message,
      instance: request.url.split('?', 1)[0],
      request_id: request.id,
      retryable: 'retryable' in rest,
      errors: error.fields,
      ...(Object.keys(error.details).length > 0 && { details: error.details }),
    }
    return { status, body }
  })

  app.setErrorHandler((error, request, reply) => {
    const expected = toDomainError(error)
    if (expected.code === 'internal_error') request.log.error({ err: error }, 'a request failed unexpectedly')
    else if (expected !== error)
      request.log.info({ err: error, code: expected.code }, 'a request was refused')
    return sendProblem(app, expected, request, reply)
  })

  app.setNotFoundHandler((request, reply) => sendProblem(app, new RouteNotFound(), request, reply))
})

/**
 * A path that no route can have, because it is not encoded as paths are or an id in it never ends: nothing is there. No hook
 * has run for it.
 */
export function answerUnroutable(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...OF_DATA, 'x-request-id': request.id })
  sendProblem(app, new RouteNotFound(), request, reply)
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The response of an expected error. */
    problemOf(error: DomainError, request: FastifyRequest): StoredResponse
  }
}

function sendProblem(app: FastifyInstance, error: DomainError, request: FastifyRequest, reply: FastifyReply) {
  const { status, body } = app.problemOf(error, request)
  tellWhatNext(reply, status, error)
  return reply.code(status).type(PROBLEM_MEDIA_TYPE).send(body)
}

/** The headers that belong to a refusal: how to be let in, when to come again. */
export function tellWhatNext(reply: FastifyReply, status: number, error?: DomainError): void {
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer realm="OST KIT"')
  if ((status === 503 || status === 429) && !reply.hasHeader('Retry-After')) {
    const seconds = error?.details['retry_after_seconds']
    reply.header('Retry-After', typeof seconds === 'number' ? seconds : RETRY_AFTER_SECONDS)
  }
}

/** What an error is to a caller. Everything we did not expect is `internal_error` and tells nothing. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error
  const code = codeOf(error)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new BodyTooLarge()
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new MediaTypeUnsupported()
  if (isOutOfReach(error)) return new Overloaded(error)
  if (isUnstorable(error)) return new InvalidRequest([{ pointer: '', detail: UNSTORABLE }])
  if (isRefusalOfFastify(error)) return new InvalidRequest([{ pointer: '', detail: error.message }])
  return new InternalError(error)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function isRefusalOfFastify(error: unknown): error is FastifyError {
  const code = codeOf(error)
  if (!code?.startsWith('FST_')) return false
  const status = (error as FastifyError).statusCode
  return status !== undefined && status >= 400 && status < 500
}

class RouteNotFound extends DomainError {
  constructor() {
    super('route_not_found', 'There is nothing at this method and path. The API is described at /docs.')
  }
}

class BodyTooLarge extends DomainError {
  constructor() {
    super('body_too_large', 'The body is larger than this API takes. Send less at once.')
  }
}

class MediaTypeUnsupported extends DomainError {
  constructor() {
    super('media_type_unsupported', 'Send JSON, with the header Content-Type: application/json.')
  }
}

class InternalError extends DomainError {
  constructor(cause: unknown) {
    super('internal_error', 'Something broke on our side. Tell us the request id if it happens again.')
    this.cause = cause
  }
}
