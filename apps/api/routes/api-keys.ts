import { ApiKeyNotFound } from '#core/tenant/errors.ts'
import { createApiKey } from '#core/tenant/create-api-key.ts'
import { getApiKey } from '#core/tenant/get-api-key.ts'
import { listApiKeys } from '#core/tenant/list-api-keys.ts'
import { revokeApiKey } from '#core/tenant/revoke-api-key.ts'
import { rotateApiKey } from '#core/tenant/rotate-api-key.ts'
import { grantableScopes } from '#core/tenant/role-scopes.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf, credentialOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentApiKey, presentIssuedApiKey } from '../presenters/api-keys.ts'
import { idFromBody, idFromPath } from '../presenters/wire-id.ts'
import {
  ApiKeySchema,
  CreateApiKeyBody,
  IssuedApiKeySchema,
  ListApiKeysQuery,
  RotateApiKeyBody,
} from '../schemas/api-keys.ts'
import { IdParams, ListOf, NoContent } from '../schemas/common.ts'

const tags = ['API keys']
const reads = { plane: 'control', scope: 'keys:read' } as const
const writes = { plane: 'control', scope: 'keys:write' } as const

/** The credentials of a tenant's programs. */
export async function apiKeyRoutes(app: App, deps: AppDeps): Promise<void> {
  const apiKeyIdOf = (params: { id: string }) => idFromPath('key', params.id, () => new ApiKeyNotFound())

  app.post(
    '/api-keys',
    {
      config: writes,
      schema: {
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description:
          'The answer holds the secret, shown this once. A key cannot grant scopes that it lacks itself.',
        tags,
        body: CreateApiKeyBody,
        response: {
          201: IssuedApiKeySchema,
          ...problems('economy_not_found', 'environment_mismatch'),
        },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { name, economy_id, environment, scopes, ip_allow_list, expires_at, signing } = request.body
        const issued = await createApiKey(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            held: grantableScopes(credentialOf(request)),
            name,
            economyId: economy_id === undefined ? null : idFromBody('eco', economy_id, '/economy_id'),
            environment,
            scopes,
            ipAllowList: ip_allow_list,
            expiresAt: expires_at === undefined ? null : new Date(expires_at),
            signing: signing
              ? {
                  algorithm: signing.algorithm,
                  publicKey: signing.public_key ?? null,
                  isRequired: signing.required,
                }
              : null,
          },
        )
        return { status: 201, body: presentIssuedApiKey(issued, deps.clock.now()) }
      }),
  )

  app.get(
    '/api-keys',
    {
      config: reads,
      schema: {
        operationId: 'listApiKeys',
        summary: 'List API keys',
        tags,
        querystring: ListApiKeysQuery,
        response: { 200: ListOf(ApiKeySchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      const { economy_id } = request.query
      const filter =
        economy_id === undefined ? {} : { economyId: idFromBody('eco', economy_id, '?economy_id') }
      const page = await listApiKeys(deps, { tenantId, page: pageOf(request), filter })
      const now = deps.clock.now()
      return toList(request, page, (key) => presentApiKey(key, now))
    },
  )

  app.get(
    '/api-keys/:id',
    {
      config: reads,
      schema: {
        operationId: 'getApiKey',
        summary: 'Get an API key',
        tags,
        params: IdParams('key'),
        response: { 200: ApiKeySchema, ...problems('api_key_not_found') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      const key = await getApiKey(deps, { tenantId, apiKeyId: apiKeyIdOf(request.params) })
      return presentApiKey(key, deps.clock.now())
    },
  )

  app.post(
    '/api-keys/:id/rotate',
    {
      config: writes,
      schema: {
        operationId: 'rotateApiKey',
        summary: 'Rotate an API key',
        description: 'A new key with the same rights; both work until `overlap_seconds` are over.',
        tags,
        params: IdParams('key'),
        body: RotateApiKeyBody,
        response: { 201: IssuedApiKeySchema, ...problems('api_key_not_found', 'api_key_not_active') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const issued = await rotateApiKey(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            held: grantableScopes(credentialOf(request)),
            apiKeyId: apiKeyIdOf(request.params),
            overlapSeconds: request.body.overlap_seconds,
          },
        )
        return { status: 201, body: presentIssuedApiKey(issued, deps.clock.now()) }
      }),
  )

  app.delete(
    '/api-keys/:id',
    {
      config: writes,
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description: 'It stops working within a second. Revoking it again is no error.',
        tags,
        params: IdParams('key'),
        response: { 204: NoContent, ...problems('api_key_not_found') },
      },
    },
    async (request, reply) => {
      await revokeApiKey(deps, { actor: actorOf(request), apiKeyId: apiKeyIdOf(request.params) })
      return reply.code(204).send(null)
    },
  )
}
