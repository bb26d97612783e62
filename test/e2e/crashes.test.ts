import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireAirdrop, WireEconomy, WireTransaction, WireTransactionBatch } from '#apps/cli/wire.ts'
import { waitForEconomy } from '#apps/cli/wait-for-economy.ts'
import { Random } from '#scripts/simulate/random.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { expectPaidExactlyOnce } from './audit.ts'
import { startLoad } from './load.ts'
import { createPartner, type Partner, transactionsOf, untilAllEnded } from './partner.ts'
import { type Platform, startPlatform } from './platform.ts'

const USERS = 40
const PLENTY = 10n ** 9n
/** Set it to the seed of a failed run to have the same moments again. */
const SEED = process.env['TEST_SEED'] ?? String(Date.now())

let platform: Platform
let partner: Partner
/** Ids of everything that the API accepted, over all tests: each of them checks the whole history again. */
const accepted: string[] = []

beforeAll(async () => {
  platform = await startPlatform({ blockTimeSeconds: 0.3, finalityDepth: 2 })
  partner = await createPartner(platform, { users: USERS })
  const rewards = partner.users.map(({ id }) => ({ type: 'reward', to_user_id: id, amount: `${PLENTY}` }))
  const batch = await partner.client.post<WireTransactionBatch>('/v3/transactions/batch', {
    transactions: rewards,
  })
  accepted.push(...batch.data.flatMap(({ transaction }) => transaction?.id ?? []))
  await untilAllEnded(partner)
}, 120_000)
afterAll(async () => platform.close())

async function expectAllPaid(): Promise<void> {
  await untilAllEnded(partner)
  await expectPaidExactlyOnce(platform, partner, accepted)
}

/** A gift to everybody. */
async function startAirdrop(): Promise<WireAirdrop> {
  const gift = { type: 'reward', amount: '1000000', recipients: { all: true } }
  return partner.client.post<WireAirdrop>('/v3/airdrops', gift)
}

/** The ids of its transactions, once it is over: one for each user. */
async function recipientsOf({ id }: WireAirdrop): Promise<string[]> {
  const status = async () => (await partner.client.get<WireAirdrop>(`/v3/airdrops/${id}`)).status
  await expect.poll(status, { timeout: 30_000, interval: 100 }).toBe('completed')
  const transactions = (await transactionsOf(partner)).filter(({ airdrop_id }) => airdrop_id === id)
  expect(transactions.map(({ to_user_id }) => to_user_id).toSorted(byText)).toEqual(
    partner.users.map((user) => user.id).toSorted(byText),
  )
  return transactions.map((transaction) => transaction.id)
}

const byText = (a: string, b: string): number => a.localeCompare(b)

/** Its contracts were made, and its first tokens granted, by one call each. */
async function expectDeployedOnce({ id, token_address, initial_grant }: WireEconomy): Promise<void> {
  expect(await waitForEconomy(partner.tenant, id)).toMatchObject({ status: 'active' })
  const block = await platform.chain.blockNumber()
  expect(await platform.chain.totalSupply(token_address, block)).toBe(BigInt(initial_grant))
  const calls = await platform.sql('SELECT kind FROM chain_submission WHERE economy_id = $1 ORDER BY nonce', [
    uuidOfWire(id),
  ])
  expect(calls).toEqual([{ kind: 'create_economy' }, { kind: 'faucet_grant' }])
}

