import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { type RedisServer, startRedisServer } from '#test/worker/redis-server.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from './stack.ts'

const LANES = 2

export interface BedOptions {
  chainId: number
  blockTimeSeconds: number
  finalityDepth: number
}

/** What our processes stand on: a chain with the platform's contracts and funded relayers, a database, a Redis of its own. */
export interface BareBed {
  testDatabase: TestDatabase
  redis: RedisServer
  anvil: TestAnvil
  owner: pg.Pool
  /** Settings that every process on this bed shares. */
  env: Record<'DATABASE_URL' | 'DATABASE_WORKER_URL' | 'REDIS_URL' | 'KEY_ENCRYPTION_KEY' | 'CHAINS', string>
  close(): Promise<void>
}

export async function startBed(options: BedOptions): Promise<BareBed> {
  const [testDatabase, redis, anvil] = await Promise.all([
    createTestDatabase(),
    startRedisServer(),
    startTestAnvil(options),
  ])
  const owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 3 })
  // Connections that the database's end cuts are no failure of a test.
  owner.on('error', () => undefined)
  await owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'utility', 'utility', $2, $3)`,
    [options.chainId, options.blockTimeSeconds * 1_000, options.finalityDepth],
  )
  const keyEncryptionKey = randomBytes(32)
  const onChain = {
    chainId: options.chainId,
    rpcUrl: anvil.rpcUrl,
    deployerKey: LOCAL_DEPLOYER_KEY,
    databaseUrl: testDatabase.ownerUrl,
  }
  await deployContracts(onChain)
  await provisionLanes({ ...onChain, lanes: LANES, keyEncryptionKey })
  return {
    testDatabase,
    redis,
    anvil,
    owner,
    env: {
      DATABASE_URL: testDatabase.appUrl,
      DATABASE_WORKER_URL: testDatabase.workerUrl,
      REDIS_URL: redis.url,
      KEY_ENCRYPTION_KEY: keyEncryptionKey.toString('base64url'),
      CHAINS: JSON.stringify(chainsAt(anvil.rpcUrl, options)),
    },
    async close() {
      await Promise.allSettled([owner.end(), anvil.stop(), redis.stop()])
      await testDatabase.drop()
    },
  }
}

/** The value chain is named because every configuration has one; nothing asks it here. */
function chainsAt(rpcUrl: string, { chainId, blockTimeSeconds, finalityDepth }: BedOptions): unknown[] {
  return (['value', 'utility'] as const).map((role) => ({
    id: role === 'utility' ? chainId : chainId + 1_000_000,
    role,
    name: role,
    rpc_urls: [rpcUrl],
    block_time_ms: blockTimeSeconds * 1_000,
    finality_depth: finalityDepth,
  }))
}
