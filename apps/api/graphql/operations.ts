import type { ErrorObject } from 'ajv'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import { IdempotencyKeyMissing } from '#core/idempotency/errors.ts'
import { DomainError, type ErrorCode, type FieldError, InvalidRequest } from '#core/shared/errors.ts'
import type { App } from '../app-types.ts'
import { parseKey } from '../plugins/idempotency.ts'
import { findUnstorable, UNSTORABLE } from '../plugins/storable-text.ts'
import { toInvalidRequest } from '../plugins/validation.ts'
import { scopeFor } from './caller.ts'
import type { GraphqlContext } from './context.ts'
import { camelCase } from './names.ts'
import type { Json } from './schema/json-schema.ts'

/** One route of /v3, as the GraphQL surface calls it: by its declaration and its handler. */
export interface Operation {
  id: string
  method: string
  /** With `:id` in it. */
  path: string
  summary: string
  description: string | undefined
  body: Json | undefined
  query: Json | undefined
  params: Json | undefined
  /** Of the success; null: the route answers nothing. */
  answer: Json | null
  config: NonNullable<RouteOptions['config']>
  /** Checks a part of a request and fills in defaults. @throws InvalidRequest */
  check(part: 'body' | 'querystring' | 'params', value: unknown): unknown
  handle: RouteHandlerMethod
}

/** What a field gives the route that answers it. */
export interface OperationCall {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  idempotencyKey?: string | null
  /** `Prefer: wait=N`. */
  waitSeconds?: number | null
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route of /v3 by its operation id. */
    operations: Map<string, Operation>
  }
}

/** Collects the routes of /v3 as they are declared, so that none of them can lack its counterpart in GraphQL. */
export function collectOperations(app: App): void {
  const operations = new Map<string, Operation>()
  app.decorate('operations', operations)
  app.addHook('onRoute', (route) => {
    const { operationId } = route.schema ?? {}
    if (operationId !== undefined && route.url.startsWith('/v3/') && route.method !== 'HEAD')
      operations.set(operationId, toOperation(app, route, operationId))
  })
}

function toOperation(app: App, route: RouteOptions, id: string): Operation {
  const { summary = id, description, body, querystring, params, response = {} } = route.schema ?? {}
  const [, answer] =
    Object.entries(response as Record<string, Json>).find(([status]) => Number(status) < 300) ?? []
  const checks = new Map<string, (value: unknown) => unknown>()
  return {
    id,
    method: String(route.method),
    path: route.url,
    summary,
    description,
    // Fastify leaves the type of schemas open; ours are JSON schemas made by TypeBox.
    body: body as Json | undefined,
    query: querystring as Json | undefined,
    params: params as Json | undefined,
    answer: answer === undefined || answer.type === 'null' ? null : answer,
    config: route.config ?? {},
    check(part, value) {
      let check = checks.get(part)
      if (!check) {
        const schema = route.schema?.[part]
        const compile = route.validatorCompiler ?? app.validatorCompiler
        check =
          schema && compile
            ? compile({ schema, method: String(route.method), url: route.url, httpPart: part })
            : () => true
        checks.set(part, check)
      }
      return valid(check, value, part)
    },
    handle: route.handler,
  }
}

/** A validator of ours says what is wrong; one of Ajv's own says that something is. */
function valid(
  check: ((value: unknown) => unknown) & { errors?: ErrorObject[] | null },
  value: unknown,
  part: string,
) {
  const result = check(value)
  if (result === false) throw toInvalidRequest(check.errors ?? [], part)
  if (typeof result !== 'object' || result === null) return value
  if ('error' in result && result.error) throw result.error
  return 'value' in result ? result.value : value
}

/**
 * Answers a field by the handler of its route: the same scope, checks, use case, idempotency and words as over REST. Nothing
 * goes over the network, and nothing is authenticated or counted again.
 *
 * @throws what the route answers with a problem
 */
