import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import type {
  WireCreatedTenant,
  WireEconomy,
  WireIssuedApiKey,
  WireTransactionBatch,
  WireTransactionType,
  WireUserBatch,
} from '#apps/cli/wire.ts'
import { fromWire, toWire } from '#apps/api/presenters/wire-id.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { insertEconomy } from '#test/support/economy-fixture.ts'
import { OPERATOR_KEY, type Platform } from './platform.ts'
import { waitUntilSettled } from './settled.ts'

/** An economy that takes transactions, and people with money in it. */
export interface Population {
  /** UUIDs, as SQL knows them. */
  tenantId: string
  economyId: string
  payTypeId: string
  /** Wire id of the type of payments from user to user, without commission. */
  payType: string
  rewardType: string
  /** Of the economy, with the scopes of the data plane. */
  apiKey: string
  /** Wire ids. */
  userIds: string[]
  companyId: string
}

const USERS_PER_REQUEST = 1_000
const TOKEN = 10n ** 18n
/** What each user has before anything is measured. */
export const START_BALANCE = 10_000n * TOKEN
const INITIAL_GRANT = 10n ** 27n
const GRANTS_MAX = 5_000

/** A tenant with an economy on the chain, made over HTTP as any integrator would, and users who hold its token there. */
export async function createPopulation(platform: Platform, options: { users: number }): Promise<Population> {
  const [population] = await createPopulations(platform, [options.users])
  if (!population) throw new Error('one economy was asked for')
  return population
}

/** One economy per number of users: asked for one after the other, so that each gets the emptiest lane; deployed together. */
export async function createPopulations(platform: Platform, users: readonly number[]): Promise<Population[]> {
  const client = createV3Client({ url: platform.api.url, connections: 8 })
  try {
    const asked: { tenant: V3Client; id: string; count: number }[] = []
    for (const count of users) {
      const tenant = client.with({ key: await tenantKey(client) })
      const { id } = await tenant.post<WireEconomy>('/v3/economies', {
        name: 'Bench',
        symbol: `B${randomBytes(4).toString('hex').toUpperCase()}`,
        initial_grant: INITIAL_GRANT.toString(),
      })
      asked.push({ tenant, id, count })
    }
    const populations = await Promise.all(
      asked.map(async ({ tenant, id, count }) => {
        const economy = await waitForEconomy(tenant, id)
        const apiKey = await issueKey(tenant, economy.id)
        const inside = tenant.with({ key: apiKey })
        const population = await createTypes(platform, inside, economy, apiKey)
        await addUsers(inside, population, count)
        await fund(platform, inside, population, population.userIds)
        return population
      }),
    )
    await analyze(platform)
    return populations
  } finally {
    await client.close()
  }
}

/** The same without a chain: rows as they would be, for what is measured without a worker. */
export async function insertPopulation(platform: Platform, options: { users: number }): Promise<Population> {
  const client = createV3Client({ url: platform.api.url, connections: 2 })
  try {
    const key = await tenantKey(client)
    const tenant = client.with({ key })
    const { id } = await tenant.get<{ id: string }>('/v3/tenant')
    const tenantId = uuidOf('ten', id)
    const fixture = await insertEconomy(platform.database.ownerUrl, { tenantId, company: INITIAL_GRANT })
    const userIds = await insertUsers(platform, { ...fixture, count: options.users })
    const economyId = toWire('eco', fixture.economyId)
    const apiKey = await issueKey(tenant, economyId)
    const inside = tenant.with({ key: apiKey })
    const payType = await createType(inside, 'pay', 'user_to_user')
    await analyze(platform)
    return {
      tenantId,
      economyId: fixture.economyId,
      payTypeId: uuidOf('typ', payType),
      payType,
      rewardType: toWire('typ', fixture.types.reward),
      apiKey,
      userIds: userIds.map((userId) => toWire('usr', userId)),
      companyId: toWire('usr', fixture.companyId),
    }
  } finally {
    await client.close()
  }
}

/** What Postgres' own maintenance does within a minute of such a change. */
async function analyze(platform: Platform): Promise<void> {
  await platform.sql('ANALYZE')
}

