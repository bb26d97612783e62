import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { collect } from '#test/e2e/partner.ts'
import type { Platform } from '#test/e2e/platform.ts'
import { startSink } from '#test/support/webhook-sink.ts'
import {
  InsufficientFunds,
  InvalidRequest,
  Ost,
  type RetryNotice,
  SignatureRequired,
  sumUnits,
  toUnits,
  Unauthenticated,
  type User,
  UserNotFound,
  verifyWebhook,
  WaitTimedOut,
  WebhookNotVerified,
} from '#sdk'
import { startAnswerThief } from './answer-thief.ts'
import { type Stage, startStage } from './stage.ts'

/** The SDK comes back every eight seconds at last, and a process starts slowly on a busy machine. */
const RESTART_TIMEOUT_MS = 180_000

let stage: Stage
let platform: Platform
/** As the tenant, and inside the economy. */
let tenant: Ost
let ost: Ost
let alice: User
let bob: User

beforeAll(async () => {
  stage = await startStage()
  ;({ platform, tenant, ost } = stage)
  alice = await ost.users.create({ external_id: 'alice' })
  bob = await ost.users.create({ external_id: 'bob' })
}, 300_000)
afterAll(() => platform.close())

const balanceOf = async (user: User) => BigInt((await ost.balances.get(user.id)).available)
const reward = (amount: bigint) => ({ type: 'reward', to_user_id: alice.id, amount })

describe('a partner backend with the SDK', () => {
  it('pays with bigints and waits for the chain in the same call', async () => {
    const { decimals } = await ost.token.get()
    const paid = await ost.transactions.execute(reward(toUnits('2.5', decimals)), { waitSeconds: 20 })
    expect(['mined', 'confirmed']).toContain(paid.status)
    expect(paid.chain?.tx_hash).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await balanceOf(alice)).toBe(2_500_000_000_000_000_000n)
  })

  it('waits without a webhook, until a payment is mined and until it is final', async () => {
    const queued = await ost.transactions.execute({
      type: 'tip',
      from_user_id: alice.id,
      to_user_id: bob.id,
      amount: 1_000n,
    })
    expect(queued.status).toBe('queued')
    const mined = await ost.waitFor(queued.id)
    expect(mined.mined_at).not.toBeNull()
    const confirmed = await ost.waitFor(queued.id, { status: 'confirmed', timeoutMs: 30_000 })
    expect(confirmed).toMatchObject({ status: 'confirmed', id: queued.id })
    expect(await balanceOf(bob)).toBe(1_000n)
  })

  it('is told where a payment stands when its time is up first', async () => {
    await platform.worker.stop()
    const queued = await ost.transactions.execute(reward(1n))
    const waiting = ost.waitFor(queued.id, { timeoutMs: 300 })
    await expect(waiting).rejects.toMatchObject({ name: 'WaitTimedOut', transaction: { status: 'queued' } })
    await expect(waiting).rejects.toBeInstanceOf(WaitTimedOut)
    await platform.worker.start()
    expect((await ost.waitFor(queued.id)).status).not.toBe('queued')
  })

  it('reads lists to their end, and the log of events with the things they are about', async () => {
    const users = Array.from({ length: 7 }, (_, index) => ({ external_id: `player-${index}` }))
    expect(await ost.users.createBatch({ users })).toMatchObject({ created: 7, refused: 0 })
    const names = (await collect(ost.users.list({ limit: 3, type: 'user', order: 'asc' }))).map(
      (user) => user.external_id,
    )
    expect(names).toEqual(['alice', 'bob', ...users.map(({ external_id: id }) => id)])
    const sent = await collect(ost.transactions.list({ status: 'confirmed', limit: 1 }))
    expect(sumUnits(sent.map(({ amount }) => amount))).toBeGreaterThanOrEqual(2_500_000_000_000_001_000n)
    const topics = (await collect(ost.events.list({ limit: 5 }))).map(({ type }) => type)
    expect(topics).toEqual(
      expect.arrayContaining(['economy.active', 'user.created', 'transaction.confirmed']),
    )
  })

  it('meets each refusal as its own class', async () => {
    const { decimals } = await ost.token.get()
    const broke = ost.transactions.execute({
      type: 'tip',
      from_user_id: bob.id,
      to_user_id: alice.id,
      amount: toUnits('1000000', decimals),
    })
    await expect(broke).rejects.toBeInstanceOf(InsufficientFunds)
    await expect(ost.users.get('usr_01k0g2qz5me93tnsy1xq2zc7ah')).rejects.toBeInstanceOf(UserNotFound)
    const wrong = await ost.transactions.execute({ type: '' }).catch((error: unknown) => error)
    expect(wrong).toBeInstanceOf(InvalidRequest)
    expect(wrong).toMatchObject({ fields: [{ pointer: '/type' }], requestId: expect.stringMatching(/./) })
    const stranger = new Ost({ baseUrl: platform.api.url, apiKey: 'ost_test_nobody' })
    await expect(stranger.token.get()).rejects.toBeInstanceOf(Unauthenticated)
  })

  it('names the economy where its key serves the whole tenant', async () => {
    const byOption = await tenant.token.get({ economyId: stage.economy.id })
    const { secret } = stage.created.api_key
    const byClient = await new Ost({
      baseUrl: platform.api.url,
      apiKey: secret,
      economyId: stage.economy.id,
    }).token.get()
    expect([byOption.economy_id, byClient.economy_id]).toEqual([stage.economy.id, stage.economy.id])
  })
})

