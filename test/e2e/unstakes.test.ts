import { type JsonRpcProvider, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tokenRules } from '#adapters/evm/generated/token-rules.ts'
import { runCli } from '#apps/cli/run-cli.ts'
import { signUnstake } from '#apps/cli/sign-message.ts'
import type { V3Client } from '#apps/cli/v3-client.ts'
import type { WireEconomy, WireTransactionType, WireUnstake, WireUserBatch } from '#apps/cli/wire.ts'
import { fakeTerminal } from '#test/cli/fake-terminal.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { done } from '#test/support/gateway-pair.ts'
import { type BackedEconomy, RATE, startBackedEconomy, UNIT } from './backed-economy.ts'

const USERS = 20
const TRANSFERS = 1_000

let backed: BackedEconomy
let platform: BackedEconomy['platform']
let inside: V3Client
let economy: WireEconomy
let utility: JsonRpcProvider
/** Has value to stake, and tokens of its own to redeem: the same key on both chains. */
let owner: Wallet
/** Base units that were redeemed for good, those of value that were released for them, and permits that the owner has used. */
let redeemed = 0n
let released = 0n
let permits = 0

beforeAll(async () => {
  backed = await startBackedEconomy()
  ;({ platform, inside, economy } = backed)
  owner = backed.staker
  utility = backed.providers.utility
  const coins = { to: owner.address, value: UNIT }
  await (await backed.deployer.utility.sendTransaction(coins)).wait(1, 30_000)
}, 300_000)
afterAll(async () => backed?.close())

/** Value tokens, base units: for the company, and for the owner itself. */
const COMPANY_STAKE = 100n * UNIT
const OWNER_STAKE = 50n * UNIT
const STAKED = COMPANY_STAKE + OWNER_STAKE

const until = async <Value>(look: () => Promise<Value>, expected: Value, timeout = 90_000) =>
  expect.poll(look, { timeout, interval: 250 }).toEqual(expected)
const unstakeOf = async (id: string) => inside.get<WireUnstake>(`/v3/unstakes/${id}`)
const untilUnstake = async (id: string, status: WireUnstake['status']) =>
  until(async () => (await unstakeOf(id)).status, status, 120_000)
const tokensOf = async (address: string) => backed.token.balanceOf(address)
const valueOf = async (address: string) => backed.ost.balanceOf(address)
const nobody = () => Wallet.createRandom().address

const prepare = async (body: object) =>
  inside.post<WireUnstake>('/v3/unstakes', {
    redeemer: owner.address,
    permit_nonce: `${permits}`,
    ...body,
  })
const submit = async (unstake: WireUnstake) => {
  await signUnstake(inside, owner, unstake)
  permits += 1
}
const toSend = ({ transactions }: WireUnstake) => transactions ?? expect.fail('its redeemer has a key')
const send = async (...transactions: { to: string; data: string }[]) => {
  const wallet = owner.connect(utility)
  for (const { to, data } of transactions) await (await wallet.sendTransaction({ to, data })).wait(1, 30_000)
}

/** Each redemption is rounded down on its own: what is lost stays in the vault. */
function count(amount: bigint): void {
  redeemed += amount
  released += amount / RATE
}

/** What the ledger has of the stake and of the supply, and the sums of the entries behind it. */
const books = async () =>
  platform.sql<{ name: string; balance: string; entries: string }>(
    `SELECT name, balance::text, (SELECT coalesce(sum(amount), 0)::text FROM backing_entry e
            WHERE e.economy_id = a.economy_id AND e.account = a.name) AS entries
     FROM backing_account a WHERE economy_id = $1`,
    [uuidOfWire(economy.id)],
  )

/** Supply, what is staked and the ledger say the same of all that was redeemed so far. */
async function expectEverythingEqual(): Promise<void> {
  const inExistence = STAKED * RATE - redeemed
  expect(await backed.supply()).toBe(inExistence)
  await until(async () => {
    const { observed } = await inside.get<{ observed: Record<string, unknown> | null }>('/v3/token/backing')
    return [observed?.['staked'], observed?.['in_flight'], observed?.['supply'], observed?.['ratio']]
  }, [`${STAKED - released}`, '0', `${inExistence}`, '1.000000'])
  await until(async () => Object.fromEntries((await books()).map(({ name, balance }) => [name, balance])), {
    outside: `${released - STAKED}`,
    in_flight: '0',
    vault: `${STAKED - released}`,
    issuance: `${-inExistence}`,
    supply: `${inExistence}`,
    redeeming: '0',
  })
  for (const { name, balance, entries } of await books()) expect([name, balance]).toEqual([name, entries])
  const accounts = async () =>
    platform.sql<{ address: string; kind: string; settled: string }>(
      'SELECT address, kind, settled::text FROM account WHERE economy_id = $1',
      [uuidOfWire(economy.id)],
    )
  const issuance = async () => (await accounts()).find(({ kind }) => kind === 'issuance')?.settled
  await until(issuance, `${-inExistence}`)
  const holders = await accounts()
  expect(holders.reduce((sum, { settled }) => sum + BigInt(settled), 0n)).toBe(0n)
  for (const { address, settled } of holders.filter(({ kind }) => kind !== 'issuance'))
    expect([address, await tokensOf(address)]).toEqual([address, BigInt(settled)])
}