/** Users with a start balance, in three statements. */
async function insertUsers(
  platform: Platform,
  { tenantId, economyId, count }: { tenantId: string; economyId: string; count: number },
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7())
  const addresses = ids.map(() => `0x${randomBytes(20).toString('hex')}`)
  await platform.sql(
    'INSERT INTO economy_user (economy_id, id, tenant_id) SELECT $1, id, $2 FROM unnest($3::uuid[]) AS u(id)',
    [economyId, tenantId, ids],
  )
  await platform.sql(
    `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt)
     SELECT $1, id, $2, address, substring(decode(replace(id::text, '-', ''), 'hex') FROM 5)
     FROM unnest($3::uuid[], $4::text[]) AS u(id, address)`,
    [economyId, tenantId, ids, addresses],
  )
  await platform.sql(
    `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled) SELECT $1, id, $2, 'wallet', address, $5
     FROM unnest($3::uuid[], $4::text[]) AS u(id, address)`,
    [economyId, tenantId, ids, addresses, START_BALANCE.toString()],
  )
  return ids
}

/** A wire id's UUID. */
export function uuidOf(prefix: 'ten' | 'eco' | 'typ' | 'usr' | 'txn', id: string): string {
  const uuid = fromWire(prefix, id)
  if (uuid === null) throw new Error(`${id} is no id of kind ${prefix}`)
  return uuid
}

/** Gives users their start balance from the company, and waits until the chain has it. */
export async function fund(
  platform: Platform,
  inside: V3Client,
  population: Population,
  userIds: readonly string[],
): Promise<void> {
  for (let at = 0; at < userIds.length; at += USERS_PER_REQUEST) {
    const part = userIds.slice(at, at + USERS_PER_REQUEST)
    const answer = await inside.post<WireTransactionBatch & { accepted: number }>('/v3/transactions/batch', {
      transactions: part.map((id) => ({
        type: population.rewardType,
        to_user_id: id,
        amount: START_BALANCE.toString(),
      })),
    })
    const refused = answer.data.find((item) => item.problem)
    if (refused) throw new Error(`a start balance was refused: ${JSON.stringify(refused.problem)}`)
  }
  await waitUntilSettled(platform, [population.economyId])
}

/** A client that speaks for the population's economy. */
export function clientOf(platform: Platform, population: Population): V3Client {
  return createV3Client({ url: platform.api.url, connections: 8, key: population.apiKey })
}

async function tenantKey(client: V3Client): Promise<string> {
  const operator = client.with({ key: OPERATOR_KEY })
  const tenant = await operator.post<WireCreatedTenant>('/v3/tenants', {
    name: 'Bench',
    owner: { email: 'bench@example.com', name: 'Bench' },
  })
  return tenant.api_key.secret
}

async function issueKey(tenant: V3Client, economyId: string): Promise<string> {
  const body = { name: 'Bench', economy_id: economyId, scopes: DATA_SCOPES }
  return (await tenant.post<WireIssuedApiKey>('/v3/api-keys', body)).secret
}

async function createTypes(
  platform: Platform,
  inside: V3Client,
  economy: WireEconomy,
  apiKey: string,
): Promise<Population> {
  const economyId = uuidOf('eco', economy.id)
  const [row] = await platform.sql<{ tenant_id: string; company_user_id: string }>(
    'SELECT tenant_id, company_user_id FROM economy WHERE id = $1',
    [economyId],
  )
  if (!row) throw new Error('the economy was just created')
  const payType = await createType(inside, 'pay', 'user_to_user')
  return {
    tenantId: row.tenant_id,
    economyId,
    payTypeId: uuidOf('typ', payType),
    payType,
    rewardType: await createType(inside, 'reward', 'company_to_user'),
    apiKey,
    userIds: [],
    companyId: toWire('usr', row.company_user_id),
  }
}

async function createType(inside: V3Client, name: string, kind: string): Promise<string> {
  return (await inside.post<WireTransactionType>('/v3/transaction-types', { name, kind })).id
}

async function addUsers(inside: V3Client, population: Population, count: number): Promise<void> {
  if (count > GRANTS_MAX) throw new RangeError(`at most ${GRANTS_MAX} users are funded one by one`)
  for (let at = 0; at < count; at += USERS_PER_REQUEST) {
    const users = Array.from({ length: Math.min(USERS_PER_REQUEST, count - at) }, (_, index) => ({
      external_id: `bench-${at + index}`,
    }))
    const { data } = await inside.post<WireUserBatch>('/v3/users/batch', { users })
    for (const { user } of data) if (user) population.userIds.push(user.id)
  }
}
