import type { Recipients } from '#core/airdrop/airdrop.ts'
import { createAirdrop } from '#core/airdrop/create-airdrop.ts'
import { AirdropNotFound } from '#core/airdrop/errors.ts'
import { getAirdrop } from '#core/airdrop/get-airdrop.ts'
import { listAirdrops } from '#core/airdrop/list-airdrops.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { economyOf } from '../plugins/economy.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentAirdrop } from '../presenters/airdrops.ts'
import { fromWire, idFromBody, idFromPath } from '../presenters/wire-id.ts'
import { AirdropSchema, CreateAirdropBody, ListAirdropsQuery } from '../schemas/airdrops.ts'
import { IdParams, ListOf } from '../schemas/common.ts'

const tags = ['Airdrops']

/** Giving the same amount to many users at once. */
export async function airdropRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/airdrops',
    {
      config: { plane: 'data', scope: 'airdrops:write', idempotency: 'required' },
      schema: {
        operationId: 'createAirdrop',
        summary: 'Give an amount to many users',
        description:
          'Answers at once; the transactions follow, and `progress` counts them. Refused as a whole when the company cannot pay every recipient.',
        tags,
        body: CreateAirdropBody,
        response: {
          202: AirdropSchema,
          ...problems(
            'economy_not_active',
            'transaction_type_not_found',
            'transaction_type_archived',
            'invalid_parties',
            'invalid_amount',
            'price_missing',
            'price_stale',
            'price_deviates',
            'no_recipients',
            'airdrop_over_budget',
          ),
        },
      },
    },
    async (request, reply) => {
      const command = { actor: actorOf(request), economyId: economyOf(request), ...commandOf(request.body) }
      const priceMaxAgeMs = deps.config.pricing.maxAgeSeconds * 1_000
      let createdId: string | null = null
      const body = await once(deps, request, reply, async (unitOfWork) => {
        const airdrop = await createAirdrop({ ...deps, unitOfWork, priceMaxAgeMs }, command)
        createdId = airdrop.id
        return { status: 202, body: presentAirdrop(airdrop) }
      })
      if (createdId) deps.jobs.wake({ name: 'run-airdrop', id: createdId })
      return body
    },
  )

  app.get(
    '/airdrops',
    {
      config: { plane: 'data', scope: 'airdrops:read' },
      schema: {
        operationId: 'listAirdrops',
        summary: 'List airdrops',
        tags,
        querystring: ListAirdropsQuery,
        response: { 200: ListOf(AirdropSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await listAirdrops(deps, { ...ownerOf(request), page: pageOf(request) })
      return toList(request, page, presentAirdrop)
    },
  )

  app.get(
    '/airdrops/:id',
    {
      config: { plane: 'data', scope: 'airdrops:read' },
      schema: {
        operationId: 'getAirdrop',
        summary: 'Get an airdrop with its progress',
        tags,
        params: IdParams('air'),
        response: { 200: AirdropSchema, ...problems('airdrop_not_found') },
      },
    },
    async (request) => {
      const airdropId = idFromPath('air', request.params.id, () => new AirdropNotFound())
      return presentAirdrop(await getAirdrop(deps, { ...ownerOf(request), airdropId }))
    },
  )
}

function commandOf(body: CreateAirdropBody) {
  const typeId = fromWire('typ', body.type)
  return {
    type: typeId === null ? { name: body.type } : { id: typeId },
    amount: body.amount ?? null,
    recipients: recipientsOf(body.recipients),
    metadata: body.metadata ?? {},
  }
}

function recipientsOf({ filter, user_ids }: CreateAirdropBody['recipients']): Recipients {
  if (user_ids) {
    const userIds = user_ids.map((id, index) => idFromBody('usr', id, `/recipients/user_ids/${index}`))
    return { kind: 'list', userIds }
  }
  if (!filter) return { kind: 'all' }
  const { is_verified: isVerified, metadata, never_airdropped: neverAirdropped } = filter
  return {
    kind: 'filter',
    filter: {
      ...(isVerified !== undefined && { isVerified }),
      ...(metadata && { metadata }),
      ...(neverAirdropped !== undefined && { neverAirdropped }),
    },
  }
}
