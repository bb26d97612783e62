import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { InvalidRequest } from '#core/shared/errors.ts'
import { createTenant } from '#core/tenant/create-tenant.ts'
import { SignUpClosed } from '#core/tenant/errors.ts'
import { getTenant } from '#core/tenant/get-tenant.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { credentialOf } from '../plugins/authenticate.ts'
import { claimOf, once } from '../plugins/idempotency.ts'
import { problems } from '../plugins/problem.ts'
import { presentIssuedApiKey } from '../presenters/api-keys.ts'
import { presentMember } from '../presenters/members.ts'
import { presentTenant } from '../presenters/tenants.ts'
import { CreatedTenantSchema, CreateTenantBody, TenantSchema } from '../schemas/tenants.ts'

/** A tenant's beginning, and its own view of itself. */
export async function tenantRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/tenants',
    {
      config: { plane: 'platform', scope: null },
      schema: {
        operationId: 'createTenant',
        summary: 'Create a tenant',
        description:
          'With the operator key, or by anyone where sign-up is open. The answer holds the first API key, shown this once.',
        tags: ['Tenants'],
        body: CreateTenantBody,
        response: {
          201: CreatedTenantSchema,
          ...problems('sign_up_closed'),
        },
      },
    },
    async (request, reply) => {
      if (!request.isOperator && !deps.config.api.openSignUp) throw new SignUpClosed()
      const tenantId = newTenantId(deps, request)
      const { name, owner, environment } = request.body
      const actor = {
        type: request.isOperator ? 'operator' : 'system',
        id: request.isOperator ? 'operator' : 'sign-up',
        ip: request.ip,
        requestId: request.id,
      } as const
      return once(
        deps,
        request,
        reply,
        async (unitOfWork) => {
          const created = await createTenant(
            { ...deps, unitOfWork },
            { tenantId, name, owner, environment, actor },
          )
          const body = {
            ...presentTenant(created.tenant),
            owner: presentMember(created.owner),
            api_key: presentIssuedApiKey(created, deps.clock.now()),
          }
          return { status: 201, body }
        },
        { tenantId, scopeId: tenantId },
      )
    },
  )

  app.get(
    '/tenant',
    {
      config: { plane: 'control', scope: 'tenant:read' },
      schema: {
        operationId: 'getTenant',
        summary: "Get the key's tenant",
        tags: ['Tenants'],
        response: { 200: TenantSchema, ...problems() },
      },
    },
    async (request) => presentTenant(await getTenant(deps, credentialOf(request).tenantId)),
  )
}

/** Characters. A key this long was made by a machine; nobody else comes by it, and with it by the first answer. */
const ANONYMOUS_KEY_LENGTH_MIN = 32

/**
 * The id of a tenant to be. With an idempotency key it follows from the key: only so does a repeated request, which cannot
 * know the tenant it created, find it again.
 */
function newTenantId(deps: AppDeps, request: FastifyRequest): string {
  const claim = claimOf(request)
  if (claim === null) return deps.ids.next()
  if (!request.isOperator && claim.key.length < ANONYMOUS_KEY_LENGTH_MIN) {
    const detail = `must have at least ${ANONYMOUS_KEY_LENGTH_MIN} characters on sign-up, where it is all that protects the answer: use a UUID`
    throw new InvalidRequest([{ pointer: 'Idempotency-Key', detail }])
  }
  const digest = createHash('sha256').update(`tenant:${request.isOperator}:${claim.key}`).digest()
  return uuidOf(digest)
}

/** The first 16 bytes of a digest as a UUID of version 8 (RFC 9562: of its maker's own making). */
function uuidOf(digest: Buffer): string {
  const hex = digest.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
