import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { type CreatedTenant, type Economy, Ost } from '#sdk'
import { OPERATOR_KEY, type Platform, startPlatform } from '#test/e2e/platform.ts'
import { until } from '#test/worker/redis-server.ts'

/** The whole platform with a live economy, reached through the SDK only. */
export interface Stage {
  platform: Platform
  created: CreatedTenant
  economy: Economy
  /** As the tenant, and inside the economy. */
  tenant: Ost
  ost: Ost
  /** A key of the economy with every right in it. */
  newKey(): Promise<string>
}

const ACTIVE_TIMEOUT_MS = 90_000

export async function startStage(): Promise<Stage> {
  const platform = await startPlatform({
    blockTimeSeconds: 0.2,
    finalityDepth: 3,
    env: { WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true', WEBHOOK_ALLOW_HTTP: 'true' },
  })
  const baseUrl = platform.api.url
  const operator = new Ost({ baseUrl, apiKey: OPERATOR_KEY })
  const owner = { email: 'ada@example.com', name: 'Ada' }
  const created = await operator.tenants.create({ name: 'Acme', owner })
  const tenant = new Ost({ baseUrl, apiKey: created.api_key.secret })
  const economy = await tenant.economies.create({ name: 'Acme Coin', symbol: 'ACME' })
  const isActive = async () => (await tenant.economies.get(economy.id)).status === 'active'
  await until('the economy is active', isActive, ACTIVE_TIMEOUT_MS)
  const newKey = async () => {
    const key = await tenant.apiKeys.create({
      name: 'Game',
      economy_id: economy.id,
      scopes: [...DATA_SCOPES],
    })
    return key.secret
  }
  const ost = new Ost({ baseUrl, apiKey: await newKey() })
  await ost.transactionTypes.create({ name: 'tip', kind: 'user_to_user' })
  await ost.transactionTypes.create({ name: 'reward', kind: 'company_to_user' })
  return { platform, created, economy, tenant, ost, newKey }
}
