import type { FastifyReply, FastifyRequest } from 'fastify'
import { OF_DATA } from '../plugins/security-headers.ts'
import { RouteNotFound } from './dialect.ts'
import { failure } from './envelope.ts'
import { toFailure } from './errors.ts'

/** Where a dialect is spoken: under v1's and v2's bases, and at v0's two words. */
const SPOKEN = /^\/(?:v1|v1\.1|testnet\/v2|mainnet\/v2|users|transaction-types)\//

/** Whether who asks for this path reads a dialect's envelope. */
export function isOfDialect({ raw }: FastifyRequest): boolean {
  return SPOKEN.test(raw.url ?? '')
}

/** A path that no route can have, told as any other where nothing is. No hook has run for it, nor does a route's scope answer it. */
export function answerUnroutableInDialect(request: FastifyRequest, reply: FastifyReply): void {
  const failed = toFailure(new RouteNotFound(), request.id)
  reply
    .headers({ ...OF_DATA, 'x-request-id': request.id })
    .code(failed.status)
    .send(failure(failed))
}