it('stakes, mints, and moves tokens between users a thousand times', async () => {
  const stakes = [
    await backed.stake({ amount: `${COMPANY_STAKE}` }),
    await backed.stake({ amount: `${OWNER_STAKE}`, beneficiary: owner.address }),
  ]
  for (const { id } of stakes) await backed.untilStake(id, 'completed', 150_000)
  await expectEverythingEqual()

  const { data: users } = await inside.post<WireUserBatch>('/v3/users/batch', {
    users: Array.from({ length: USERS }, (_, n) => ({ external_id: `user-${n}` })),
  })
  const ids = users.map((item) => ('user' in item ? (item.user?.id ?? '') : ''))
  for (const [name, kind] of [
    ['give', 'company_to_user'],
    ['pass on', 'user_to_user'],
  ])
    await inside.post<WireTransactionType>('/v3/transaction-types', { name, kind, currency: 'token' })
  const settled = async () =>
    Number(
      (
        await platform.sql<{ n: number }>(
          `SELECT count(*)::int AS n FROM transaction_state WHERE economy_id = $1 AND status = 'confirmed'`,
          [uuidOfWire(economy.id)],
        )
      )[0]?.n,
    )
  await inside.post('/v3/transactions/batch', {
    transactions: ids.map((to_user_id) => ({ type: 'give', to_user_id, amount: `${100n * UNIT}` })),
  })
  await until(settled, USERS)
  await inside.post('/v3/transactions/batch', {
    transactions: Array.from({ length: TRANSFERS }, (_, n) => ({
      type: 'pass on',
      from_user_id: ids[n % USERS],
      to_user_id: ids[(n + 1 + (n % 7)) % USERS],
      amount: `${n + 1}`,
    })),
  })
  await until(settled, USERS + TRANSFERS)
  await expectEverythingEqual()
}, 400_000)

it('two signatures redeem, pay out, and burn: amounts to the unit on both chains', async () => {
  const beneficiary = nobody()
  const amount = 1_000n * UNIT + 50n
  const unstake = await prepare({ beneficiary, amount: `${amount}`, bounty: '700', fee: '9' })
  expect(unstake.status).toBe('awaiting_signature')
  const before = await tokensOf(owner.address)
  await submit(unstake)
  await untilUnstake(unstake.id, 'completed')
  const { steps } = await unstakeOf(unstake.id)
  expect(steps.map((step) => [step.name, step.status])).toEqual(
    ['redeem', 'confirm', 'unstake', 'burn'].map((name) => [name, 'done']),
  )
  for (const { transaction_hash } of steps) expect(transaction_hash).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await valueOf(beneficiary)).toBe(amount / RATE - 9n)
  expect(unstake.pays).toBe(`${amount / RATE - 9n}`)
  expect(before - (await tokensOf(owner.address))).toBe(amount + 700n)
  expect(await tokensOf(unstake.co_gateway)).toBe(0n)
  // Half a base unit of value is nobody's: it stays in the vault, and so does the other half.
  count(amount)
  expect(await backed.supply()).toBe(STAKED * RATE - redeemed)
  const rest = await prepare({ beneficiary, amount: `${RATE * 5n + 50n}` })
  await submit(rest)
  await untilUnstake(rest.id, 'completed')
  expect(await valueOf(beneficiary)).toBe(amount / RATE - 9n + 5n)
  count(RATE * 5n + 50n)
  expect(await backed.supply()).toBe(STAKED * RATE - redeemed)
}, 300_000)

it('transactions of the redeemer’s own wallet do as well', async () => {
  const beneficiary = nobody()
  const unstake = await prepare({ beneficiary, amount: `${10n * UNIT}` })
  const { approve, redeem } = toSend(unstake)
  await send(approve, redeem)
  await untilUnstake(unstake.id, 'completed')
  expect(await valueOf(beneficiary)).toBe((10n * UNIT) / RATE)
  count(10n * UNIT)
}, 200_000)

it('what the redeemer takes back in time comes back, and nothing is paid', async () => {
  const beneficiary = nobody()
  const unstake = await prepare({ beneficiary, amount: `${10n * UNIT}`, bounty: '1000' })
  const { approve, redeem, approve_penalty: penalty, revoke } = toSend(unstake)
  const before = await tokensOf(owner.address)
  await platform.worker.stop()
  await send(approve, redeem, penalty, revoke)
  await platform.worker.start()
  await untilUnstake(unstake.id, 'revoked')
  // The bounty is the facilitator's, and one and a half of it nobody's.
  expect(before - (await tokensOf(owner.address))).toBe(2_500n)
  expect(await valueOf(beneficiary)).toBe(0n)
}, 200_000)

