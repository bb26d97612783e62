import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '#apps/cli/run-cli.ts'
import type { WireBacking, WireCreatedTenant, WireEconomy, WirePage, WireStake } from '#apps/cli/wire.ts'
import { VALUE_GAS_WEI } from '#core/gateway/grant-value.ts'
import { DEMO_STAKE, seedBacked } from '#scripts/seed-backed.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { fakeTerminal } from '#test/cli/fake-terminal.ts'
import { type BackedEconomy, RATE, startBackedEconomy, UNIT } from './backed-economy.ts'
import { OPERATOR_KEY } from './platform.ts'

let backed: BackedEconomy

beforeAll(async () => {
  backed = await startBackedEconomy()
}, 180_000)
afterAll(async () => backed?.close())

it('one signature stakes, mints, and makes the economy active', async () => {
  const { economy, inside, tenant, stakeOf, untilStake, supply } = backed
  const stake = await backed.stake({ amount: `${1_000n * UNIT}`, bounty: `${UNIT}`, fee: '5' })
  expect(stake.status).toBe('awaiting_signature')
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
  // The log shows an event once everything before it is decided.
  await expect
    .poll(async () => backed.topicsOf(stake.id), { timeout: 20_000, interval: 200 })
    .toEqual(states.map((state) => `stake.${state}`))
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
  const { inside, untilStake, supply } = backed
  const stake = await backed.prepare({ amount: `${50n * UNIT}` })
  await backed.send(stake, 'approve', 'stake')
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

it('is minted once, however often the facilitator is killed on its way', async () => {
  const { stakeOf, untilStake, supply } = backed
  const before = await supply()
  const stake = await backed.stake({ amount: `${20n * UNIT}`, bounty: `${UNIT}` })
  const reached = await backed.killInEachStatus(async () => (await stakeOf(stake.id)).status)
  await untilStake(stake.id, 'completed', 90_000)
  expect(reached.size).toBeGreaterThanOrEqual(3)
  expect(await supply()).toBe(before + 20n * UNIT * RATE)
  // Declared, confirmed, minted, released: nothing of it was sent a second time.
  expect(await backed.callsSince(stake.id)).toEqual({ calls: 4, reverted: 0 })
}, 200_000)

it('the command line stakes with a key of its own, says each step, and finds a stake again', async () => {
  const { platform, insideKey, staker, supply } = backed
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

it('the faucet gives a new wallet value tokens and gas once, though the worker is killed meanwhile', async () => {
  const { platform, insideKey, ost, providers } = backed
  const { address } = Wallet.createRandom()
  const terminal = fakeTerminal({ OST_API_URL: platform.api.url, OST_API_KEY: insideKey })
  expect(await runCli(['faucet', '--address', address, '--amount', '12.5'], terminal)).toBe(0)
  expect(terminal.written.out).toMatch(/granted\s+12\.5 of 0x/)
  await platform.worker.kill()
  await platform.worker.start()
  const has = async () => [await ost.balanceOf(address), await providers.value.getBalance(address)]
  const given = [(125n * UNIT) / 10n, VALUE_GAS_WEI]
  await expect.poll(has, { timeout: 60_000, interval: 200 }).toEqual(given)
  const ended = async () =>
    platform.sql(
      `SELECT kind, status FROM chain_submission WHERE kind IN ('value_grant', 'value_gas') ORDER BY id`,
    )
  await expect.poll(ended, { timeout: 60_000, interval: 200 }).toEqual([
    { kind: 'value_grant', status: 'confirmed' },
    { kind: 'value_gas', status: 'confirmed' },
  ])
  expect(await has()).toEqual(given)
}, 150_000)

it('the demo’s second economy is backed by a stake of its own, and a second start changes nothing', async () => {
  const { platform, anvils } = backed
  const operator = platform.clientOf(platform.api, OPERATOR_KEY)
  const { api_key } = await operator.post<WireCreatedTenant>('/v3/tenants', {
    name: 'Demo',
    owner: { email: 'demo@example.com', name: 'Demo Owner' },
  })
  const options = {
    apiUrl: platform.api.url,
    tenantKey: api_key.secret,
    value: anvils.value,
    stakerKey: LOCAL_DEPLOYER_KEY,
  }
  const demo = await seedBacked(options)
  const inside = operator.with({ key: demo.api_key })
  expect(await inside.get<WireBacking>('/v3/token/backing')).toMatchObject({
    economy_id: demo.economy_id,
    observed: { staked: `${DEMO_STAKE * UNIT}` },
  })
  expect(await seedBacked({ ...options, known: demo })).toEqual(demo)
  expect((await inside.get<WirePage<WireStake>>('/v3/stakes')).data).toMatchObject([{ status: 'completed' }])
}, 150_000)

it.each([
  { env: {}, args: ['--amount', '1'], says: /Set STAKER_KEY/ },
  { env: { STAKER_KEY: '0x12' }, args: ['--amount', '1'], says: /no private key/ },
  { env: { STAKER_KEY: Wallet.createRandom().privateKey }, args: [], says: /--amount/ },
])('the command line says what is missing: $says', async ({ env, args, says }) => {
  const { platform, insideKey } = backed
  const terminal = fakeTerminal({ OST_API_URL: platform.api.url, OST_API_KEY: insideKey, ...env })
  expect(await runCli(['stake', ...args], terminal)).toBe(2)
  expect(terminal.written.err).toMatch(says)
})
