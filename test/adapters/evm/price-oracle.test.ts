import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hexlify, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { priceOracle } from '#adapters/evm/generated/price-oracle.ts'
import { pricerRule } from '#adapters/evm/generated/pricer-rule.ts'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import { createOracleReader, createPriceSigner } from '#adapters/evm/price-oracle.ts'
import { createLoadEconomyConfig } from '#adapters/postgres/economy-config.ts'
import { createReportStore } from '#adapters/postgres/report-store.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { createPriceFeed, type PriceFeedSettings } from '#adapters/price-feed/price-feed.ts'
import { publishPrice } from '#core/oracle/publish-price.ts'
import { readPrices } from '#core/oracle/read-prices.ts'
import type { PriceFeed } from '#core/rule/price-feed.ts'
import { priceTransaction } from '#core/rule/price-transaction.ts'
import { recordPrice } from '#core/rule/record-price.ts'
import type { Pricing } from '#core/rule/transaction-type.ts'
import { submitLane } from '#core/transaction/submit-lane.ts'
import type { GatewayContracts } from '#scripts/deploy-gateways.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { createBackedToken, deployPair } from '#test/support/backed-token.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { done } from '#test/support/gateway-pair.ts'
import {
  createLaneFixture,
  KEY_ENCRYPTION_KEY,
  type LaneFixture,
  waitUntilMined,
} from '#test/support/lane-fixture.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

const [UTILITY, VALUE] = [31_340, 31_341]
/** 1 OST = 123.45 BT. */
const TERMS = { rate: 12_345n, rateDecimals: 2n }
const HOUR_MS = 3_600_000
const USD = '0x555344'

let database: TestDatabase
let anvils: { utility: TestAnvil; value: TestAnvil }
let fixture: LaneFixture
let contracts: GatewayContracts
let economy: EconomyFixture & { gatewayId: string; token: string }
let provider: JsonRpcProvider
const signer = () => new NonceManager(new Wallet(LOCAL_DEPLOYER_KEY, provider))
const feeders = [Wallet.createRandom(), Wallet.createRandom(), Wallet.createRandom()]
/** Keys of this process: two of the three feeders, and one of nobody. */
const keys = [Wallet.createRandom(), feeders[2], feeders[0]].map((wallet) => wallet?.privateKey ?? '')