it('is paid once, however often the facilitator is killed on its way', async () => {
  const beneficiary = nobody()
  const unstake = await prepare({ beneficiary, amount: `${20n * UNIT}` })
  await submit(unstake)
  const reached = await backed.killInEachStatus(async () => (await unstakeOf(unstake.id)).status)
  await untilUnstake(unstake.id, 'completed')
  expect(reached.size).toBeGreaterThanOrEqual(3)
  expect(await valueOf(beneficiary)).toBe((20n * UNIT) / RATE)
  count(20n * UNIT)
  // Redeemed, confirmed, paid, burned: nothing of it was sent a second time.
  expect(await backed.callsSince(unstake.id)).toEqual({ calls: 4, reverted: 0 })
}, 300_000)

it('managed wallets redeem with their users’ consent, several at once, and across a killed worker', async () => {
  const { data: users } = await inside.get<{ data: { id: string }[] }>('/v3/users?type=user&limit=2')
  const amount = 5n * UNIT
  const ask = async (userId: string, body: object) =>
    inside.post<WireUnstake>(`/v3/users/${userId}/unstakes`, { amount: `${amount}`, ...body })
  const consent = { text: 'I give 5 back for good.', given_at: '2026-11-20T09:30:00.000Z' }
  const payees = [nobody(), nobody(), nobody()]
  const unstakes = [
    await ask(users[0]?.id ?? '', { beneficiary: payees[0], consent, bounty: '300' }),
    await ask(users[1]?.id ?? '', { beneficiary: payees[1], consent }),
    await ask(economy.company_user_id, { beneficiary: payees[2] }),
  ]
  expect(unstakes.map(({ status }) => status)).toEqual(Array(3).fill('awaiting_tokens'))
  await platform.worker.kill()
  await platform.worker.start()
  for (const { id } of unstakes) await untilUnstake(id, 'completed')
  for (const payee of payees) expect(await valueOf(payee)).toBe(amount / RATE)
  for (const _ of payees) count(amount)
  // Nothing of what was on its way stays there.
  expect(await tokensOf(unstakes[0]?.redeemer ?? '')).toBe(0n)
}, 300_000)

it('fails where the tokens of a managed wallet do not move, and they are free again', async () => {
  const { data: users } = await inside.get<{ data: { id: string }[] }>('/v3/users?type=user&limit=1')
  const user = users[0]?.id ?? ''
  const available = async () =>
    (await inside.get<{ available: string }>(`/v3/users/${user}/balance`)).available
  const before = await available()
  const rules = tokenRules.at(economy.token_rules_address, backed.deployer.utility)
  const [perPayment, perWindow, windowSeconds] = await rules.caps()
  await done(rules.setCaps(1n, perWindow, windowSeconds))
  const { id } = await inside.post<WireUnstake>(`/v3/users/${user}/unstakes`, {
    amount: `${RATE}`,
    beneficiary: nobody(),
    consent: { text: 'I give some back for good.', given_at: '2026-11-20T09:30:00.000Z' },
  })
  await untilUnstake(id, 'failed')
  expect(await available()).toBe(before)
  await done(rules.setCaps(perPayment, perWindow, windowSeconds))
}, 150_000)

it('the command line redeems with a key of its own, says each step, and finds a redemption again', async () => {
  const env = { OST_API_URL: platform.api.url, OST_API_KEY: backed.insideKey, REDEEMER_KEY: owner.privateKey }
  const run = async (...args: string[]) => {
    const terminal = fakeTerminal(env)
    const exitCode = await runCli(['redeem', ...args], terminal)
    return { exitCode, ...terminal.written }
  }
  const before = await valueOf(owner.address)
  const { exitCode, out, err } = await run('--amount', '2.5', '--permit-nonce', `${permits}`)
  permits += 1
  expect({ exitCode, err }).toMatchObject({
    exitCode: 0,
    err: expect.stringMatching(/completed: redeem ✓  confirm ✓  unstake ✓  burn ✓/),
  })
  expect(out).toMatch(/redeemed\s+2\.5 of/)
  expect(await valueOf(owner.address)).toBe(before + (5n * UNIT) / 2n / RATE)
  expect(err + out).not.toContain(owner.privateKey)
  count((5n * UNIT) / 2n)
  const [id = ''] = /ust_\w+/.exec(out) ?? []
  expect(await run('--resume', id)).toMatchObject({ exitCode: 0 })
}, 200_000)

it('whatever was redeemed, chains, ledger and backing say the same', expectEverythingEqual, 120_000)

it.each([
  { env: {}, args: ['--amount', '1'], says: /Set REDEEMER_KEY/ },
  { env: { REDEEMER_KEY: '0x12' }, args: ['--amount', '1'], says: /no private key/ },
  { env: { REDEEMER_KEY: Wallet.createRandom().privateKey }, args: [], says: /--amount/ },
])('the command line says what is missing: $says', async ({ env, args, says }) => {
  const terminal = fakeTerminal({ OST_API_URL: platform.api.url, OST_API_KEY: backed.insideKey, ...env })
  expect(await runCli(['redeem', ...args], terminal)).toBe(2)
  expect(terminal.written.err).toMatch(says)
})
