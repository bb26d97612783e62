import { COIN_BUDGET_WINDOW_MS } from '#core/chain/send-coins.ts'
import { EconomyNotFound } from '#core/economy/errors.ts'
import type { AppDeps } from '../../deps.ts'
import { ownerOf } from '../../plugins/owner.ts'
import type { DialectRouter } from '../dialect.ts'
import { presentCoins, presentUnits } from './amounts.ts'

/** Tokens per OST. Economies here are priced by the worth of their own token, so one stands for one. */
export const CONVERSION_FACTOR = '1'

/** The economy's token, its contracts and prices. */
export function tokenRoutes(
  router: DialectRouter,
  deps: Pick<AppDeps, 'tokenReader' | 'dialectReader' | 'clock' | 'config'>,
): void {
  router.get('/token', 'token:read', async (request) => {
    const { tenantId, economyId } = ownerOf(request)
    const token = await deps.tokenReader(tenantId, economyId)
    if (!token) throw new EconomyNotFound()
    const since = new Date(deps.clock.now().getTime() - COIN_BUDGET_WINDOW_MS)
    const left =
      deps.config.dialects.coinBudgetWei -
      (await deps.dialectReader.coinsSent({ tenantId, economyId }, since))
    const usd = token.rates.find(({ currency }) => currency === 'USD')
    return {
      result_type: 'token',
      token: {
        company_uuid: token.company.userId,
        name: token.name,
        symbol: token.symbol,
        symbol_icon: null,
        conversion_factor: CONVERSION_FACTOR,
        token_erc20_address: token.address,
        airdrop_contract_address: token.rulesAddress,
        simple_stake_contract_address: null,
        total_supply: presentUnits(token.supply, token.decimals),
        ost_utility_balance: [[String(token.chainId), presentCoins(left > 0n ? left : 0n)]],
      },
      price_points: { OST: usd ? { USD: usd.price } : {} },
    }
  })
}
