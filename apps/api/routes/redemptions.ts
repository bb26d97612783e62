import type { FastifyRequest } from 'fastify'
import { decideRedemption } from '#core/redemption/decide-redemption.ts'
import { RedemptionNotFound } from '#core/redemption/errors.ts'
import { getRedemption, listRedemptions } from '#core/redemption/get-redemption.ts'
import { redeemSku } from '#core/redemption/redeem-sku.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { claimOf, once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentRedemption } from '../presenters/redemptions.ts'
import { idFromBody, idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { CreateRedemptionBody, ListRedemptionsQuery, RedemptionSchema } from '../schemas/redemptions.ts'

const tags = ['Redemptions']

/** Orders of redeemable SKUs, paid in the economy's token. */
export async function redemptionRoutes(app: App, deps: AppDeps): Promise<void> {
  app.post(
    '/redemptions',
    {
      config: { plane: 'data', scope: 'transactions:write', idempotency: 'required' },
      schema: {
        operationId: 'createRedemption',
        summary: 'Redeem tokens for a SKU',
        description:
          'Takes tokens worth the amount, at the price of the moment, from the user to the company, and creates the order with that transaction: both or neither.',
        tags,
        body: CreateRedemptionBody,
        response: {
          202: RedemptionSchema,
          ...problems(
            'sku_not_found',
            'sku_inactive',
            'economy_not_active',
            'transaction_type_archived',
            'user_not_found',
            'user_archived',
            'user_not_managed',
            'invalid_parties',
            'invalid_amount',
            'insufficient_funds',
            'rule_violated',
            'price_missing',
            'price_stale',
            'price_deviates',
            'limit_reached',
          ),
        },
      },
    },
    async (request, reply) => {
      const { user_id, sku_id, country_iso_code, amount, email = null } = request.body
      const { redemption, replayed } = await redeemSku(deps, {
        actor: actorOf(request),
        economyId: ownerOf(request).economyId,
        userId: idFromBody('usr', user_id, '/user_id'),
        skuId: idFromBody('sku', sku_id, '/sku_id'),
        countryIsoCode: country_iso_code,
        amount,
        email,
        idempotency: claimOf(request),
      })
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      return reply.code(202).send(presentRedemption(redemption))
    },
  )

  app.get(
    '/redemptions',
    {
      config: { plane: 'data', scope: 'redemptions:read' },
      schema: {
        operationId: 'listRedemptions',
        summary: 'List redemptions',
        tags,
        querystring: ListRedemptionsQuery,
        response: { 200: ListOf(RedemptionSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { user_id, sku_id } = request.query
      const filter = {
        ...(user_id !== undefined && { userId: idFromBody('usr', user_id, '?user_id') }),
        ...(sku_id !== undefined && { skuId: idFromBody('sku', sku_id, '?sku_id') }),
      }
      const page = await listRedemptions(deps, { ...ownerOf(request), page: pageOf(request), filter })
      return toList(request, page, presentRedemption)
    },
  )

  app.get(
    '/redemptions/:id',
    {
      config: { plane: 'data', scope: 'redemptions:read' },
      schema: {
        operationId: 'getRedemption',
        summary: 'Get a redemption',
        tags,
        params: IdParams('rdm'),
        response: { 200: RedemptionSchema, ...problems('redemption_not_found') },
      },
    },
    async (request) =>
      presentRedemption(
        await getRedemption(deps, {
          ...ownerOf(request),
          redemptionId: redemptionIdOf(request.params),
        }),
      ),
  )

  for (const { verb, decision, operationId, summary } of DECISIONS) {
    app.post(
      `/redemptions/:id/${verb}`,
      {
        config: { plane: 'data', scope: 'redemptions:write' },
        schema: {
          operationId,
          summary,
          description:
            'While it is accepted, that is once its transaction is final. Repeating changes nothing.',
          tags,
          params: IdParams('rdm'),
          response: {
            200: RedemptionSchema,
            ...problems('redemption_not_found', 'redemption_state_conflict'),
          },
        },
      },
      async (request, reply) =>
        once(deps, request, reply, async (unitOfWork) => {
          const command = { ...refOf(request, request.params), decision }
          return {
            status: 200,
            body: presentRedemption(await decideRedemption({ ...deps, unitOfWork }, command)),
          }
        }),
    )
  }
}

const DECISIONS = [
  {
    verb: 'fulfill',
    decision: 'fulfilled',
    operationId: 'fulfillRedemption',
    summary: 'Say that what was ordered was handed over',
  },
  {
    verb: 'cancel',
    decision: 'cancelled',
    operationId: 'cancelRedemption',
    summary: 'Say that what was ordered will not be handed over',
  },
] as const

function refOf(request: FastifyRequest, params: { id: string }) {
  return {
    actor: actorOf(request),
    economyId: ownerOf(request).economyId,
    redemptionId: redemptionIdOf(params),
  }
}

function redemptionIdOf({ id }: { id: string }): string {
  return idFromPath('rdm', id, () => new RedemptionNotFound())
}
