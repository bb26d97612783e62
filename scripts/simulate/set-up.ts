import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed } from '#apps/cli/errors.ts'
import type { V3Client } from '#apps/cli/v3-client.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import type {
  WireAirdrop,
  WireCreatedTenant,
  WireEconomy,
  WireIssuedApiKey,
  WireToken,
  WireTransactionType,
  WireUserBatch,
} from '#apps/cli/wire.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import type { Progress } from '../stack/progress.ts'
import { concurrently } from './concurrently.ts'
import { Books, type Stage, type StagedEconomy } from './stage.ts'
import { DAILY_LIMIT_RULE, type PlannedEconomy, TYPES, VERIFIED_RULE, type World } from './world.ts'

const ECONOMIES_AT_ONCE = 8
const USERS_PER_REQUEST = 1_000
const AIRDROP_POLL_MS = 300
const AIRDROP_TIMEOUT_MS = 600_000
/** Deployments share the chain's blocks, so many of them take longer than one. */
const DEPLOYMENT_TIMEOUT_MS = 600_000

/** A tenant of the run's own. */
export async function createTenant(platform: V3Client, seed: string): Promise<V3Client> {
  const tenant = await platform.post<WireCreatedTenant>('/v3/tenants', {
    name: `Simulation ${seed}`,
    owner: { email: 'simulation@example.com', name: 'Simulation' },
  })
  return platform.with({ key: tenant.api_key.secret })
}

/** Makes the planned world: economies, users, ways to pay, rules and prices, and what everybody starts with. */
export async function setUp(tenant: V3Client, world: World, progress: Progress): Promise<Stage> {
  const staged = new Map<number, StagedEconomy>()
  const total = world.economies.length
  await progress.step(`${total} economies`, async (note) => {
    await concurrently(world.economies, ECONOMIES_AT_ONCE, async (plan) => {
      staged.set(plan.index, await createEconomy(tenant, plan))
      note(`${staged.size} of ${total} live`)
    })
  })
  const stage = world.economies.flatMap((plan) => staged.get(plan.index) ?? [])
  await progress.step(`${world.size.users} users`, () => concurrently(stage, ECONOMIES_AT_ONCE, createUsers))
  await progress.step('transaction types, prices and rules', () =>
    concurrently(stage, ECONOMIES_AT_ONCE, createWaysToPay),
  )
  await progress.step('start balances by airdrop', () =>
    concurrently(stage, ECONOMIES_AT_ONCE, giveStartBalances),
  )
  return stage
}

async function createEconomy(tenant: V3Client, plan: PlannedEconomy): Promise<StagedEconomy> {
  const { name, decimals, initialGrant } = plan
  const created = await tenant.post<WireEconomy>('/v3/economies', {
    name,
    // A tenant has each symbol once; an existing one may hold earlier runs.
    symbol: `${plan.symbol}${runTag()}`,
    decimals,
    initial_grant: initialGrant.toString(),
  })
  const economy = await waitForEconomy(tenant, created.id, undefined, DEPLOYMENT_TIMEOUT_MS)
  const key = await tenant.post<WireIssuedApiKey>('/v3/api-keys', {
    name: 'Simulation',
    economy_id: economy.id,
    scopes: DATA_SCOPES,
  })
  const client = tenant.with({ key: key.secret })
  const { address, company } = await client.get<WireToken>('/v3/token')
  const books = new Books()
  books.add(company.user_id, initialGrant)
  return {
    plan,
    id: economy.id,
    client,
    token: address,
    company: { id: company.user_id, address: company.address },
    users: [],
    books,
  }
}

/** Five characters that hardly come again within a day. */
function runTag(): string {
  return (Date.now() % 36 ** 5).toString(36).toUpperCase().padStart(5, '0')
}

async function createUsers({ plan, client, users }: StagedEconomy): Promise<void> {
  for (let at = 0; at < plan.users.length; at += USERS_PER_REQUEST) {
    const part = plan.users.slice(at, at + USERS_PER_REQUEST)
    const batch = await client.post<WireUserBatch>('/v3/users/batch', {
      users: part.map(({ externalId, name, isVerified }) => ({
        external_id: externalId,
        name,
        is_verified: isVerified,
      })),
    })
    for (const { user, problem } of batch.data) {
      if (!user)
        throw new CommandFailed(
          `A user of ${plan.symbol} was not created: ${problem?.detail ?? 'no reason given'}`,
        )
      users.push({ id: user.id, address: user.wallet.address.toLowerCase() })
    }
  }
}

async function createWaysToPay({ plan, client }: StagedEconomy): Promise<void> {
  const ids = new Map<string, string>()
  for (const [name, { kind, currency, commissionBps }] of Object.entries(TYPES)) {
    const commission = commissionBps === 0 ? null : { bps: commissionBps }
    const type = await client.post<WireTransactionType>('/v3/transaction-types', {
      name,
      kind,
      currency,
      commission,
    })
    ids.set(name, type.id)
  }
  await recordPrice(client, plan)
  await client.post('/v3/token-rules', {
    name: DAILY_LIMIT_RULE,
    type_id: ids.get('tip'),
    expression: `window.sender.day.sum + tx.total <= units("${plan.dailyLimit}")`,
    message: 'You have sent as much as you may send in a day.',
  })
  await client.post('/v3/token-rules', {
    name: VERIFIED_RULE,
    type_id: ids.get('purchase'),
    expression: `sender.is_verified || tx.amount <= units("${plan.verifiedAbove}")`,
    message: 'Verify yourself to buy for more than this.',
  })
}

/** The same price again keeps it fresh in long runs. */
export async function recordPrice(client: V3Client, { priceCents }: PlannedEconomy): Promise<void> {
  const price = `0.${String(priceCents).padStart(2, '0')}`
  await client.post('/v3/price-points', { currency: 'USD', price })
}

async function giveStartBalances({ plan, client, company, users, books }: StagedEconomy): Promise<void> {
  const created = await client.post<WireAirdrop>('/v3/airdrops', {
    type: 'reward',
    amount: plan.start.toString(),
    recipients: { all: true },
  })
  const airdrop = await waitForAirdrop(client, created.id)
  const { total, refused, failed } = airdrop.progress
  if (total !== users.length || refused + failed > 0) {
    throw new CommandFailed(
      `The airdrop of ${plan.symbol} reached ${total - refused - failed} of ${users.length} users (${refused} refused, ${failed} failed).`,
    )
  }
  for (const user of users) books.move(company.id, user.id, plan.start)
}

/** Until every recipient's tokens have arrived. */
async function waitForAirdrop(client: V3Client, id: string): Promise<WireAirdrop> {
  const deadline = performance.now() + AIRDROP_TIMEOUT_MS
  for (;;) {
    const airdrop = await client.get<WireAirdrop>(`/v3/airdrops/${id}`)
    const { total, refused, mined, confirmed, failed } = airdrop.progress
    if (airdrop.status === 'failed') throw new CommandFailed(`An airdrop stopped: ${airdrop.failure_reason}`)
    if (airdrop.status === 'completed' && refused + mined + confirmed + failed >= total) return airdrop
    if (performance.now() > deadline) {
      throw new CommandFailed(
        `An airdrop is still ${airdrop.status} after ${AIRDROP_TIMEOUT_MS / 1_000} s: ${JSON.stringify(airdrop.progress)}. Is a worker running?`,
      )
    }
    await sleep(AIRDROP_POLL_MS)
  }
}
