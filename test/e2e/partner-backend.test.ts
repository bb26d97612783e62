import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiRefusal } from '#apps/cli/errors.ts'
import type {
  WireAirdrop,
  WireEconomy,
  WireIssuedApiKey,
  WireTimeline,
  WireTransaction,
  WireTransactionBatch,
} from '#apps/cli/wire.ts'
import { concurrently } from '#scripts/simulate/concurrently.ts'
import { expectPaidExactlyOnce } from './audit.ts'
import { createPartner, type Partner, transactionsOf, untilAllEnded } from './partner.ts'
import { type App, type Platform, startPlatform } from './platform.ts'

const USERS = 120
const SINGLE_TIPS = 60
const WELCOME = 10_000n

let platform: Platform
let partner: Partner
const looks: WireEconomy[] = []
/** Ids that the API accepted, in whatever way. */
const accepted: string[] = []

beforeAll(async () => {
  platform = await startPlatform({ blockTimeSeconds: 0.2, finalityDepth: 3 })
  partner = await createPartner(platform, { users: USERS, onProgress: (economy) => looks.push(economy) })
}, 120_000)
afterAll(async () => platform.close())

const user = (index: number): string => {
  const found = partner.users[index % USERS]
  if (!found) throw new Error('the partner has users')
  return found.id
}

/** What the API says no with. */
async function refusalOf(asking: Promise<unknown>): Promise<unknown> {
  return asking.then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof ApiRefusal) return error.problem
      throw error
    },
  )
}

describe('a partner backend', () => {
  it('watches its economy come to life step by step', () => {
    expect(looks[0]).toMatchObject({
      status: 'deploying',
      steps: [
        { name: 'create_contracts', status: 'pending' },
        { name: 'grant_initial_supply', status: 'pending' },
      ],
    })
    expect(looks.at(-1)).toMatchObject({ status: 'active', steps: [{ status: 'done' }, { status: 'done' }] })
    expect(partner.token).toMatchObject({ supply: partner.economy.initial_grant, economy_status: 'active' })
  })

  it('welcomes all of its users with an airdrop', async () => {
    const airdrop = await partner.client.post<WireAirdrop>('/v3/airdrops', {
      type: 'reward',
      amount: WELCOME.toString(),
      recipients: { all: true },
    })
    const progress = async () =>
      (await partner.client.get<WireAirdrop>(`/v3/airdrops/${airdrop.id}`)).progress
    await expect
      .poll(progress, { timeout: 30_000, interval: 100 })
      .toMatchObject({ total: USERS, accepted: USERS, refused: 0, confirmed: USERS, failed: 0 })
    accepted.push(...(await transactionsOf(partner)).map(({ id }) => id))
  })

  it('lets users tip and buy, by single calls that wait for the chain and by batches that do not', async () => {
    await concurrently(Array.from({ length: SINGLE_TIPS }).keys(), 16, async (index) => {
      const answer = await partner.client.request<WireTransaction>({
        method: 'POST',
        path: '/v3/transactions',
        body: {
          type: 'tip',
          from_user_id: user(index),
          to_user_id: user(index + 1),
          amount: `${100 + index}`,
        },
        idempotencyKey: `tip-${index}`,
        waitSeconds: 20,
      })
      expect(answer.status).toBe(200)
      expect(['mined', 'confirmed']).toContain(answer.body.status)
      expect(answer.body.chain?.tx_hash).toMatch(/^0x[0-9a-f]{64}$/)
      accepted.push(answer.body.id)
    })
    const purchases = partner.users.map(({ id }, index) => ({
      type: 'purchase',
      from_user_id: id,
      amount: `${index + 1}`,
      metadata: { order: `A-${index}` },
    }))
    const overdraft = { type: 'purchase', from_user_id: user(0), amount: `${10n ** 18n}` }
    const batch = await partner.client.post<WireTransactionBatch>('/v3/transactions/batch', {
      transactions: [...purchases, overdraft],
    })
    expect(batch).toMatchObject({ accepted: USERS, refused: 1 })
    expect(batch.data.at(-1)?.problem).toMatchObject({ code: 'insufficient_funds' })
    accepted.push(...batch.data.flatMap(({ transaction }) => transaction?.id ?? []))
  })

  it('has its own rule refuse what goes beyond it, by name, and let the rest pass', async () => {
    await partner.client.post('/v3/token-rules', {
      name: 'No tip above 500',
      expression: 'type.name != "tip" || tx.amount <= units("500")',
      message: 'A tip may be 500 at most.',
    })
    const tip = (amount: string) =>
      partner.client.post<WireTransaction>('/v3/transactions', {
        type: 'tip',
        from_user_id: user(0),
        to_user_id: user(1),
        amount,
      })
    expect(await refusalOf(tip('501'))).toMatchObject({
      status: 422,
      code: 'rule_violated',
      detail: expect.stringContaining('A tip may be 500 at most.'),
    })
    accepted.push((await tip('500')).id)
  })

  it('reads everything that happened to a payment in its timeline, in the order in which it happened', async () => {
    await untilAllEnded(partner)
    const { data } = await partner.client.get<WireTimeline>(`/v3/transactions/${accepted.at(-1)}/timeline`)
    const kinds = data.map(({ kind }) => kind)
    expect([...new Set(kinds)]).toEqual([
      'accepted',
      'rules_evaluated',
      'funds_held',
      'signed',
      'broadcast',
      'mined',
      'settled',
      'confirmed',
    ])
    for (const { id, created_at, submitted_at, mined_at, ended_at } of await transactionsOf(partner)) {
      const moments = [created_at, submitted_at, mined_at, ended_at].map((at) => Date.parse(at ?? ''))
      expect({ id, moments }).toEqual({ id, moments: moments.toSorted((a, b) => a - b) })
    }
  })

  it('finds every payment on the chain once and every balance as the chain has it', async () => {
    await expectPaidExactlyOnce(platform, partner, accepted)
  })
})

