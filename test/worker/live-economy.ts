import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { pino } from 'pino'
import { uuidv7 } from 'uuidv7'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { createGatewayCalls } from '#adapters/evm/gateway-calls.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { createLoadEconomyConfig } from '#adapters/postgres/economy-config.ts'
import { readChainContracts } from '#adapters/postgres/chain-contracts.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { type RunningWorker, startWorker } from '#apps/worker/start-worker.ts'
import { loadWorkerConfig, type WorkerConfig } from '#config'
import { createAirdrop } from '#core/airdrop/create-airdrop.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'
import { type AddressBook, userSalt } from '#core/economy/address-book.ts'
import { createEconomy } from '#core/economy/create-economy.ts'
import type { Economy } from '#core/economy/economy.ts'
import { acceptTransactions } from '#core/transaction/accept-transactions.ts'
import { startBed } from '#test/support/bed.ts'
import type { TestAnvil, TestDatabase } from '#test/support/stack.ts'
import { type RedisServer, until } from './redis-server.ts'

const CHAIN_ID = 31_337
const FINALITY_DEPTH = 2
const BLOCK_TIME_SECONDS = 0.2

/** A chain with the platform's contracts, a database, a Redis of its own, and workers over them: everything but the API. */
export interface Bed {
  config: WorkerConfig
  /** As environment variables, for workers in processes of their own. */
  env: Record<string, string>
  redis: RedisServer
  anvil: TestAnvil
  testDatabase: TestDatabase
  owner: pg.Pool
  contracts: ChainContracts
  addressBook: AddressBook
  tenantId: string
  startWorker(around?: (job: JobHandler) => JobHandler): Promise<RunningWorker & { gaveUp: string[] }>
  /** Creates an economy as the API does. */
  createEconomy(initialGrant?: bigint): Promise<Economy>
  untilActive(economy: Economy, timeoutMs?: number): Promise<void>
  /** Users with wallets, and a transaction type `reward` from the company to users. */
  addUsers(economy: Economy, count: number): Promise<{ userIds: string[]; typeId: string }>
  /** Accepts one reward of `amount` per user in one batch, as the API does, ringing for nothing. */
  reward(economy: Economy, typeId: string, userIds: readonly string[], amount: bigint): Promise<number>
  /** Creates an airdrop of 2 base units to every user, as the API does, ringing for nothing. */
  airdrop(economy: Economy, typeId: string): Promise<string>
  /** How many of the economy's transactions are in each status. */
  statuses(economy: Economy): Promise<Record<string, number>>
  close(): Promise<void>
}

