import assert from 'node:assert'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { EconomyNotFound, EconomyRequired, EnvironmentMismatch } from '#core/economy/errors.ts'
import type { Caller } from '#core/tenant/caller.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import type { AppDeps } from '../deps.ts'
import { fromWire } from '../presenters/wire-id.ts'
import { credentialOf } from './authenticate.ts'
import { ECONOMY_HEADER } from './economy-header.ts'

/** Economies never change tenant or environment, so what was found once stays true. */
const KNOWN_ECONOMIES_MAX = 10_000

declare module 'fastify' {
  interface FastifyRequest {
    economyId: string | null
  }
  interface FastifyInstance {
    /** Fills in which economy a request of the data plane is about; at once unless a header names one for the first time. */
    resolveEconomy(request: FastifyRequest): void | Promise<void>
  }
}

/** Finds the economy of a request: the key's own, or the one in the header, which must be the tenant's. */
export const economy = fp(async (app: FastifyInstance, deps: AppDeps) => {
  const environments = new Map<string, Environment>()

  app.decorateRequest('economyId', null)
  app.decorate('resolveEconomy', (request: FastifyRequest) => {
    const credential = credentialOf(request)
    const header = request.headers[ECONOMY_HEADER]
    const named = typeof header === 'string' ? fromWire('eco', header) : null
    if (header !== undefined && named === null) throw new EconomyNotFound()
    if (credential.economyId !== null) {
      if (named !== null && named !== credential.economyId) throw new EconomyNotFound()
      request.economyId = credential.economyId
      return
    }
    if (named === null) throw new EconomyRequired()
    const known = environments.get(`${credential.tenantId}/${named}`)
    if (known !== undefined) return enter(request, credential, named, known)
    return findEnvironment(credential.tenantId, named).then((found) =>
      enter(request, credential, named, found),
    )
  })

  function enter(
    request: FastifyRequest,
    credential: Caller,
    economyId: string,
    environment: Environment | null,
  ): void {
    if (environment === null) throw new EconomyNotFound()
    if (credential.environment !== null && environment !== credential.environment)
      throw new EnvironmentMismatch(credential.environment, environment)
    request.economyId = economyId
  }

  async function findEnvironment(tenantId: string, economyId: string): Promise<Environment | null> {
    const found = await deps.unitOfWork(tenantId, (tx) => tx.economies.find(economyId))
    if (!found) return null
    if (environments.size >= KNOWN_ECONOMIES_MAX) environments.clear()
    environments.set(`${tenantId}/${economyId}`, found.environment)
    return found.environment
  }
})

/** The economy that a request of the data plane is about. It belongs to the caller's tenant. */
export function economyOf(request: FastifyRequest): string {
  assert(request.economyId, 'routes of the data plane have an economy')
  return request.economyId
}
