import { createSku, type NewSku } from '#core/redemption/create-sku.ts'
import { SkuNotFound } from '#core/redemption/errors.ts'
import { getSku, listSkus } from '#core/redemption/get-sku.ts'
import { updateSku } from '#core/redemption/update-sku.ts'
import { trimZeros } from '#core/rule/currency.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentSku } from '../presenters/redemptions.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { CreateSkuBody, ListSkusQuery, SkuSchema, UpdateSkuBody } from '../schemas/redemptions.ts'

const tags = ['Redemptions']
const reads = { plane: 'data', scope: 'redemptions:read' } as const
const writes = { plane: 'data', scope: 'redemptions:write' } as const

/** What users get for their tokens. */
export async function redeemableSkuRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/redeemable-skus',
    {
      config: writes,
      schema: {
        operationId: 'createRedeemableSku',
        summary: 'Offer something for tokens',
        tags,
        body: CreateSkuBody,
        response: { 201: SkuSchema, ...problems('limit_reached') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { name, description = '', images = {}, availability, status = 'active' } = request.body
        const sku = { name, description, images, availability: toAvailability(availability), status }
        const command = { actor: actorOf(request), economyId: ownerOf(request).economyId, sku }
        return { status: 201, body: presentSku(await createSku({ ...deps, unitOfWork }, command)) }
      }),
  )

  app.get(
    '/redeemable-skus',
    {
      config: reads,
      schema: {
        operationId: 'listRedeemableSkus',
        summary: 'List redeemable SKUs',
        tags,
        querystring: ListSkusQuery,
        response: { 200: ListOf(SkuSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { status } = request.query
      const filter = status === undefined ? {} : { status }
      const page = await listSkus(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentSku)
    },
  )

  app.get(
    '/redeemable-skus/:id',
    {
      config: reads,
      schema: {
        operationId: 'getRedeemableSku',
        summary: 'Get a redeemable SKU',
        tags,
        params: IdParams('sku'),
        response: { 200: SkuSchema, ...problems('sku_not_found') },
      },
    },
    async (request) =>
      presentSku(await getSku(deps, { ...ownerOf(request), skuId: skuIdOf(request.params) })),
  )

  app.patch(
    '/redeemable-skus/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateRedeemableSku',
        summary: 'Update a redeemable SKU',
        description: 'Absent fields stay; images and availability are replaced as a whole. Orders stay.',
        tags,
        params: IdParams('sku'),
        body: UpdateSkuBody,
        response: { 200: SkuSchema, ...problems('sku_not_found') },
      },
    },
    async (request) => {
      const { availability, ...labels } = request.body
      const change: Partial<NewSku> = {
        ...labels,
        ...(availability && { availability: toAvailability(availability) }),
      }
      const { economyId } = ownerOf(request)
      const command = { actor: actorOf(request), economyId, skuId: skuIdOf(request.params), change }
      return presentSku(await updateSku(deps, command))
    },
  )
}

function skuIdOf({ id }: { id: string }): string {
  return idFromPath('sku', id, () => new SkuNotFound())
}

function toAvailability(offers: CreateSkuBody['availability']): NewSku['availability'] {
  return offers.map((offer) => ({
    country: offer.country,
    countryIsoCode: offer.country_iso_code,
    currencyIsoCode: offer.currency_iso_code,
    denominations: offer.denominations.map(trimZeros),
  }))
}