describe('payments while processes die', () => {
  it(`are each made once, airdrop and deployment too, though worker and api are killed at random moments (seed ${SEED})`, async () => {
    const random = new Random(SEED)
    const load = startLoad(partner, 'crash')
    const airdrop = await startAirdrop()
    const another = await partner.tenant.post<WireEconomy>('/v3/economies', {
      name: 'Another',
      symbol: 'NEXT',
    })
    for (const app of ['worker', 'api', 'worker', 'api', 'worker'] as const) {
      await sleep(random.between(50, 700))
      await platform[app].kill()
      await platform[app].start()
    }
    const ids = await load.stop()
    expect(ids.length).toBeGreaterThan(200)
    accepted.push(...ids, ...(await recipientsOf(airdrop)))
    await expectAllPaid()
    await expectDeployedOnce(another)
  }, 120_000)

  it('are each made once, though Redis forgets everything while the worker is dead', async () => {
    const load = startLoad(partner, 'flush')
    await sleep(500)
    await platform.worker.kill()
    await platform.redis.flushAll()
    await platform.worker.start()
    await platform.redis.flushAll()
    await sleep(500)
    accepted.push(...(await load.stop()))
    await expectAllPaid()
  }, 120_000)
})

describe('an api that is told to stop', () => {
  const body = (amount: number) => ({
    type: 'reward',
    to_user_id: partner.users[0]?.id ?? '',
    amount: `${amount}`,
  })
  const pay = (amount: number, headers: Record<string, string> = {}) =>
    fetch(`${platform.api.url}/v3/transactions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${partner.key.secret}`,
        'content-type': 'application/json',
        'idempotency-key': `stop-${amount}`,
        ...headers,
      },
      body: JSON.stringify(body(amount)),
    })

  it('answers every request it has taken, fails none, and exits with 0', async () => {
    const answers: { status: number; id: string }[] = []
    const unanswered: number[] = []
    let amount = 0
    const callers = Array.from({ length: 12 }, async () => {
      for (;;) {
        const mine = (amount += 1)
        try {
          const response = await pay(mine)
          const { id } = (await response.json()) as WireTransaction
          answers.push({ status: response.status, id })
        } catch {
          unanswered.push(mine)
          return
        }
      }
    })
    await expect.poll(() => answers.length, { timeout: 10_000 }).toBeGreaterThan(100)
    expect(unanswered).toEqual([])
    expect(await platform.api.stop()).toEqual({ code: 0, signal: null })
    await Promise.all(callers)
    expect(answers.filter(({ status }) => status !== 202)).toEqual([])

    await platform.api.start()
    accepted.push(...answers.map(({ id }) => id))
    // A caller without an answer asks again under the same key, and learns what became of its request.
    for (const again of unanswered) {
      const response = await pay(again)
      accepted.push(((await response.json()) as WireTransaction).id)
    }
    await expectAllPaid()
  }, 60_000)

  it('serves who has connected before, and is not kept by connections that never ask anything', async () => {
    const { hostname: host, port } = new URL(platform.api.url)
    const [silent, late] = [connect({ host, port: Number(port) }), connect({ host, port: Number(port) })]
    let answer = ''
    late.on('data', (chunk) => (answer += String(chunk)))
    await Promise.all([once(silent, 'connect'), once(late, 'connect')])
    const isUp = () =>
      fetch(`${platform.api.url}/livez`).then(
        () => true,
        () => false,
      )
    // The process takes connections in the order in which they were opened: it has ours now.
    expect(await isUp()).toBe(true)
    const stopping = platform.api.stop()
    await expect.poll(isUp, { interval: 5 }).toBe(false)
    late.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await stopping).toEqual({ code: 0, signal: null })
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
    await platform.api.start()
  }, 60_000)

  it('does not keep a caller who waits for the chain longer than it lives itself', async () => {
    await platform.worker.stop()
    const waiting = pay(1_000_001, { prefer: 'wait=30' })
    await expect
      .poll(async () => (await transactionsOf(partner)).length, { timeout: 20_000 })
      .toBe(accepted.length + 1)
    const [response, exit] = await Promise.all([waiting, platform.api.stop()])
    expect({ status: response.status, exit }).toEqual({ status: 202, exit: { code: 0, signal: null } })
    accepted.push(((await response.json()) as WireTransaction).id)
    await Promise.all([platform.api.start(), platform.worker.start()])
    await expectAllPaid()
  }, 60_000)
})
