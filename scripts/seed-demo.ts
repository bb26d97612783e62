import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { ApiRefusal } from '#apps/cli/errors.ts'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import type { BackedDemo } from './seed-backed.ts'
import type {
  WireCreatedTenant,
  WireEconomy,
  WireIssuedApiKey,
  WirePage,
  WireToken,
  WireTransaction,
  WireTransactionType,
  WireUser,
} from '#apps/cli/wire.ts'

/** What `npm start` prints and keeps in `.local/demo.json`, readable by its owner only. */
export type Demo = {
  api_url: string
  graphql_url: string
  tenant_id: string
  /** Of the whole tenant: its control plane, and every economy of it. */
  tenant_key: string
  economy_id: string
  /** Of the demo economy. */
  api_key: string
  /** Alice and Bob. */
  user_ids: [alice: string, bob: string]
  value_rpc_url: string | null
  utility_rpc_url: string | null
  /** A first transaction, ready to paste. */
  curl: string
  /** The economy that is backed by a stake, once it is there: a minute or so after the rest. */
  backed?: BackedDemo
}

export type SeedDemo = {
  apiUrl: string
  operatorKey: string
  /** What an earlier start kept, whatever it is; the database may have been replaced since. */
  known: unknown
  /** Keeps what there is so far, so that a start that is cut short is continued by the next one. */
  save: (demo: Partial<Demo>) => Promise<void>
  valueRpcUrl?: string
  utilityRpcUrl?: string
  /** Told what happens, in words. */
  note?: (text: string) => void
}

const TENANT = { name: 'Demo', owner: { email: 'demo@example.com', name: 'Demo Owner' } }
const ECONOMY = { name: 'Demo Coffee', symbol: 'BEAN', decimals: 18 }
const BEAN = 10n ** 18n
const TYPES = [
  { name: 'tip', kind: 'user_to_user', commission: { bps: 100 } },
  { name: 'reward', kind: 'company_to_user' },
  { name: 'purchase', kind: 'user_to_company' },
]
const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi', 'Ivan', 'Judy']
const WELCOME_ALICE = 1_000n * BEAN
const WELCOME_OTHERS = 100n * BEAN
const FIRST_TIP = (3n * BEAN) / 2n
const WAIT_SECONDS = 20

/**
 * Makes the demo economy over HTTP, as any integrator would. Every step looks first whether its result is there, so a second
 * run changes nothing, and one that was cut short is continued.
 */
export async function seedDemo(options: SeedDemo): Promise<Demo> {
  const client = createV3Client({ url: options.apiUrl })
  const demo: Partial<Demo> = await knownDemo(client, options)
  const keep = async (part: Partial<Demo>) => options.save(Object.assign(demo, part))
  try {
    await keep({
      api_url: options.apiUrl,
      graphql_url: `${options.apiUrl}/graphql`,
      value_rpc_url: options.valueRpcUrl ?? null,
      utility_rpc_url: options.utilityRpcUrl ?? null,
    })
    if (demo.tenant_key === undefined) await keep(await createTenant(client, options))
    const tenant = client.with({ key: required(demo.tenant_key) })
    const economy = await ensureEconomy(tenant, options)
    await keep({ economy_id: economy.id })
    const inside = tenant.with({ economyId: economy.id })
    const apiKey = await ensureKey(tenant, economy, demo.api_key)
    await keep({ api_key: apiKey })
    await ensureTypes(inside)
    const users = await ensureUsers(inside)
    await welcome(inside, users)
    const [alice, bob] = users
    const user_ids: Demo['user_ids'] = [required(alice).id, required(bob).id]
    const curl = firstTip(options.apiUrl, apiKey, user_ids)
    await keep({ user_ids, curl })
    // Every field has been kept above.
    return demo as Demo
  } finally {
    await client.close()
  }
}

/** What an earlier start kept, if its tenant still answers; nothing where the database is another one by now. */
async function knownDemo(client: V3Client, { known, note }: SeedDemo): Promise<Partial<Demo>> {
  if (typeof known !== 'object' || known === null || !('tenant_key' in known)) return {}
  // Written by `save` above; what matters of it is tried below.
  const demo = known as Partial<Demo>
  try {
    await client.with({ key: required(demo.tenant_key) }).get('/v3/tenant')
    return demo
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error
    note?.(`the demo of an earlier start is gone (${error.problem.code}): made anew`)
    return {}
  }
}

