import { JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import { valueToken } from '#adapters/evm/generated/value-token.ts'
import { runCli } from '#apps/cli/run-cli.ts'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type { WireEconomy } from '#apps/cli/wire.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { fakeTerminal } from '#test/cli/fake-terminal.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { done } from '#test/support/gateway-pair.ts'
import { type Platform, startPlatform } from './platform.ts'

const UNIT = 10n ** 18n
const RATE = 100n

/** What a stake looks like on the wire, as far as these tests read it. */
interface WireStake {
  id: string
  status: string
  typed_data: {
    domain: object
    types: Record<string, { name: string; type: string }[]>
    message: Record<string, string>
  }
  transactions: Record<string, { chain_id: number; to: string; data: string }>
  steps: { name: string; status: string; transaction_hash: string | null }[]
}

let platform: Platform
let provider: JsonRpcProvider
let staker: Wallet
let tenant: V3Client
let economy: WireEconomy
let inside: V3Client
let insideKey: string

beforeAll(async () => {
  platform = await startPlatform({ blockTimeSeconds: 0.3, finalityDepth: 2, isPair: true })
  const { valueAnvil } = platform
  if (!valueAnvil) throw new Error('a pair has a value chain')
  provider = new JsonRpcProvider(valueAnvil.rpcUrl, valueAnvil.chainId, {
    staticNetwork: true,
    pollingInterval: 50,
    cacheTimeout: -1,
  })
  staker = new Wallet(Wallet.createRandom().privateKey, provider)
  const deployer = new NonceManager(new Wallet(LOCAL_DEPLOYER_KEY, provider))
  const [row] = await platform.sql<{ token: string }>(
    `SELECT contracts ->> 'value_token' AS token FROM chain WHERE role = 'value'`,
  )
  await done(valueToken.at(row?.token ?? '', deployer).grant(staker.address, 10_000n * UNIT))
  await (await deployer.sendTransaction({ to: staker.address, value: UNIT })).wait(1, 30_000)
  tenant = await platform.createTenant()
  economy = await tenant.post<WireEconomy>('/v3/economies', {
    name: 'Backed',
    symbol: 'BACK',
    environment: 'production',
    rate: String(RATE),
  })
  const key = await tenant.post<{ secret: string }>('/v3/api-keys', {
    name: 'Backend',
    environment: 'production',
    economy_id: economy.id,
    scopes: DATA_SCOPES,
  })
  insideKey = key.secret
  inside = tenant.with({ key: insideKey })
}, 180_000)
afterAll(async () => {
  provider?.destroy()
  await platform?.close()
})

const stakeOf = async (id: string) => inside.get<WireStake>(`/v3/stakes/${id}`)
const untilStake = async (id: string, status: string, timeout = 60_000) =>
  expect.poll(async () => (await stakeOf(id)).status, { timeout, interval: 200 }).toBe(status)
const prepare = async (body: object) =>
  inside.post<WireStake>('/v3/stakes', { staker: staker.address, ...body })
const sign = async ({ typed_data: { domain, types, message } }: WireStake) => {
  const { EIP712Domain: _, ...own } = types
  return staker.signTypedData(domain, own, message)
}
const topicsOf = async (id: string) =>
  (await inside.get<{ data: { type: string; data: { id: string } }[] }>('/v3/events?limit=100')).data
    .filter(({ data }) => data.id === id)
    .map(({ type }) => type)
    .filter((type) => type !== 'stake.stalled')
const supply = async () => {
  const utility = new JsonRpcProvider(platform.anvil.rpcUrl, platform.chainId, { staticNetwork: true })
  try {
    return await utilityBrandedToken.at(economy.token_address, utility).totalSupply()
  } finally {
    utility.destroy()
  }
}

it('one signature stakes, mints, and makes the economy active', async () => {
  const stake = await prepare({ amount: `${1_000n * UNIT}`, bounty: `${UNIT}`, fee: '5' })
  expect(stake.status).toBe('awaiting_signature')
  await inside.post(`/v3/stakes/${stake.id}/submit`, { signature: await sign(stake) })
  await untilStake(stake.id, 'completed', 90_000)
  const { steps } = await stakeOf(stake.id)
  expect(steps.map((step) => [step.name, step.status])).toEqual([
    ['stake', 'done'],
    ['confirm', 'done'],
    ['mint', 'done'],
    ['release', 'done'],
  ])
  for (const { transaction_hash } of steps) expect(transaction_hash).toMatch(/^0x[0-9a-f]{64}$/)
  const states = ['created', 'signed', 'declared', 'confirmed', 'progressed', 'completed']
  expect(await topicsOf(stake.id)).toEqual(states.map((state) => `stake.${state}`))
  expect(await supply()).toBe(1_000n * UNIT * RATE)
  await expect
    .poll(async () => (await tenant.get<WireEconomy>(`/v3/economies/${economy.id}`)).status, {
      timeout: 20_000,
      interval: 200,
    })
    .toBe('active')
  const balance = async () =>
    (await inside.get<{ settled: string }>(`/v3/users/${economy.company_user_id}/balance`)).settled
  await expect.poll(balance, { timeout: 20_000, interval: 200 }).toBe(`${1_000n * UNIT * RATE - 5n}`)
}, 150_000)

it('transactions of the staker’s own wallet do as well, and the backing is what both chains say', async () => {
  const stake = await prepare({ amount: `${50n * UNIT}` })
  const { approve, stake: send } = stake.transactions
  for (const transaction of [approve, send]) {
    if (!transaction) throw new Error('a stake has both')
    await (await staker.sendTransaction({ to: transaction.to, data: transaction.data })).wait(1, 30_000)
  }
  await untilStake(stake.id, 'completed', 90_000)
  expect(await supply()).toBe(1_050n * UNIT * RATE)
  const observed = async () =>
    (await inside.get<{ observed: Record<string, unknown> | null }>('/v3/token/backing')).observed
  await expect.poll(observed, { timeout: 60_000, interval: 500 }).toMatchObject({
    staked: `${1_050n * UNIT}`,
    in_flight: '0',
    supply: `${1_050n * UNIT * RATE}`,
    required: `${1_050n * UNIT}`,
    ratio: '1.000000',
  })
}, 150_000)

it('what the staker takes back in time is refunded, and nothing is minted', async () => {
  const before = await supply()
  const stake = await prepare({ amount: `${10n * UNIT}`, bounty: `${UNIT}` })
  const { approve, stake: send, approve_penalty: penalty, revoke } = stake.transactions
  await platform.worker.stop()
  for (const transaction of [approve, send, penalty, revoke]) {
    if (!transaction) throw new Error('a stake has all four')
    await (await staker.sendTransaction({ to: transaction.to, data: transaction.data })).wait(1, 30_000)
  }
  await platform.worker.start()
  await untilStake(stake.id, 'revoked', 120_000)
  expect((await topicsOf(stake.id)).at(-1)).toBe('stake.revoked')
  expect(await supply()).toBe(before)
}, 180_000)

it('is minted once, however often the facilitator is killed on its way', async () => {
  const before = await supply()
  const stake = await prepare({ amount: `${20n * UNIT}`, bounty: `${UNIT}` })
  await inside.post(`/v3/stakes/${stake.id}/submit`, { signature: await sign(stake) })
  const reached = new Set<string>()
  for (let kills = 0; kills < 40; kills += 1) {
    const { status } = await stakeOf(stake.id)
    if (status === 'completed') break
    // Once in each status, whatever it was doing then; after that it may go on.
    if (reached.has(status)) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      continue
    }
    reached.add(status)
    await platform.worker.kill()
    await platform.worker.start()
  }
  await untilStake(stake.id, 'completed', 90_000)
  expect(reached.size).toBeGreaterThanOrEqual(3)
  expect(await supply()).toBe(before + 20n * UNIT * RATE)
  const calls = await platform.sql<{ calls: number; reverted: number }>(
    `SELECT count(*)::int AS calls, count(*) FILTER (WHERE s.status = 'reverted')::int AS reverted
     FROM chain_submission s WHERE s.kind = 'gateway_call' AND s.created_at >= (SELECT created_at FROM gateway_message WHERE id = $1)`,
    [uuidOfWire(stake.id)],
  )
  // Declared, confirmed, minted, released: nothing of it was sent a second time.
  expect(calls).toEqual([{ calls: 4, reverted: 0 }])
}, 200_000)