describe('a partner who must act at once', () => {
  let secondApi: App
  beforeAll(async () => {
    secondApi = await platform.addApi()
  }, 60_000)

  const reads = async (app: App, secret: string): Promise<number> => {
    const headers = { authorization: `Bearer ${secret}` }
    return (await fetch(`${app.url}/v3/token`, { headers })).status
  }
  const statusesOf = async (secret: string) => [
    await reads(platform.api, secret),
    await reads(secondApi, secret),
  ]

  it('rotates a key without an interruption: both work, then only the new one', async () => {
    const fresh = await partner.tenant.post<WireIssuedApiKey>(`/v3/api-keys/${partner.key.id}/rotate`, {
      overlap_seconds: 2,
    })
    expect(await statusesOf(fresh.secret)).toEqual([200, 200])
    expect(await statusesOf(partner.key.secret)).toEqual([200, 200])
    await expect.poll(() => statusesOf(partner.key.secret), { timeout: 4_000 }).toEqual([401, 401])
    expect(await statusesOf(fresh.secret)).toEqual([200, 200])
    partner.client = partner.tenant.with({ key: fresh.secret })
    partner.key = fresh
  })

  it('revokes a key, and within two seconds no process takes it', async () => {
    const leaked = await partner.tenant.post<WireIssuedApiKey>('/v3/api-keys', {
      name: 'Leaked',
      economy_id: partner.economy.id,
      scopes: ['token:read'],
    })
    expect(await statusesOf(leaked.secret)).toEqual([200, 200])
    await partner.tenant.delete(`/v3/api-keys/${leaked.id}`)
    await expect.poll(() => statusesOf(leaked.secret), { timeout: 2_000, interval: 50 }).toEqual([401, 401])
  })

  it('pauses the economy: every process refuses at once, and what was accepted before still settles', async () => {
    const rewards = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ type: 'reward', to_user_id: user(index), amount: '7' }))
    const elsewhere = platform.clientOf(secondApi, partner.key.secret)
    const batch = await partner.client.post<WireTransactionBatch>('/v3/transactions/batch', {
      transactions: rewards(100),
    })
    expect(batch.accepted).toBe(100)
    accepted.push(...batch.data.flatMap(({ transaction }) => transaction?.id ?? []))

    await partner.tenant.post(`/v3/economies/${partner.economy.id}/pause`)
    const [reward] = rewards(1)
    for (const client of [partner.client, elsewhere]) {
      expect(await refusalOf(client.post('/v3/transactions', reward))).toMatchObject({
        status: 409,
        code: 'economy_not_active',
      })
    }
    await untilAllEnded(partner)
    await expectPaidExactlyOnce(platform, partner, accepted)

    await partner.tenant.post(`/v3/economies/${partner.economy.id}/resume`)
    accepted.push((await elsewhere.post<WireTransaction>('/v3/transactions', reward)).id)
    await untilAllEnded(partner)
  })
})