async function createTenant(client: V3Client, { operatorKey }: SeedDemo): Promise<Partial<Demo>> {
  const tenant = await client.with({ key: operatorKey }).post<WireCreatedTenant>('/v3/tenants', TENANT)
  return { tenant_id: tenant.id, tenant_key: tenant.api_key.secret }
}

async function ensureEconomy(tenant: V3Client, { note }: SeedDemo): Promise<WireEconomy> {
  const { data } = await tenant.get<WirePage<WireEconomy>>('/v3/economies', { limit: 100 })
  const found = data.find((economy) => economy.symbol === ECONOMY.symbol)
  const economy = found ?? (await tenant.post<WireEconomy>('/v3/economies', ECONOMY))
  if (economy.status === 'active' || economy.status === 'paused') return economy
  if (economy.status === 'failed') await tenant.post(`/v3/economies/${economy.id}/retry`)
  return waitForEconomy(tenant, economy.id, ({ steps }) => {
    const running = steps.find((step) => step.status === 'running')
    if (running) note?.(running.name.replaceAll('_', ' '))
  })
}

/** The key of an earlier start while it works for this economy, else a new one. */
export async function ensureKey(
  tenant: V3Client,
  economy: WireEconomy,
  known: string | undefined,
): Promise<string> {
  if (known !== undefined && (await servesEconomy(tenant, economy, known))) return known
  const { id: economy_id, environment } = economy
  const body = { name: 'Demo', economy_id, environment, scopes: DATA_SCOPES }
  return (await tenant.post<WireIssuedApiKey>('/v3/api-keys', body)).secret
}

async function servesEconomy(client: V3Client, economy: WireEconomy, key: string): Promise<boolean> {
  try {
    return (await client.with({ key }).get<WireToken>('/v3/token')).economy_id === economy.id
  } catch (error) {
    if (error instanceof ApiRefusal) return false
    throw error
  }
}

async function ensureTypes(economy: V3Client): Promise<void> {
  const { data } = await economy.get<WirePage<WireTransactionType>>('/v3/transaction-types', { limit: 100 })
  for (const type of TYPES) {
    if (!data.some(({ name }) => name === type.name)) await economy.post('/v3/transaction-types', type)
  }
}

/** Alice first, Bob second. */
async function ensureUsers(economy: V3Client): Promise<WireUser[]> {
  const users: WireUser[] = []
  for (const name of NAMES) {
    const external_id = name.toLowerCase()
    const { data } = await economy.get<WirePage<WireUser>>('/v3/users', { external_id, limit: 1 })
    const [found] = data
    users.push(found ?? (await economy.post<WireUser>('/v3/users', { external_id, name, is_verified: true })))
  }
  return users
}

/** A first reward for everyone who has no transaction yet; Alice's is waited for, so that she can tip at once. */
async function welcome(economy: V3Client, users: readonly WireUser[]): Promise<void> {
  const newcomers: WireUser[] = []
  for (const user of users) {
    const { data } = await economy.get<WirePage<WireTransaction>>('/v3/transactions', {
      user_id: user.id,
      limit: 1,
    })
    if (data.length === 0) newcomers.push(user)
  }
  const reward = (user: WireUser, amount: bigint) => ({
    type: 'reward',
    to_user_id: user.id,
    amount: amount.toString(),
  })
  const [alice] = users
  const others = newcomers.filter((user) => user !== alice)
  if (others.length > 0) {
    const transactions = others.map((user) => reward(user, WELCOME_OTHERS))
    await economy.post('/v3/transactions/batch', { transactions })
  }
  if (!alice || !newcomers.includes(alice)) return
  await economy.request({
    method: 'POST',
    path: '/v3/transactions',
    body: reward(alice, WELCOME_ALICE),
    idempotencyKey: `welcome-${alice.id}`,
    waitSeconds: WAIT_SECONDS,
  })
}

function firstTip(apiUrl: string, apiKey: string, [alice, bob]: Demo['user_ids']): string {
  const body = { type: 'tip', from_user_id: alice, to_user_id: bob, amount: FIRST_TIP.toString() }
  return [
    `curl -X POST ${apiUrl}/v3/transactions`,
    `  -H 'Authorization: Bearer ${apiKey}'`,
    `  -H "Idempotency-Key: first-$(date +%s)"`,
    `  -H 'Prefer: wait=10'`,
    `  -H 'Content-Type: application/json'`,
    `  -d '${JSON.stringify(body)}'`,
  ].join(' \\\n')
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the demo is incomplete: npm run reset and start again')
  return value
}