describe('a POST whose answer is lost', () => {
  it('has one effect, however often the line is cut', async () => {
    const thief = await startAnswerThief(platform.api.url)
    const notices: RetryNotice[] = []
    const far = new Ost({
      baseUrl: thief.url,
      apiKey: await stage.newKey(),
      onRetry: (notice) => notices.push(notice),
    })
    const before = await balanceOf(bob)
    const tip = { type: 'reward', to_user_id: bob.id, amount: 17n, metadata: { order: 'lost' } }
    thief.steal(2)
    const transaction = await far.transactions.execute(tip)
    expect(thief.stolen()).toBe(2)
    expect(notices.map(({ error }) => error.name)).toEqual(['ConnectionFailed', 'ConnectionFailed'])
    await ost.waitFor(transaction.id)
    const rows = await collect(ost.transactions.list({ metadata: '{"order":"lost"}' }))
    expect(rows.map(({ id }) => id)).toEqual([transaction.id])
    expect(await balanceOf(bob)).toBe(before + 17n)
    await thief.close()
  })

  it('can be sent again later by another process, with the key that the error names', async () => {
    const thief = await startAnswerThief(platform.api.url)
    const far = new Ost({ baseUrl: thief.url, apiKey: await stage.newKey(), retriesMax: 0 })
    thief.steal(1)
    const error: unknown = await far.transactions.execute(reward(3n)).catch((cause: unknown) => cause)
    // What the test asserts in the same breath.
    const { idempotencyKey = '' } = error as { idempotencyKey?: string }
    const first = await ost.transactions.list({ limit: 1 })
    expect(idempotencyKey).toMatch(/^[0-9a-f]{32}$/)
    const again = await far.transactions.execute(reward(3n), { idempotencyKey })
    expect(again.id).toBe(first.data[0]?.id)
    await thief.close()
  })

  it(
    'survives an API process that is killed at any moment',
    async () => {
      const patient = new Ost({
        baseUrl: platform.api.url,
        apiKey: await stage.newKey(),
        retriesMax: 30,
      })
      const paying = Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          patient.transactions.execute({ ...reward(1n), metadata: { killed: index } }),
        ),
      )
      await platform.api.kill()
      const [paid] = await Promise.all([paying, platform.api.start()])
      const ids = paid.map(({ id }) => id)
      const killed = (await collect(ost.transactions.list())).filter((one) => 'killed' in one.metadata)
      expect(killed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    },
    RESTART_TIMEOUT_MS,
  )
})

describe('a key that signs', () => {
  it('sends no secret, and every kind of request is taken', async () => {
    const key = await tenant.apiKeys.create({
      name: 'Signer',
      economy_id: stage.economy.id,
      scopes: [...DATA_SCOPES],
      signing: { algorithm: 'hmac-sha256', required: true },
    })
    const bearer = new Ost({ baseUrl: platform.api.url, apiKey: key.secret })
    await expect(bearer.token.get()).rejects.toBeInstanceOf(SignatureRequired)
    const signingKey = { keyId: key.id, secret: key.signing_secret ?? '' }
    const seen: Headers[] = []
    const signer = new Ost({
      baseUrl: platform.api.url,
      signingKey,
      economyId: stage.economy.id,
      fetch: (url, init) => {
        seen.push(new Headers(init?.headers))
        return fetch(url, init)
      },
    })
    const paid = await signer.transactions.execute(
      { ...reward(2n), metadata: { note: 'ünïcode' } },
      { waitSeconds: 20 },
    )
    expect(paid.metadata).toEqual({ note: 'ünïcode' })
    expect((await signer.users.update(alice.id, { name: 'Alice' })).name).toBe('Alice')
    const found = await collect(signer.users.list({ limit: 2, name_prefix: 'Ali' }))
    expect(found.map(({ id }) => id)).toEqual([alice.id])
    expect(seen.some((headers) => headers.has('authorization'))).toBe(false)
    const wrong = new Ost({ baseUrl: platform.api.url, signingKey: { ...signingKey, secret: 'other' } })
    await expect(wrong.token.get()).rejects.toMatchObject({ name: 'SignatureInvalid' })
  })
})

describe('a webhook', () => {
  it('is verified as it comes, and typed', async () => {
    const sink = await startSink()
    const webhook = await ost.webhooks.create({ url: sink.url, topics: ['transaction.confirmed'] })
    const { id } = await ost.transactions.execute(reward(5n))
    // An earlier test's payment may become final only now.
    const ofThis = () => sink.received.find(({ body }) => body.includes(id))
    await expect.poll(ofThis, { timeout: 20_000 }).toBeDefined()
    const received = ofThis()
    if (!received) throw new Error('it was received')
    const event = await verifyWebhook({ ...received, secret: webhook.secret })
    if (event.data?.object !== 'transaction') throw new Error('a transaction is what it is about')
    expect([event.type, event.data.id, event.data.status]).toEqual(['transaction.confirmed', id, 'confirmed'])
    const forged = { ...received, body: received.body.replace(id, alice.id), secret: webhook.secret }
    await expect(verifyWebhook(forged)).rejects.toBeInstanceOf(WebhookNotVerified)
    await ost.webhooks.delete(webhook.id)
    await sink.stop()
  })
})
