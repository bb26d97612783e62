import { Wallet, ZeroAddress } from 'ethers'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { gateway } from '#adapters/evm/generated/gateway.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { type DeployGateways, deployGateways } from '#scripts/deploy-gateways.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

const CHAINS = { value: 31_011, utility: 31_012 }

let database: TestDatabase
let owner: pg.Pool
let anvils: TestAnvil[]
let options: DeployGateways

beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
  owner.on('error', () => undefined)
  for (const [role, id] of Object.entries(CHAINS)) {
    await owner.query(
      'INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, $2, $2, 1000, 3)',
      [id, role],
    )
  }
  const [value, utility] = await Promise.all([
    startTestAnvil({ chainId: CHAINS.value, blockTimeSeconds: 0.1 }),
    startTestAnvil({ chainId: CHAINS.utility, blockTimeSeconds: 0.1 }),
  ])
  anvils = [value, utility]
  const databaseUrl = database.ownerUrl
  await deployContracts({ ...utility, deployerKey: LOCAL_DEPLOYER_KEY, databaseUrl })
  const signers = [Wallet.createRandom().address]
  options = {
    value,
    utility,
    databaseUrl,
    deployerKey: LOCAL_DEPLOYER_KEY,
    signers,
    threshold: 1,
    guardian: ZeroAddress,
    anchorDelay: 0,
    haltAfter: 86_400,
    feeders: signers,
    feedersThreshold: 1,
  }
}, 90_000)

afterAll(async () => {
  await owner?.end()
  await Promise.all((anvils ?? []).map((anvil) => anvil.stop()))
  await database?.drop()
})

const recorded = async (chainId: number) => {
  const { rows } = await owner.query<{ contracts: Record<string, string> }>(
    'SELECT contracts FROM chain WHERE id = $1',
    [chainId],
  )
  return rows[0]?.contracts ?? {}
}

it('deploys a pair once, records it beside the contracts that are there, and leaves it as it is', async () => {
  const before = await recorded(CHAINS.utility)
  const contracts = await deployGateways(options)
  expect(await recorded(CHAINS.value)).toEqual({
    ...contracts.value,
    deployed_at_block: expect.stringMatching(/^\d+$/),
  })
  expect(await recorded(CHAINS.utility)).toEqual({
    ...before,
    ...contracts.utility,
    value_chain_id: String(CHAINS.value),
  })
  expect(await deployGateways(options)).toEqual(contracts)

  const remote = await anvils[0]?.rpc('eth_call', [
    { to: contracts.value.gateway, data: gateway.encodeCall('REMOTE_GATEWAY') },
    'latest',
  ])
  expect(gateway.decodeResult('REMOTE_GATEWAY', String(remote)).toLowerCase()).toBe(
    contracts.utility.co_gateway,
  )
}, 60_000)

it('starts over when a run was interrupted before it was recorded', async () => {
  const first = await deployGateways(options)
  await owner.query(`UPDATE chain SET contracts = contracts - 'gateway' WHERE id = $1`, [CHAINS.value])
  const second = await deployGateways(options)
  expect(second.value.gateway).not.toBe(first.value.gateway)
  expect(second.utility.co_gateway).not.toBe(first.utility.co_gateway)
  expect(await recorded(CHAINS.value)).toMatchObject(second.value)
}, 60_000)
