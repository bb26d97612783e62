import { RedemptionNotFound, SkuNotFound } from '#core/redemption/errors.ts'
import { listRedemptions } from '#core/redemption/get-redemption.ts'
import { listSkus } from '#core/redemption/get-sku.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { metaOf, NO_MORE, readPage } from './pages.ts'
import { integerInPath, numberFilter, uuidFilter, uuidInPath, wrong } from './parameters.ts'
import { presentRedemption, presentSku, presentSkuInFull } from './present.ts'
import type { OstRouter } from './router.ts'
import { tokenOf } from './tokens.ts'
import { findUser } from './users.ts'

/** Postgres' integer. */
const NUMBER_MAX = 2 ** 31 - 1

/** What users get for their tokens, and their orders. */
export function redemptionRoutes(router: OstRouter, deps: AppDeps): void {
  router.read('/redeemable-skus', 'redemptions:read', async (request) => {
    const { tenantId, economyId } = ownerOf(request)
    const numbers = numberFilter(request, 'redeemable_sku_ids')
    const page = readPage(request, numbers !== undefined)
    const found = numbers
      ? await deps.unitOfWork(tenantId, (tx) => tx.redemptions.findSkusByNumber(economyId, numbers))
      : null
    if (found)
      return { result_type: 'redemption_products', redemption_products: found.map(presentSku), meta: NO_MORE }
    const skus = await listSkus(deps, { tenantId, economyId, page, filter: {} })
    return {
      result_type: 'redemption_products',
      redemption_products: skus.rows.map(presentSku),
      meta: metaOf(page, skus),
    }
  })

  router.read('/redeemable-skus/:redeemable_sku_id', 'redemptions:read', async (request) => {
    const { tenantId, economyId } = ownerOf(request)
    const number = integerInPath(request, 'redeemable_sku_id')
    if (number > NUMBER_MAX) throw wrong('redeemable_sku_id', 'is no number of a product')
    const [sku, token] = await Promise.all([
      deps.unitOfWork(tenantId, (tx) => tx.redemptions.findSkuByNumber(economyId, number)),
      tokenOf(deps, request),
    ])
    if (!sku) throw new SkuNotFound()
    return { result_type: 'redemption_product', redemption_product: presentSkuInFull(sku, token) }
  })

  router.read('/users/:user_id/redemptions', 'redemptions:read', async (request) => {
    const { id: userId } = await findUser(deps, request)
    const { tenantId, economyId } = ownerOf(request)
    const ids = uuidFilter(request, 'redemption_ids')
    const page = readPage(request, ids !== undefined)
    if (ids) {
      const found = await deps.unitOfWork(tenantId, (tx) => tx.redemptions.findMany(economyId, userId, ids))
      return { result_type: 'redemptions', redemptions: found.map(presentRedemption), meta: NO_MORE }
    }
    const found = await listRedemptions(deps, { tenantId, economyId, page, filter: { userId } })
    return {
      result_type: 'redemptions',
      redemptions: found.rows.map(presentRedemption),
      meta: metaOf(page, found),
    }
  })

  router.read('/users/:user_id/redemptions/:redemption_id', 'redemptions:read', async (request) => {
    const { id: userId } = await findUser(deps, request)
    const { tenantId, economyId } = ownerOf(request)
    const id = uuidInPath(request, 'redemption_id')
    const [found] = await deps.unitOfWork(tenantId, (tx) => tx.redemptions.findMany(economyId, userId, [id]))
    if (!found) throw new RedemptionNotFound()
    return { result_type: 'redemption', redemption: presentRedemption(found) }
  })
}