beforeAll(async () => {
  database = await createTestDatabase()
  const [utility, value] = await Promise.all([
    startTestAnvil({ chainId: UTILITY, blockTimeSeconds: 0.2 }),
    startTestAnvil({ chainId: VALUE, blockTimeSeconds: 0.2 }),
  ])
  anvils = { utility, value }
  provider = new JsonRpcProvider(utility.rpcUrl, UTILITY, {
    staticNetwork: true,
    pollingInterval: 50,
    cacheTimeout: -1,
  })
  fixture = await createLaneFixture({ database, chain: utility })
  await fixture.owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'value', 'value', 200, 2)`,
    [VALUE],
  )
  contracts = await deployPair(
    anvils,
    database.ownerUrl,
    feeders.map(({ address }) => address),
  )
  economy = await aBackedEconomy()
}, 180_000)

afterAll(async () => {
  provider?.destroy()
  await fixture?.close()
  await Promise.all([anvils?.utility.stop(), anvils?.value.stop()])
  await database?.drop()
})

/** An economy in the database whose token the co-gateway mints. */
async function aBackedEconomy() {
  const backed = await createBackedToken(provider, fixture.contracts, contracts, TERMS)
  const inserted = await insertEconomy(database.ownerUrl, { chainId: UTILITY })
  const { laneId, economyId } = inserted
  // Its lane has no key.
  await fixture.owner.query(`UPDATE lane SET status = 'paused', pause_reason = 'operator' WHERE id = $1`, [
    laneId,
  ])
  await fixture.owner.query('UPDATE economy SET token_address = $2 WHERE id = $1', [
    economyId,
    backed.token.toLowerCase(),
  ])
  return { ...inserted, ...backed }
}

const ids = { next: uuidv7 }
const clock = { now: () => new Date() }

function aWorker(feederKeys = keys) {
  const { chains, observer } = fixture.submitter()
  const clientOf = (chainId: number) => chains.client(chainId)
  const unitOfWork = createUnitOfWork({
    database: fixture.database,
    ids,
    sealer: createSealer(KEY_ENCRYPTION_KEY),
  })
  return {
    oracle: createOracleReader(clientOf),
    signer: createPriceSigner(feederKeys, clientOf),
    reports: createReportStore(fixture.database),
    recorded: new Map<string, number>(),
    unitOfWork,
    clock,
    ids,
    observer,
  }
}

const aFeed = (settings: { price: string } | { source: string; pointer: string; asOfPointer?: string }) => {
  const feed = createPriceFeed({
    currency: 'USD',
    asset: contracts.value.value_token,
    ...settings,
  } as PriceFeedSettings)
  // An asset was given.
  return feed as PriceFeed & { asset: string }
}

async function carry(): Promise<void> {
  await submitLane(fixture.submitter(), fixture.laneIds[0] ?? '')
  await waitUntilMined(fixture)
}

/** Stands in for the indexer: what is in a block is final. */
async function settle(): Promise<void> {
  await carry()
  await fixture.owner.query(`UPDATE chain_submission SET status = CASE WHEN revert_reason IS NULL THEN 'confirmed' ELSE 'reverted' END
                             WHERE kind = 'price_report' AND status = 'mined'`)
}

const onChain = () =>
  priceOracle.at(contracts.utility.price_oracle, provider).latestPrice(contracts.value.value_token, USD)
const tokensOnChain = (fiat: bigint) =>
  pricerRule.at(contracts.utility.pricer_rule, provider).tokensFor(economy.gatewayId, USD, fiat)
const reports = async () =>
  (
    await fixture.owner.query(
      `SELECT s.status FROM price_report r JOIN chain_submission s ON s.id = r.submission_id ORDER BY r.observed_at`,
    )
  ).rows

async function untilRead(worker: ReturnType<typeof aWorker>): Promise<number> {
  let points = 0
  await expect
    .poll(async () => (points += await readPrices(worker)), { timeout: 20_000, interval: 200 })
    .toBeGreaterThan(0)
  return points
}

async function priceInForce() {
  const load = createLoadEconomyConfig(fixture.database, createRuleCompiler())
  return (await load(economy.tenantId, economy.economyId)).prices.get('USD')
}

const accept = async (amount: string, now = new Date()) =>
  priceTransaction({
    type: { currency: 'USD', amount: null, commission: null } as Pricing,
    amount,
    price: await priceInForce(),
    tokenDecimals: 18,
    now,
    priceMaxAgeMs: HOUR_MS,
  })

/** The oracle takes whole seconds, strictly rising. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1_100))

describe('a price of a value token', { timeout: 60_000 }, () => {
  it('is signed by k feeders, brought by a lane once however often it is asked for, and read back once it is final', async () => {
    expect(await accept('1').catch((error: { code: string }) => error.code)).toBe('price_missing')
    const [one, other] = [aWorker(), aWorker()]
    const both = await Promise.all([
      publishPrice(one, aFeed({ price: '0.0517' })),
      publishPrice(other, aFeed({ price: '0.0517' })),
    ])
    expect(both.flat()).toHaveLength(1)
    expect(both.flat()[0]).toMatchObject({ chainId: UTILITY, because: 'first', laneId: fixture.laneIds[0] })
    // Queued, then in a block that is not final: whatever the feed says, nothing else is sent.
    await nextSecond()
    expect(await publishPrice(one, aFeed({ price: '0.09' }))).toEqual([])
    await carry()
    expect(await publishPrice(one, aFeed({ price: '0.09' }))).toEqual([])
    await settle()
    expect(await reports()).toEqual([{ status: 'confirmed' }])
    expect((await onChain())[0]).toBe(51_700_000_000_000_000n)

    expect(await untilRead(one)).toBe(1)
    expect(await readPrices(one)).toBe(0)
    expect(await readPrices(other)).toBe(0)
    const { rows } = await fixture.owner.query(
      `SELECT source, value_price::text, rate::text, rate_decimals, deviates, block_number, block_hash,
              (SELECT count(*)::int FROM outbox_event e WHERE e.subject_id = p.id) AS events
       FROM price_point p WHERE economy_id = $1`,
      [economy.economyId],
    )
    expect(rows).toEqual([
      {
        source: 'chain',
        value_price: '0.051700000000000000',
        rate: '12345',
        rate_decimals: 2,
        deviates: false,
        block_number: expect.any(String),
        block_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        events: 1,
      },
    ])
    const block = await provider.getBlock(Number(rows[0].block_number))
    expect(block?.hash).toBe(rows[0].block_hash)
  })

  it('converts as the chain does: what is accepted is within any bounds that the chain would accept', async () => {
    for (const [amount, fiat] of [
      ['1', 10n ** 18n],
      ['12.5', 125n * 10n ** 17n],
      ['0.000001', 10n ** 12n],
      ['99999.999999', 99_999_999_999n * 10n ** 12n],
    ] as const)
      expect((await accept(amount)).amount, amount).toBe(await tokensOnChain(fiat))

    const { amount } = await accept('7.77')
    const minter = contracts.utility.co_gateway
    await anvils.utility.rpc('anvil_impersonateAccount', [minter])
    await anvils.utility.rpc('anvil_setBalance', [minter, '0xde0b6b3a7640000'])
    const owner = signer()
    const payer = await owner.getAddress()
    const token = utilityBrandedToken.at(economy.token, owner)
    const { data } = await token.mint.populateTransaction(payer, amount)
    await anvils.utility.rpc('eth_sendTransaction', [{ from: minter, to: economy.token, data }])
    await expect.poll(async () => token.balanceOf(payer), { timeout: 10_000 }).toBe(amount)
    await done(token.approve(contracts.utility.pricer_rule, amount))
    const recipient = Wallet.createRandom().address
    const exactly = { minTokens: amount, maxTokens: amount }
    const payment = {
      economyId: economy.gatewayId,
      payer,
      recipients: [recipient],
      fiatAmounts: [777n * 10n ** 16n],
      currency: USD,
      ...exactly,
      nonce: 0n,
      deadline: 4_000_000_000n,
    }
    await done(pricerRule.at(contracts.utility.pricer_rule, owner).pay(payment, '0x'))
    expect(await token.balanceOf(recipient)).toBe(amount)
  })

  it('cannot be overruled by the company, nor by an older point', async () => {
    const actor = { tenantId: economy.tenantId, type: 'system', id: 'test' } as const
    const command = { actor, economyId: economy.economyId, currency: 'USD' as const, price: '1' }
    await expect(recordPrice(aWorker(), command)).rejects.toMatchObject({ code: 'price_from_chain' })
    await fixture.owner.query(
      `INSERT INTO price_point (economy_id, id, tenant_id, currency, price, source, as_of) VALUES ($1, $2, $3, 'USD', 9, 'admin', now() + interval '1 minute')`,
      [economy.economyId, uuidv7(), economy.tenantId],
    )
    expect((await priceInForce())?.source).toBe('chain')
    await recordPrice(aWorker(), { ...command, currency: 'GBP' })
  })

  it('is refused on both sides while it is a jump, and used once a second one confirms it', async () => {
    const worker = aWorker()
    await nextSecond()
    const api = await anApi({ data: { usd: 0.08, at: Math.floor(Date.now() / 1_000) } })
    const { port } = api.address() as AddressInfo
    const feed = aFeed({ source: `http://127.0.0.1:${port}/ost`, pointer: '/data/usd' })
    expect(await publishPrice(worker, feed)).toMatchObject([{ because: 'moved' }])
    await settle()
    await untilRead(worker)
    await expect(accept('1')).rejects.toMatchObject({ code: 'price_deviates' })
    await expect(tokensOnChain(10n ** 18n)).rejects.toMatchObject({ revert: { name: 'PriceDeviates' } })
    await nextSecond()
    expect(await publishPrice(worker, feed)).toMatchObject([{ because: 'confirms a jump' }])
    await settle()
    await untilRead(worker)
    expect((await accept('1')).amount).toBe(await tokensOnChain(10n ** 18n))
    await nextSecond()
    expect(await publishPrice(worker, feed)).toEqual([])
    api.close()
  })

  it('that somebody else was faster with reverts, and the next one goes its way', async () => {
    const worker = aWorker()
    await nextSecond()
    const file = join(tmpdir(), `price-${randomBytes(6).toString('hex')}.json`)
    await writeFile(file, '{"usd": "0.0825"}')
    const feed = aFeed({ source: pathToFileURL(file).href, pointer: '/usd' })
    expect(await publishPrice(worker, feed)).toMatchObject([{ because: 'moved' }])
    await nextSecond()
    const [chain] = await worker.reports.chains()
    if (!chain) throw new Error('there is an oracle')
    const newest = await worker.oracle.newestBlock(chain)
    const report = {
      asset: feed.asset,
      currency: 'USD' as const,
      price: '0.083',
      observedAt: newest.at,
      expiresAt: new Date(newest.at.getTime() + HOUR_MS),
    }
    const call = await worker.signer.sign(chain, report)
    await (await signer().sendTransaction({ to: call.to, data: hexlify(call.calldata) })).wait(1, 20_000)
    await settle()
    expect((await reports()).at(-1)).toEqual({ status: 'reverted' })
    await writeFile(file, '{"usd": "0.085"}')
    await nextSecond()
    expect(await publishPrice(worker, feed)).toMatchObject([{ because: 'moved' }])
    await settle()
    expect((await onChain())[0]).toBe(85n * 10n ** 15n)
    await untilRead(worker)
  })

  it('is not signed by too few feeders', async () => {
    await nextSecond()
    await expect(publishPrice(aWorker([keys[1] ?? '']), aFeed({ price: '0.5' }))).rejects.toThrow(
      /asks for 2 feeders/,
    )
  })

  it('goes stale on both sides when the feeders are silent', async () => {
    const later = new Date(Date.now() + HOUR_MS + 60_000)
    await expect(accept('1', later)).rejects.toMatchObject({
      code: 'price_stale',
      message: expect.stringContaining('feeders'),
    })
    await anvils.utility.rpc('evm_increaseTime', [3_700])
    await anvils.utility.rpc('evm_mine')
    await expect(tokensOnChain(10n ** 18n)).rejects.toMatchObject({ revert: { name: 'StalePrice' } })
  })
})

/** A public API, as far as a feed asks one. */
async function anApi(answer: object): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
