import type { AppDeps } from '../../deps.ts'
import type { DialectRouter } from '../dialect.ts'
import { findUser, readFunds } from './users.ts'

/** What users have. */
export function balanceRoutes(
  router: DialectRouter,
  deps: Pick<AppDeps, 'dialectReader' | 'balanceReader'>,
): void {
  router.get('/balances/:id', 'users:read', async (request) => {
    const { id } = request.params as { id: string }
    const funds = await readFunds(deps, request, await findUser(deps, request, id))
    return {
      result_type: 'balance',
      balance: {
        available_balance: funds.available,
        airdropped_balance: funds.airdropped,
        token_balance: funds.own,
      },
    }
  })
}
