import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { IdempotencyKeyMissing } from '#core/idempotency/errors.ts'
import { type Fingerprint, fingerprintOf } from '#core/idempotency/fingerprint.ts'
import { runIdempotent } from '#core/idempotency/run-idempotent.ts'
import { InvalidRequest } from '#core/shared/errors.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import type { AppDeps } from '../deps.ts'
import { credentialOf } from './authenticate.ts'
import { toDomainError } from './error-handler.ts'
import { PROBLEM_MEDIA_TYPE } from './problem.ts'
import { routeOf } from './route-of.ts'

/** 1 to 255 printable ASCII characters. */
const KEY = /^[\x20-\x7e]{1,255}$/

/** A request's key and what it stands for. */
export interface IdempotencyClaim {
  key: string
  fingerprint: Fingerprint
}

/** Refuses requests without a key where the route needs one, and malformed keys everywhere. */
export const idempotency = fp(async (app: FastifyInstance) => {
  app.addHook('preValidation', (request, _reply, done) => {
    const key = keyOf(request)
    if (key === null && routeOf(request).idempotency === 'required') throw new IdempotencyKeyMissing()
    done()
  })
})

/** The key and fingerprint of a request that came with one. */
export function claimOf(request: FastifyRequest): IdempotencyClaim | null {
  const key = keyOf(request)
  const [path = ''] = request.url.split('?', 1)
  return key === null ? null : { key, fingerprint: fingerprintOf(request.method, path, request.body) }
}

/**
 * Answers a POST: does `work` at most once per Idempotency-Key, and sends its first result, refusals included, every time.
 * `work` must do all it does in the unit of work it is given. Without a key it simply runs.
 */
export async function once<Body>(
  deps: Pick<AppDeps, 'unitOfWork'>,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (unitOfWork: UnitOfWork) => Promise<{ status: number; body: Body }>,
  scope: { tenantId: string; scopeId: string } = scopeOf(request),
): Promise<Body> {
  const claim = claimOf(request)
  if (claim === null) {
    const { status, body } = await work(deps.unitOfWork)
    reply.code(status)
    return body
  }
  const refusalOf = (error: unknown) => {
    const expected = toDomainError(error)
    const refusal = request.server.problemOf(expected, request)
    // A refusal that may pass is no result: the same key may try again.
    return refusal.status >= 500 ? null : refusal
  }
  const result = await runIdempotent({ unitOfWork: deps.unitOfWork, refusalOf }, { ...scope, ...claim }, work)
  if (result.replayed) reply.header('Idempotency-Replayed', 'true')
  if (result.status >= 400) reply.type(PROBLEM_MEDIA_TYPE)
  reply.code(result.status)
  // The body `work` made, now or the first time; or a problem, which every route declares among its responses.
  return result.body as Body
}

function scopeOf(request: FastifyRequest): { tenantId: string; scopeId: string } {
  const { tenantId } = credentialOf(request)
  return { tenantId, scopeId: request.economyId ?? tenantId }
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  return key === undefined ? null : parseKey(key)
}

/** A key as any surface takes it. @throws InvalidRequest */
export function parseKey(key: unknown): string {
  if (typeof key === 'string' && KEY.test(key)) return key
  throw new InvalidRequest([
    { pointer: 'Idempotency-Key', detail: 'must be 1 to 255 printable ASCII characters' },
  ])
}