export async function callOperation(
  context: GraphqlContext,
  operation: Operation,
  call: OperationCall,
): Promise<unknown> {
  const { request, app } = context
  await scopeFor(context, operation.config)
  const derived = derive(request, operation, call)
  if (operation.config.idempotency === 'required' && (call.idempotencyKey ?? null) === null)
    throw new IdempotencyKeyMissing()
  const reply = new RecordedReply()
  try {
    refuseUnstorable(call)
    if (typeof call.idempotencyKey === 'string') parseKey(call.idempotencyKey)
    Object.assign(derived, {
      params: operation.check('params', derived.params),
      query: operation.check('querystring', derived.query),
      body: operation.body ? operation.check('body', derived.body) : undefined,
    })
    // The handler asks of its reply no more than the recorder can do.
    const returned: unknown = await operation.handle.call(app, derived, reply as unknown as FastifyReply)
    const answer = returned === reply ? reply.sent : returned
    if (derived.accepted) request.accepted = derived.accepted
    if (reply.status >= 400) throw new RefusedBefore(answer as Problem)
    return answer
  } catch (error) {
    throw error instanceof DomainError ? inWordsOfGraphql(error) : error
  }
}

/** Literals of a document say such text by escapes of their own, which no reader of JSON sees. @throws InvalidRequest */
function refuseUnstorable({ body, query = {} }: OperationCall): void {
  const name = findUnstorable(query)
  const pointer = name === null ? findUnstorable(body) : `?${name.slice(1)}`
  if (pointer !== null) throw new InvalidRequest([{ pointer, detail: UNSTORABLE }])
}

/** The request as the route would have got it; whatever is not named here is the caller's own. */
export function derive(request: FastifyRequest, operation: Operation, call: OperationCall): FastifyRequest {
  const { params = {}, query = {}, body, idempotencyKey, waitSeconds } = call
  const url = operation.path.replaceAll(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const { 'idempotency-key': _key, prefer: _prefer, ...headers } = request.headers
  const own = {
    method: operation.method,
    url,
    params,
    query: { ...query },
    body,
    headers: {
      ...headers,
      ...(typeof idempotencyKey === 'string' && { 'idempotency-key': idempotencyKey }),
      ...(typeof waitSeconds === 'number' && { prefer: `wait=${waitSeconds}` }),
    },
    accepted: null,
  }
  const properties = Object.entries(own).map(([name, value]) => [name, { value, writable: true }])
  // The caller's request with some properties of its own.
  return Object.create(request, Object.fromEntries(properties)) as FastifyRequest
}

/** Takes note of what a handler does with its reply. */
class RecordedReply {
  status = 200
  sent: unknown

  code(status: number): this {
    this.status = status
    return this
  }

  send(body: unknown): this {
    this.sent = body
    return this
  }

  header(): this {
    return this
  }

  type(): this {
    return this
  }
}

interface Problem {
  code: ErrorCode
  detail: string
  details?: Record<string, unknown>
  errors?: FieldError[]
}

/** The first result of an idempotency key was this refusal. */
class RefusedBefore extends DomainError {
  constructor({ code, detail, details = {}, errors = [] }: Problem) {
    super(code, detail, details, errors)
  }
}

const ARGUMENTS: Readonly<Record<string, string>> = { limit: 'first', cursor: 'after' }

/** The same refusal, pointing at the arguments and input fields of GraphQL instead of a body's and a query's. */
function inWordsOfGraphql(error: DomainError): DomainError {
  if (error.fields.length === 0) return error
  const fields = error.fields.map(({ pointer, detail }) => ({ pointer: toArgument(pointer), detail }))
  if (error instanceof InvalidRequest) return new InvalidRequest(fields)
  return new DomainError(error.code, error.message, error.details, fields)
}

function toArgument(pointer: string): string {
  if (pointer === 'Idempotency-Key') return '/idempotencyKey'
  if (pointer.startsWith('?')) {
    const name = pointer.slice(1)
    return `/${ARGUMENTS[name] ?? camelCase(name)}`
  }
  const [before = '', ...labels] = pointer.split('/metadata')
  return ['/input' + before.split('/').map(camelCase).join('/'), ...labels].join('/metadata')
}