it('the command line stakes with a key of its own, says each step, and finds a stake again', async () => {
  const env = { OST_API_URL: platform.api.url, OST_API_KEY: insideKey, STAKER_KEY: staker.privateKey }
  const run = async (...args: string[]) => {
    const terminal = fakeTerminal(env)
    const exitCode = await runCli(['stake', ...args], terminal)
    return { exitCode, ...terminal.written }
  }
  const before = await supply()
  const { exitCode, out, err } = await run('--amount', '2.5')
  expect({ exitCode, err }).toMatchObject({
    exitCode: 0,
    err: expect.stringMatching(/completed: stake ✓  confirm ✓  mint ✓  release ✓/),
  })
  expect(out).toMatch(/staked\s+2\.5 value tokens/)
  expect(await supply()).toBe(before + (5n * UNIT * RATE) / 2n)
  expect(err + out).not.toContain(staker.privateKey)
  const [id = ''] = /stk_\w+/.exec(out) ?? []
  expect(await run('--resume', id)).toMatchObject({ exitCode: 0 })
  expect(await supply()).toBe(before + (5n * UNIT * RATE) / 2n)
}, 150_000)

it.each([
  { env: {}, args: ['--amount', '1'], says: /Set STAKER_KEY/ },
  { env: { STAKER_KEY: '0x12' }, args: ['--amount', '1'], says: /no private key/ },
  { env: { STAKER_KEY: Wallet.createRandom().privateKey }, args: [], says: /--amount/ },
])('the command line says what is missing: $says', async ({ env, args, says }) => {
  const terminal = fakeTerminal({ OST_API_URL: platform.api.url, OST_API_KEY: insideKey, ...env })
  expect(await runCli(['stake', ...args], terminal)).toBe(2)
  expect(terminal.written.err).toMatch(says)
})
