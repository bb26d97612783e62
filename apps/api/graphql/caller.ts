import type { FastifyContextConfig } from 'fastify'
import type { Scope } from '#core/tenant/scopes.ts'
import { Unauthenticated } from '#core/tenant/errors.ts'
import { checkScope, credentialOf, sessionOf } from '../plugins/authenticate.ts'
import { economyOf } from '../plugins/economy.ts'
import type { GraphqlContext } from './context.ts'

/**
 * Lets the caller at what a route of this plane and scope gives.
 * @throws Unauthenticated, ScopeMissing, EconomyRequired, EconomyNotFound, EnvironmentMismatch
 */
export async function scopeFor(
  context: GraphqlContext,
  { plane, scope }: Pick<FastifyContextConfig, 'plane' | 'scope'>,
): Promise<void> {
  const { request, app } = context
  if (plane !== 'control' && plane !== 'data' && plane !== 'member') return
  if (request.credential === null)
    throw new Unauthenticated('Send an API key or an access token: Authorization: Bearer ….')
  if (plane === 'member') sessionOf(request)
  if (scope) checkScope(request, scope)
  if (plane === 'data' && request.economyId === null) await (context.entering ??= app.resolveEconomy(request))
}

/** Whose economy a field is about, for a caller with the scope. @throws what scopeFor throws */
export async function ownerOf(
  context: GraphqlContext,
  scope: Scope,
): Promise<{ tenantId: string; economyId: string }> {
  await scopeFor(context, { plane: 'data', scope })
  return { tenantId: credentialOf(context.request).tenantId, economyId: economyOf(context.request) }
}
