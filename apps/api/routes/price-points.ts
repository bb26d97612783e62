import { PricePointNotFound } from '#core/rule/errors.ts'
import { getPricePoint } from '#core/rule/get-price-point.ts'
import { latestPricePoints, listPricePoints } from '#core/rule/list-price-points.ts'
import { recordPrice } from '#core/rule/record-price.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentPricePoint } from '../presenters/price-points.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  CreatePricePointBody,
  LatestPricePointSchema,
  ListPricePointsQuery,
  PricePointSchema,
} from '../schemas/price-points.ts'

const tags = ['Price points']
const reads = { plane: 'data', scope: 'prices:read' } as const

/** What one whole token is worth, over time. */
export async function pricePointRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/price-points',
    {
      config: { plane: 'data', scope: 'prices:write' },
      schema: {
        operationId: 'createPricePoint',
        summary: 'Record a price',
        description:
          'Amounts are converted at the price of the latest moment; one older than the platform allows is not used. Where the chain gives the price of a backed token, nothing can be recorded.',
        tags,
        body: CreatePricePointBody,
        response: { 201: PricePointSchema, ...problems('price_from_chain') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { as_of, ...rest } = request.body
        const { economyId } = ownerOf(request)
        const asOf = as_of === undefined ? {} : { asOf: new Date(as_of) }
        const command = { actor: actorOf(request), economyId, ...rest, ...asOf }
        return { status: 201, body: presentPricePoint(await recordPrice({ ...deps, unitOfWork }, command)) }
      }),
  )

  app.get(
    '/price-points',
    {
      config: reads,
      schema: {
        operationId: 'listPricePoints',
        summary: 'List price points',
        tags,
        querystring: ListPricePointsQuery,
        response: { 200: ListOf(PricePointSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { currency } = request.query
      const filter = currency ? { currency } : {}
      const page = await listPricePoints(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentPricePoint)
    },
  )

  app.get(
    '/price-points/latest',
    {
      config: reads,
      schema: {
        operationId: 'latestPricePoints',
        summary: 'Get the present price of each currency',
        tags,
        response: { 200: ListOf(LatestPricePointSchema) },
      },
    },
    async (request) => {
      const points = await latestPricePoints(deps, ownerOf(request))
      const now = deps.clock.now()
      const staleBefore = now.getTime() - deps.config.pricing.maxAgeSeconds * 1_000
      const data = points.map((point) => ({
        ...presentPricePoint(point),
        is_stale:
          point.asOf.getTime() < staleBefore || (point.onChain !== null && point.onChain.usableUntil < now),
      }))
      return { object: 'list' as const, data, has_more: false, next_cursor: null }
    },
  )

  app.get(
    '/price-points/:id',
    {
      config: reads,
      schema: {
        operationId: 'getPricePoint',
        summary: 'Get a price point',
        tags,
        params: IdParams('prc'),
        response: { 200: PricePointSchema, ...problems('price_point_not_found') },
      },
    },
    async (request) => {
      const pricePointId = idFromPath('prc', request.params.id, () => new PricePointNotFound())
      return presentPricePoint(await getPricePoint(deps, { ...ownerOf(request), pricePointId }))
    },
  )
}
