import type { FastifyRequest } from 'fastify'
import { credentialOf } from './authenticate.ts'
import { economyOf } from './economy.ts'

/** Whose data a request of the data plane is about. */
export function ownerOf(request: FastifyRequest): { tenantId: string; economyId: string } {
  return { tenantId: credentialOf(request).tenantId, economyId: economyOf(request) }
}
