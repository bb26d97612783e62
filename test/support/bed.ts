import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { setUpPair } from '#scripts/set-up-pair.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { type RedisServer, startRedisServer } from '#test/worker/redis-server.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from './stack.ts'

const LANES = 2
const VALUE_CHAIN_OFFSET = 1_000_000

export interface BedOptions {
  chainId: number
  blockTimeSeconds: number
  finalityDepth: number
  /** With a value chain, gateways, and a facilitator on either chain. */
  isPair?: boolean
}

/** What our processes stand on: a chain with the platform's contracts and funded relayers, a database, a Redis of its own. */
export interface BareBed {
  testDatabase: TestDatabase
  redis: RedisServer
  anvil: TestAnvil
  /** Only of a pair. */
  valueAnvil: TestAnvil | null
  owner: pg.Pool
  /** Settings that every process on this bed shares. */
  env: Record<'DATABASE_URL' | 'DATABASE_WORKER_URL' | 'REDIS_URL' | 'KEY_ENCRYPTION_KEY' | 'CHAINS', string>
  close(): Promise<void>
}

export async function startBed(options: BedOptions): Promise<BareBed> {
  const valueChainId = options.chainId + VALUE_CHAIN_OFFSET
  const [testDatabase, redis, anvil, valueAnvil] = await Promise.all([
    createTestDatabase(),
    startRedisServer(),
    startTestAnvil(options),
    options.isPair ? startTestAnvil({ ...options, chainId: valueChainId }) : null,
  ])
  const owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 3 })
  // Connections that the database's end cuts are no failure of a test.
  owner.on('error', () => undefined)
  const chainIds = { utility: options.chainId, ...(valueAnvil && { value: valueChainId }) }
  for (const [role, id] of Object.entries(chainIds)) {
    await owner.query(
      'INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, $2, $2, $3, $4)',
      [id, role, options.blockTimeSeconds * 1_000, options.finalityDepth],
    )
  }
  const keyEncryptionKey = randomBytes(32)
  const onChain = {
    chainId: options.chainId,
    rpcUrl: anvil.rpcUrl,
    deployerKey: LOCAL_DEPLOYER_KEY,
    databaseUrl: testDatabase.ownerUrl,
  }
  await deployContracts(onChain)
  await provisionLanes({ ...onChain, lanes: LANES, keyEncryptionKey })
  if (valueAnvil) {
    await setUpPair({
      value: valueAnvil,
      utility: anvil,
      deployerKey: LOCAL_DEPLOYER_KEY,
      databaseUrl: testDatabase.ownerUrl,
      keyEncryptionKey,
    })
  }
  return {
    testDatabase,
    redis,
    anvil,
    valueAnvil,
    owner,
    env: {
      DATABASE_URL: testDatabase.appUrl,
      DATABASE_WORKER_URL: testDatabase.workerUrl,
      REDIS_URL: redis.url,
      KEY_ENCRYPTION_KEY: keyEncryptionKey.toString('base64url'),
      CHAINS: JSON.stringify(chainsAt(anvil, valueAnvil ?? anvil, options)),
    },
    async close() {
      await Promise.allSettled([owner.end(), anvil.stop(), valueAnvil?.stop(), redis.stop()])
      await testDatabase.drop()
    },
  }
}

/** Without a pair the value chain is named because every configuration has one, and nothing asks it. */
function chainsAt(utility: TestAnvil, value: TestAnvil, options: BedOptions): unknown[] {
  const { chainId, blockTimeSeconds, finalityDepth } = options
  return (['value', 'utility'] as const).map((role) => ({
    id: role === 'utility' ? chainId : chainId + VALUE_CHAIN_OFFSET,
    role,
    name: role,
    rpc_urls: [role === 'utility' ? utility.rpcUrl : value.rpcUrl],
    block_time_ms: blockTimeSeconds * 1_000,
    finality_depth: finalityDepth,
  }))
}
