import { createAddressBook } from '#adapters/evm/address-book.ts'
import { readChainContracts } from '#adapters/postgres/chain-contracts.ts'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { Database } from '#adapters/postgres/database.ts'
import type { Progress } from '#scripts/stack/progress.ts'
import { uuidv7 } from 'uuidv7'
import type { Bed } from './bed.ts'
import { createPlatform, type Platform } from './platform.ts'
import { clientOf, createPopulation, fund, type Population } from './population.ts'
import { seedHistory } from './seed-history.ts'

/** As the issue fixes it. */
const USERS = 1_000_000
const TRANSACTIONS = 5_000_000
const QUICK_USERS = 20_000
const QUICK_TRANSACTIONS = 100_000
/** Those who pay, in the old economy as in the young one: the same people, so that only what lies behind them differs. */
const ACTIVE_USERS = 1_000

export interface Aged {
  platform: Platform
  population: Population
}

/** The two that the rows growth and lists compare. */
export interface Ages {
  aged: Aged
  young: Aged
}

/** An economy with a long past and one that has just begun, both awake, each with a platform and a chain of its own. */
export async function createAges(options: {
  bed: Bed
  progress: Progress
  isQuick: boolean
  onPlatform: (platform: Platform) => void
}): Promise<Ages> {
  const aged = await createAged(options)
  const young = await createYoung(options)
  await wake(aged)
  return { aged, young }
}

type Options = Parameters<typeof createAges>[0]

async function createAged({ bed, progress, isQuick, onPlatform }: Options): Promise<Aged> {
  const [users, transactions] = isQuick ? [QUICK_USERS, QUICK_TRANSACTIONS] : [USERS, TRANSACTIONS]
  const chain = await bed.startChain('aged-chain')
  const platform = await createPlatform(bed, { name: 'aged', chain, lanes: 1 })
  onPlatform(platform)
  await Promise.all([platform.api.start(), platform.worker.start()])
  const population = await createPopulation(platform, { users: 0 })
  await Promise.all([platform.api.stop(), platform.worker.stop()])
  const startedAt = performance.now()
  const seeded = await seedHistory(platform.database.adminUrl, population.economyId, {
    users,
    transactions,
  })
  progress.line(
    `  history of ${transactions} transactions written in ${Math.round((performance.now() - startedAt) / 1_000)} s`,
  )
  const step = Math.floor(users / ACTIVE_USERS)
  const active = Array.from({ length: ACTIVE_USERS }, (_, index) => seeded.userIds(index * step, 1)[0] ?? '')
  await giveRealAddresses(platform, population, active)
  population.userIds = active.map((id) => toWire('usr', id))
  return { platform, population }
}

/** Starts the old economy's processes and gives its active users money on the chain. */
async function wake({ platform, population }: Aged): Promise<void> {
  await postponeReconciliation(platform, population)
  await Promise.all([platform.api.start(), platform.worker.start()])
  const client = clientOf(platform, population)
  try {
    await fund(platform, client, population, population.userIds)
  } finally {
    await client.close()
  }
}

async function createYoung({ bed, onPlatform }: Options): Promise<Aged> {
  const chain = await bed.startChain('young-chain')
  const platform = await createPlatform(bed, { name: 'young', chain, lanes: 1 })
  onPlatform(platform)
  await Promise.all([platform.api.start(), platform.worker.start()])
  return { platform, population: await createPopulation(platform, { users: ACTIVE_USERS }) }
}

/**
 * The history's users have made-up addresses: those who will pay get the ones that the chain's contracts compute, and the
 * ledger learns that the chain has nothing there yet, because the gas of a payment depends on it.
 */
async function giveRealAddresses(
  platform: Platform,
  { economyId }: Population,
  userIds: readonly string[],
): Promise<void> {
  const { chain } = platform
  if (!chain) throw new Error('the old economy has a chain')
  const database = new Database({ url: platform.database.workerUrl, poolSize: 1, applicationName: 'bench' })
  const contracts = (await readChainContracts(database)).get(chain.chainId)
  await database.close()
  if (!contracts) throw new Error('the contracts were deployed')
  const book = createAddressBook(() => contracts)
  const wallets = await platform.sql<{ user_id: string; salt: Buffer; token_address: string }>(
    `SELECT w.user_id, w.salt, e.token_address FROM wallet w JOIN economy e ON e.id = w.economy_id
     WHERE w.economy_id = $1 AND w.user_id = ANY ($2::uuid[])`,
    [economyId, userIds],
  )
  const addresses = wallets.map((wallet) =>
    book.holderAddress(chain.chainId, wallet.token_address, wallet.salt),
  )
  const values = [economyId, wallets.map((wallet) => wallet.user_id), addresses]
  for (const [table, id, reset] of [
    ['wallet', 'user_id', ''],
    ['account', 'id', ', settled = 0'],
  ]) {
    await platform.sql(
      `UPDATE ${table} SET address = real.address${reset} FROM unnest($2::uuid[], $3::text[]) AS real(id, address)
       WHERE economy_id = $1 AND ${table}.${id} = real.id`,
      values,
    )
  }
}

/** The chain knows nothing of the history, so comparing the two would only raise alarms and take time. */
async function postponeReconciliation(
  platform: Platform,
  { economyId, tenantId }: Population,
): Promise<void> {
  await platform.sql(
    `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status)
     VALUES ($1, $2, $3, 0, '0x', 0, 'equal')`,
    [economyId, uuidv7(), tenantId],
  )
}
