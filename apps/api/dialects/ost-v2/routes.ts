import type { FastifyInstance } from 'fastify'
import type { Environment } from '#core/tenant/tenant.ts'
import type { AppDeps } from '../../deps.ts'
import { deviceRoutes } from './devices.ts'
import { ostV2 } from './dialect.ts'
import { redemptionRoutes } from './redemptions.ts'
import { speakOstV2 } from './router.ts'
import { tokenRoutes } from './tokens.ts'
import { transactionRoutes } from './transactions.ts'
import { userRoutes } from './users.ts'
import { walletRoutes } from './wallets.ts'
import { webhookRoutes } from './webhooks.ts'

/** Where each environment's economies are served, as the SDKs of 2019 want it: one segment, and v2. */
const BASES: readonly { prefix: string; pattern: RegExp; environment: Environment }[] = [
  { prefix: '/testnet/v2', pattern: /^\/testnet\/v2(?=\/)/, environment: 'sandbox' },
  { prefix: '/mainnet/v2', pattern: /^\/mainnet\/v2(?=\/)/, environment: 'production' },
]

/** The OST Platform API of 2019. @see docs/ost-v2.md */
export async function ostV2Routes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  for (const { prefix, pattern, environment } of BASES) {
    await app.register(
      async (scope) => {
        const router = speakOstV2(scope, ostV2(environment, pattern, deps), deps)
        userRoutes(router, deps)
        deviceRoutes(router, deps)
        tokenRoutes(router, deps, environment)
        transactionRoutes(router, deps)
        redemptionRoutes(router, deps)
        walletRoutes(router, deps)
        webhookRoutes(router, deps)
      },
      { prefix },
    )
  }
}
