import type { FastifyRequest } from 'fastify'
import { Unauthenticated } from '#core/tenant/errors.ts'

/** Refuses everybody but the platform's operator. A wrong key was refused before. @throws Unauthenticated */
export function requireOperator(request: FastifyRequest): void {
  if (!request.isOperator)
    throw new Unauthenticated('Send the operator key: Authorization: Bearer <OPERATOR_KEY>.')
}
