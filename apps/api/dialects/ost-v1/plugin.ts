import type { FastifyInstance } from 'fastify'
import type { AppDeps } from '../../deps.ts'
import { speakDialect } from '../dialect.ts'
import { actionRoutes } from './actions.ts'
import { airdropRoutes } from './airdrops.ts'
import { balanceRoutes } from './balances.ts'
import { ostV0, ostV1 } from './dialect.ts'
import { tokenRoutes } from './token.ts'
import { ledgerRoutes, transactionRoutes } from './transactions.ts'
import { transferRoutes } from './transfers.ts'
import { userRoutes } from './users.ts'
import { v0TypeRoutes } from './v0-transaction-types.ts'
import { v0UserRoutes } from './v0-users.ts'

/** OST KIT alpha of 2018: v1.1, v1 before it, and v0, whose paths begin at the root. */
export async function ostV1Routes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  const { ostV1RefusesRepeats } = deps.config.dialects
  const dialect = ostV1(ostV1RefusesRepeats)
  for (const version of ['v1.1', 'v1'] as const) {
    await app.register(
      async (scope) => {
        const router = speakDialect(scope, dialect, deps)
        const isV11 = version === 'v1.1'
        userRoutes(router, deps)
        actionRoutes(router, deps)
        transactionRoutes(router, deps, isV11)
        airdropRoutes(router, deps)
        tokenRoutes(router, deps)
        transferRoutes(router, deps)
        if (!isV11) return
        balanceRoutes(router, deps)
        ledgerRoutes(router, deps)
      },
      { prefix: `/${version}` },
    )
  }
  for (const [prefix, routes] of Object.entries({
    '/users': v0UserRoutes,
    '/transaction-types': v0TypeRoutes,
  }))
    await app.register(async (scope) => routes(speakDialect(scope, ostV0(ostV1RefusesRepeats), deps), deps), {
      prefix,
    })
}
