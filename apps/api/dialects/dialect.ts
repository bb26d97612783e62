import assert from 'node:assert'
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DomainError, InvalidRequest } from '#core/shared/errors.ts'
import type { DialectRules } from '#core/tenant/authenticate-dialect.ts'
import { SignatureInvalid } from '#core/tenant/errors.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import type { AppDeps } from '../deps.ts'
import { checkScope } from '../plugins/authenticate.ts'
import { toDomainError } from '../plugins/error-handler.ts'
import { routeOf } from '../plugins/route-of.ts'
import { type Failure, failure, success } from './envelope.ts'
import { toFailure } from './errors.ts'
import { type Form, parseForm } from './form.ts'
import { stringsToSign } from './strings-to-sign.ts'

/** Bytes. A thousand ids with their separators are 40 KB. */
const BODY_MAX = 262_144
const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded'
const TIMESTAMP = /^\d{10}$/
const SIGNATURE = /^[0-9a-f]{64}$/
/** Seconds after which a refused client may try again, where nothing better is known. */
const RETRY_AFTER_SECONDS = '1'

/** What tells OST's dialects apart: how they sign, and how they refuse. */
export interface Dialect {
  rules: DialectRules
  /** What is not signed of a path: the beginning that names environment and version. */
  prefix: RegExp
  /** The form of its keys. */
  key: RegExp
  /** Whether the same signature is taken once only. */
  refusesRepeats(request: FastifyRequest): boolean
  /** Lets a request in that proves itself in another way than by a key's signature. False: it does not. */
  admitOtherwise?(request: FastifyRequest, signed: SignedRequest): Promise<boolean>
  /** What else must hold of an authenticated request. */
  check?(request: FastifyRequest): void
  /** What the dialect says otherwise than {@link toFailure}. */
  adapt(failed: Failure, error: DomainError): Failure
}

/** What a request brings to be believed, as it was sent. */
export interface SignedRequest {
  form: Form
  /** The path as it was signed. */
  resource: string
}

/** A route's work: what stands under `data`. */
export type Answer = (request: FastifyRequest) => Promise<object>

/** Declares routes of a dialect, each with and without a slash at its end: the SDKs send either. */
export interface DialectRouter {
  get(path: string, scope: Scope, answer: Answer, config?: FastifyContextConfig): void
  post(path: string, scope: Scope, answer: Answer, config?: FastifyContextConfig): void
  delete(path: string, scope: Scope, answer: Answer, config?: FastifyContextConfig): void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The parameters of a request in a dialect: of its body for POST, else of its query. */
    form: Form | null
  }
}

/**
 * Serves routes in one of OST's dialects: their forms, their signatures, and their envelope for whatever goes wrong.
 * @param scope An encapsulated one, under the dialect's prefix; everything in it speaks the dialect.
 */
export function speakDialect(scope: FastifyInstance, dialect: Dialect, deps: AppDeps): DialectRouter {
  if (!scope.hasRequestDecorator('form')) scope.decorateRequest('form', null)
  readForms(scope)
  scope.addHook('preValidation', (request, reply) => admitToDialect(scope, dialect, request, reply))
  const refuse = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const error = toDomainError(thrown)
    if (error.code === 'internal_error')
      request.log.error({ err: thrown }, 'a request in a dialect failed unexpectedly')
    const failed = dialect.adapt(toFailure(error, request.id), error)
    if ((failed.status === 503 || failed.status === 429) && !reply.hasHeader('Retry-After'))
      reply.header('Retry-After', RETRY_AFTER_SECONDS)
    return reply.code(failed.status).send(failure(failed))
  }
  scope.setErrorHandler(refuse)
  scope.setNotFoundHandler((request, reply) => refuse(new RouteNotFound(), request, reply))
  const bodyLimit = Math.min(BODY_MAX, deps.config.api.bodyLimitBytes)

  function declare(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    needed: Scope,
    answer: Answer,
    config: FastifyContextConfig = {},
  ): void {
    for (const url of new Set([path, path.endsWith('/') ? path : `${path}/`])) {
      scope.route({
        method,
        url,
        bodyLimit,
        config: { ...config, plane: 'dialect', scope: needed, idempotency: 'none' },
        schema: { hide: true },
        handler: async (request) => success(await answer(request)),
      })
    }
  }
  return {
    get: (path, needed, answer, config) => declare('GET', path, needed, answer, config),
    post: (path, needed, answer, config) => declare('POST', path, needed, answer, config),
    delete: (path, needed, answer, config) => declare('DELETE', path, needed, answer, config),
  }
}

/** The parameters of the request, read. */
export function valuesOf(request: FastifyRequest): Form['values'] {
  assert(request.form, 'a request in a dialect has been admitted')
  return request.form.values
}

/** Blames a parameter, the one that the error names or the given one, where a use case finds nothing: as some of OST's routes do. */
export function blaming(parameter: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof DomainError && error.code.endsWith('_not_found'))) throw error
    throw new InvalidRequest(
      error.fields.length > 0 ? [...error.fields] : [{ pointer: `?${parameter}`, detail: error.message }],
    )
  }
}

/** Bodies are kept as they were sent: they are part of what was signed. Who sends none may still say a media type, as Java does. */
function readForms(scope: FastifyInstance): void {
  scope.addHook('onRequest', async ({ method, headers }) => {
    if (method !== 'POST') delete headers['content-type']
  })
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(FORM_MEDIA_TYPE, { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
}

/** Who asks, how often, whether the key may. Failed attempts count against the address they come from. */
async function admitToDialect(
  scope: FastifyInstance,
  dialect: Dialect,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { plane, scope: needed } = routeOf(request)
  // What is no route asks nothing.
  if (plane !== 'dialect') return
  try {
    request.form = parseForm(request.method === 'POST' ? bodyOf(request) : queryOf(request))
    const resource = pathOf(request).replace(dialect.prefix, '')
    if (!(await dialect.admitOtherwise?.(request, { form: request.form, resource })))
      await scope.authenticateDialect(request, dialect.rules, readSigned(dialect, request, request.form))
    dialect.check?.(request)
  } catch (error) {
    await scope.limit(request, reply)
    throw error
  }
  await scope.limit(request, reply)
  if (needed) checkScope(request, needed)
  await scope.resolveEconomy(request)
}

function readSigned(dialect: Dialect, request: FastifyRequest, form: Form) {
  const { names } = dialect.rules
  const read = (name: string, pattern: RegExp): string => {
    const value = form.values[name]
    if (typeof value === 'string' && pattern.test(value)) return value
    throw new SignatureInvalid('is missing or malformed', name)
  }
  const key = read(names.key, dialect.key)
  const timestamp = read(names.timestamp, TIMESTAMP)
  const signature = read(names.signature, SIGNATURE)
  const resource = pathOf(request).replace(dialect.prefix, '')
  const messages = stringsToSign(resource, form.pairs, names.signature)
  return {
    key,
    signedAt: new Date(Number(timestamp) * 1_000),
    signature,
    messages,
    refusesRepeats: dialect.refusesRepeats(request),
  }
}

function bodyOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : ''
}

function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? ''
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at + 1)
}

/** As it was sent: with its slash at the end, if it had one. */
function pathOf({ raw }: FastifyRequest): string {
  return (raw.url ?? '').split('?', 1)[0] ?? ''
}

/** Nothing is at this method and path. */
export class RouteNotFound extends DomainError {
  constructor() {
    super('route_not_found', 'There is nothing at this method and path.')
  }
}
