import { JsonRpcProvider, Wallet } from 'ethers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { priceOracle } from '#adapters/evm/generated/price-oracle.ts'
import { startWorker } from '#apps/worker/start-worker.ts'
import type { Economy } from '#core/economy/economy.ts'
import type { GatewayContracts } from '#scripts/deploy-gateways.ts'
import { createBackedToken, deployPair } from '#test/support/backed-token.ts'
import { startTestAnvil, type TestAnvil } from '#test/support/stack.ts'
import { aBed, type Bed } from './live-economy.ts'
import { until } from './redis-server.ts'

const VALUE = 31_342
const feeders = [Wallet.createRandom(), Wallet.createRandom()]

let bed: Bed
let value: TestAnvil
let provider: JsonRpcProvider
let contracts: GatewayContracts
let economy: Economy

beforeAll(async () => {
  bed = await aBed()
  value = await startTestAnvil({ chainId: VALUE, blockTimeSeconds: 0.2 })
  provider = new JsonRpcProvider(bed.anvil.rpcUrl, bed.anvil.chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
  })
  await bed.owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'value', 'value', 200, 2)`,
    [VALUE],
  )
  const pair = { value, utility: bed.anvil }
  contracts = await deployPair(
    pair,
    bed.testDatabase.ownerUrl,
    feeders.map(({ address }) => address),
  )
  const { token } = await createBackedToken(provider, bed.contracts, contracts, {
    rate: 10n,
    rateDecimals: 0n,
  })
  economy = await bed.createEconomy()
  // As if its stake had been registered: what is read is the token's own way to its price.
  await bed.owner.query(`UPDATE economy SET status = 'active', token_address = $2 WHERE id = $1`, [
    economy.id,
    token.toLowerCase(),
  ])
}, 240_000)

afterAll(async () => {
  provider?.destroy()
  await bed?.close()
  await value?.stop()
})

it('workers sign a price once, carry it to the oracle, follow it, and record it', async () => {
  const asset = contracts.value.value_token
  const config = {
    ...bed.config,
    pricing: {
      ...bed.config.pricing,
      feeds: [{ currency: 'USD' as const, asset, price: '0.25' }],
      feederKeys: feeders.map(({ privateKey }) => privateKey),
    },
  }
  const logger = pino({ level: 'silent' })
  const start = () => startWorker(config, logger, { giveUp: (reason) => expect.fail(reason) })
  // The first one may be cut off anywhere between signing and the block.
  const first = await start()
  const submissions = async () =>
    (
      await bed.owner.query<{ status: string }>(
        `SELECT status FROM chain_submission WHERE kind = 'price_report'`,
      )
    ).rows
  await until('a report is queued', async () => (await submissions()).length > 0, 30_000)
  await first.stop(0)
  const others = await Promise.all([start(), start()])
  const point = async () =>
    (
      await bed.owner.query(
        `SELECT price::float, value_price::float, source, block_number::int FROM price_point WHERE economy_id = $1`,
        [economy.id],
      )
    ).rows
  await until('the price is recorded', async () => (await point()).length > 0, 60_000)
  expect(await point()).toEqual([
    { price: 0.025, value_price: 0.25, source: 'chain', block_number: expect.any(Number) },
  ])
  await until('the report is final', async () => (await submissions())[0]?.status === 'confirmed', 30_000)
  expect(await submissions()).toHaveLength(1)
  const [onChain] = await priceOracle
    .at(contracts.utility.price_oracle, provider)
    .latestPrice(asset, '0x555344')
  expect(onChain).toBe(25n * 10n ** 16n)
  await Promise.all(others.map((worker) => worker.stop(1_000)))
}, 180_000)