export async function aBed(): Promise<Bed> {
  const bed = await startBed({
    chainId: CHAIN_ID,
    blockTimeSeconds: BLOCK_TIME_SECONDS,
    finalityDepth: FINALITY_DEPTH,
  })
  const { testDatabase, redis, anvil, owner } = bed
  const tenantId = uuidv7()
  await owner.query('INSERT INTO tenant (id, name) VALUES ($1, $2)', [tenantId, 'Acme'])
  const env = {
    ...bed.env,
    OPERATOR_KEY: 'operator-key-for-tests-0123456789abcdef',
    WORKER_METRICS_PORT: '0',
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  }
  const config = loadWorkerConfig(env)
  const database = new Database({ url: testDatabase.appUrl, poolSize: 4, applicationName: 'test-api' })
  const sealer = createSealer(config.keys.keyEncryptionKey)
  const unitOfWork = createUnitOfWork({ database, ids, sealer })
  const contracts = (await readChainContracts({ pool: owner })).get(CHAIN_ID)
  if (!contracts) throw new Error('the contracts were deployed above')
  const addressBook = createAddressBook(() => contracts)
  const acceptDeps = {
    acceptance: createAcceptanceStore(database, createRuleCompiler()),
    configs: new Map(),
    clock,
    ids,
    priceMaxAgeMs: 3_600_000,
    wakeLanes() {},
  }
  const workers: RunningWorker[] = []

  return {
    config,
    env,
    redis,
    anvil,
    testDatabase,
    owner,
    contracts,
    addressBook,
    tenantId,

    async startWorker(around) {
      const gaveUp: string[] = []
      const logger = pino({ level: config.log.level })
      const worker = await startWorker(config, logger, {
        giveUp: (reason) => gaveUp.push(reason),
        ...(around && { around }),
      })
      workers.push(worker)
      return { ...worker, gaveUp }
    },

    createEconomy: async (initialGrant = 10n ** 24n) =>
      createEconomy(
        { unitOfWork, addressBook, gatewayCalls: createGatewayCalls(), clock, ids },
        {
          actor: { tenantId, type: 'system', id: 'test' },
          name: 'Acme Coin',
          symbol: `A${randomBytes(3).toString('hex').toUpperCase()}`,
          decimals: 18,
          environment: 'sandbox',
          initialGrant,
          metadata: {},
        },
      ),

    untilActive: async (economy, timeoutMs = 30_000) =>
      until(
        'the economy is active',
        async () => {
          const { rows } = await owner.query('SELECT status, failure_reason FROM economy WHERE id = $1', [
            economy.id,
          ])
          if (rows[0].status === 'failed') throw new Error(rows[0].failure_reason)
          return rows[0].status === 'active'
        },
        timeoutMs,
      ),

    async addUsers(economy, count) {
      const userIds = Array.from({ length: count }, () => uuidv7())
      const salts = userIds.map((id) => Buffer.from(userSalt(id)))
      const addresses = salts.map((salt) => addressBook.holderAddress(CHAIN_ID, economy.tokenAddress, salt))
      await owner.query(
        'INSERT INTO economy_user (economy_id, id, tenant_id) SELECT $1, id, $2 FROM unnest($3::uuid[]) AS u(id)',
        [economy.id, tenantId, userIds],
      )
      await owner.query(
        `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt) SELECT $1, id, $2, address, salt
         FROM unnest($3::uuid[], $4::text[], $5::bytea[]) AS u(id, address, salt)`,
        [economy.id, tenantId, userIds, addresses, salts],
      )
      await owner.query(
        `INSERT INTO account (economy_id, id, tenant_id, kind, address) SELECT $1, id, $2, 'wallet', address
         FROM unnest($3::uuid[], $4::text[]) AS u(id, address)`,
        [economy.id, tenantId, userIds, addresses],
      )
      const typeId = uuidv7()
      await owner.query(
        `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount) VALUES ($1, $2, $3, $4, 'company_to_user', true)`,
        [economy.id, typeId, tenantId, `reward-${typeId}`],
      )
      await owner.query('UPDATE economy SET config_version = config_version + 1 WHERE id = $1', [economy.id])
      return { userIds, typeId }
    },

    async reward(economy, typeId, userIds, amount) {
      const [result] = await acceptTransactions(acceptDeps, [
        {
          tenantId,
          economyId: economy.id,
          items: userIds.map((toUserId) => ({
            type: { id: typeId },
            fromUserId: null,
            toUserId,
            amount: amount.toString(),
            commission: null,
            metadata: {},
          })),
          idempotency: null,
          dryRun: false,
        },
      ])
      if (!result || 'error' in result) throw new Error('the batch was refused')
      return result.items.filter((item) => 'accepted' in item).length
    },

    async airdrop(economy, typeId) {
      const loadEconomyConfig = createLoadEconomyConfig(database, createRuleCompiler())
      const airdrop = await createAirdrop(
        { unitOfWork, loadEconomyConfig, clock, ids, priceMaxAgeMs: 3_600_000 },
        {
          actor: { tenantId, type: 'system', id: 'test' },
          economyId: economy.id,
          type: { id: typeId },
          amount: '2',
          recipients: { kind: 'all' },
          metadata: {},
        },
      )
      return airdrop.id
    },

    async statuses(economy) {
      const { rows } = await owner.query<{ status: string; count: number }>(
        'SELECT status, count(*)::int AS count FROM transaction_state WHERE economy_id = $1 GROUP BY status',
        [economy.id],
      )
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
    },

    async close() {
      await Promise.allSettled(workers.map(async (worker) => worker.stop(1_000)))
      await database.close()
      await bed.close()
    },
  }
}

/** Each user's balance on the chain, to be compared with the ledger's. */
export async function balancesOnChain(
  bed: Bed,
  economy: Economy,
  userIds: readonly string[],
): Promise<bigint[]> {
  return Promise.all(
    userIds.map(async (id) => {
      const address = bed.addressBook.holderAddress(CHAIN_ID, economy.tokenAddress, userSalt(id))
      const data = `0x70a08231${address.slice(2).padStart(64, '0')}`
      return BigInt(String(await bed.anvil.rpc('eth_call', [{ to: economy.tokenAddress, data }, 'latest'])))
    }),
  )
}
