import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import type { App } from './app-types.ts'
import type { AppDeps } from './deps.ts'
import { ostV1Routes } from './dialects/ost-v1/plugin.ts'
import { ostV2Routes } from './dialects/ost-v2/routes.ts'
import { answerUnroutableInDialect, isOfDialect } from './dialects/unroutable.ts'
import { explorerPage } from './graphql/explorer.ts'
import { collectOperations } from './graphql/operations.ts'
import { graphqlRoutes } from './graphql/plugin.ts'
import { isForSocket } from './graphql/sockets.ts'
import { admission } from './plugins/admission.ts'
import { authenticate } from './plugins/authenticate.ts'
import { economy } from './plugins/economy.ts'
import { answerUnroutable, errorHandler } from './plugins/error-handler.ts'
import { firstUse, isOfMoney } from './plugins/first-use.ts'
import { idempotency } from './plugins/idempotency.ts'
import { lateLogger } from './plugins/late-logger.ts'
import { logOptions, requestLog } from './plugins/log.ts'
import { metrics } from './plugins/metrics.ts'
import { openapi } from './plugins/openapi.ts'
import { overload } from './plugins/overload.ts'
import { pagination } from './plugins/pagination.ts'
import { ProblemSchema } from './plugins/problem.ts'
import { limits } from './plugins/rate-limit.ts'
import { requestId, requestIdOf } from './plugins/request-id.ts'
import { routeContract } from './plugins/route-contract.ts'
import { keptRoute } from './plugins/route-of.ts'
import { securityHeaders } from './plugins/security-headers.ts'
import { serialization } from './plugins/serialization.ts'
import { shutdown } from './plugins/shutdown.ts'
import { tracing } from './plugins/tracing.ts'
import { answerUnreadable } from './plugins/unreadable-requests.ts'
import { refuseUnknownBodies } from './plugins/no-body.ts'
import { validation } from './plugins/validation.ts'
import { airdropRoutes } from './routes/airdrops.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { auditLogRoutes } from './routes/audit-log.ts'
import { economyRoutes } from './routes/economies.ts'
import { balanceRoutes } from './routes/balances.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { keySetRoutes } from './routes/key-set.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { memberRoutes } from './routes/members.ts'
import { platformKeyRoutes } from './routes/platform-keys.ts'
import { platformLaneRoutes } from './routes/platform-lanes.ts'
import { platformOutboxRoutes } from './routes/platform-outbox.ts'
import { platformReconciliationRoutes } from './routes/platform-reconciliations.ts'
import { platformSubmissionRoutes } from './routes/platform-submissions.ts'
import { reconciliationRoutes } from './routes/reconciliations.ts'
import { redeemableSkuRoutes } from './routes/redeemable-skus.ts'
import { redemptionRoutes } from './routes/redemptions.ts'
import { stakeRoutes } from './routes/stakes.ts'
import { unstakeRoutes } from './routes/unstakes.ts'
import { referencePage } from './routes/reference-page.ts'
import { referenceRoutes } from './routes/reference.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { pricePointRoutes } from './routes/price-points.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { tokenRoutes } from './routes/token.ts'
import { tokenRuleRoutes } from './routes/token-rules.ts'
import { transactionTypeRoutes } from './routes/transaction-types.ts'
import { transactionRoutes } from './routes/transactions.ts'
import { userRoutes } from './routes/users.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** Routes of the API under /v3. A new resource is one line here. */
const V3 = [
  tenantRoutes,
  signInRoutes,
  sessionRoutes,
  memberRoutes,
  apiKeyRoutes,
  auditLogRoutes,
  economyRoutes,
  userRoutes,
  balanceRoutes,
  ledgerRoutes,
  transactionTypeRoutes,
  tokenRuleRoutes,
  pricePointRoutes,
  tokenRoutes,
  reconciliationRoutes,
  transactionRoutes,
  airdropRoutes,
  redeemableSkuRoutes,
  redemptionRoutes,
  stakeRoutes,
  unstakeRoutes,
  eventRoutes,
  webhookRoutes,
  platformKeyRoutes,
  platformLaneRoutes,
  platformOutboxRoutes,
  platformReconciliationRoutes,
  platformSubmissionRoutes,
]

/** Milliseconds that a client may take to send a whole request. */
const REQUEST_TIMEOUT_MS = 30_000
/** Milliseconds. Longer than usual load balancers keep idle connections, so that they close them and not we. */
const KEEP_ALIVE_MS = 72_000

/** The whole API, ready to listen or to be injected into. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config } = deps
  const { trustedProxies } = config.api
  const app: FastifyInstance = fastify({
    logger: loggerOf(deps),
    childLoggerFactory: (logger, bindings, options) => lateLogger(() => logger.child(bindings, options)),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies > 0 && ((_address, hop) => hop < trustedProxies),
    bodyLimit: config.api.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    http: { shouldUpgradeCallback: isForSocket },
    // Whoever still gets through while we close is served; see plugins/shutdown.ts.
    return503OnClosing: false,
    clientErrorHandler: answerUnreadable(config.api.publicUrl),
    frameworkErrors: (_error, request, reply) =>
      isOfDialect(request)
        ? answerUnroutableInDialect(request, reply)
        : answerUnroutable(app, request, reply),
  })
  app.addSchema(ProblemSchema)
  await app.register(keptRoute)
  await app.register(requestId)
  if (deps.tracing) await app.register(tracing, { tracing: deps.tracing })
  await app.register(requestLog, deps)
  await app.register(shutdown, deps)
  await app.register(errorHandler, { publicUrl: config.api.publicUrl })
  await app.register(metrics, deps)
  await app.register(securityHeaders)
  await app.register(overload)
  await app.register(firstUse, { soon: isOfMoney })
  await app.register(serialization)
  await app.register(validation)
  await app.register(openapi, deps)
  await app.register(async (scope) => referencePage(typed(scope)))
  await app.register(explorerPage)
  await app.register(async (scope) => ourRoutes(scope, deps))
  await app.ready()
  return app
}

/** Every route that is ours: declared in full, authenticated, limited, and counted once. */
async function ourRoutes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  await app.register(routeContract)
  await app.register(pagination, deps)
  await app.register(authenticate, deps)
  await app.register(economy, deps)
  await app.register(limits, deps)
  await app.register(idempotency)
  await app.register(admission)
  collectOperations(typed(app))
  refuseUnknownBodies(typed(app))
  await app.register(
    async (v3) => {
      for (const routes of V3) await routes(typed(v3), deps)
    },
    { prefix: '/v3' },
  )
  await ostV1Routes(app, deps)
  await ostV2Routes(app, deps)
  await graphqlRoutes(typed(app), deps)
  await keySetRoutes(typed(app), deps)
  await healthRoutes(typed(app), deps)
  await referenceRoutes(typed(app))
}

/** Where it writes is its own: a stream stands apart from the options. */
function loggerOf({ config, logTo }: AppDeps): ReturnType<typeof logOptions> {
  const options = logOptions(config.log.level)
  return options && logTo ? { ...options, stream: logTo } : options
}

function typed(app: FastifyInstance): App {
  return app.withTypeProvider<TypeBoxTypeProvider>()
}
