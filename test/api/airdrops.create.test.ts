import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'

let api: TestApi
let economy: EconomyFixture
let users: string[]
const woken: Job[] = []

beforeAll(async () => {
  api = await startApi({ deps: () => ({ jobs: { wake: (job) => void woken.push(job) } }) })
  economy = await anEconomy()
  users = economy.userIds.map((id) => toWire('usr', id))
})
afterAll(async () => api.close())

/** Three users and a company with 100 base units. */
async function anEconomy(status = 'active'): Promise<EconomyFixture> {
  return insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(api.tenant.id),
    balances: [0n, 0n, 0n],
    company: 100n,
    status,
  })
}

let count = 0
async function create(
  body: Record<string, unknown>,
  { once = `key-${count++}`, of = economy, key }: { once?: string; of?: EconomyFixture; key?: string } = {},
): Promise<Answer> {
  return api.request('POST', '/v3/airdrops', {
    economy: toWire('eco', of.economyId),
    once,
    body: { type: 'reward', amount: '1', ...body },
    ...(key !== undefined && { key }),
  })
}

describe('202', () => {
  it('queues an airdrop to all users and rings for its job', async () => {
    const { status, body } = await create({ recipients: { all: true }, metadata: { campaign: 'spring' } })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      object: 'airdrop',
      status: 'queued',
      amount: '1',
      type_id: toWire('typ', economy.types.reward),
      recipients: { kind: 'all', filter: null },
      progress: { total: 3, accepted: 0, refused: 0, mined: 0, confirmed: 0, failed: 0 },
      metadata: { campaign: 'spring' },
    })
    expect(woken).toContainEqual({ name: 'run-airdrop', id: uuidOfWire(body.id) })
    const events = await api.sql('SELECT topic, payload FROM outbox_event WHERE subject_id = $1', [
      uuidOfWire(body.id),
    ])
    expect(events).toEqual([{ topic: 'airdrop.created', payload: { total: 3, amount: '1' } }])
  })

  it('counts those who match a filter', async () => {
    await api.sql(`UPDATE economy_user SET is_verified = true, metadata = '{"city": "Pune"}' WHERE id = $1`, [
      economy.userIds[0],
    ])
    const filter = { is_verified: true, metadata: { city: 'Pune' }, never_airdropped: true }
    const { status, body } = await create({ recipients: { filter } })
    expect(status).toBe(202)
    expect(body).toMatchObject({ recipients: { kind: 'filter', filter }, progress: { total: 1 } })
  })

  it('counts the users of a list, each once, and takes the type by its id', async () => {
    const { status, body } = await create({
      type: toWire('typ', economy.types.reward),
      recipients: { user_ids: [users[0], users[1], users[0]] },
    })
    expect(status).toBe(202)
    expect(body).toMatchObject({ recipients: { kind: 'list', filter: null }, progress: { total: 2 } })
  })

  it('replays the first answer under the same key, and queues nothing more', async () => {
    const body = { recipients: { user_ids: [users[2]] } }
    const first = await create(body, { once: 'again' })
    const second = await create(body, { once: 'again' })
    expect(second.status).toBe(202)
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotency-replayed']).toBe('true')
  })
})

describe('400', () => {
  it('needs an idempotency key', async () => {
    const { status, body } = await api.request('POST', '/v3/airdrops', {
      economy: toWire('eco', economy.economyId),
      body: { type: 'reward', amount: '1', recipients: { all: true } },
    })
    expect([status, body.code]).toEqual([400, 'idempotency_key_missing'])
  })

  it.each([
    ['no way to say who receives', {}],
    ['two ways at once', { all: true, user_ids: ['usr_01k0g2qz5me93tnsy1xq2zc7ah'] }],
    ['an empty list', { user_ids: [] }],
    [
      'a list that is too long',
      { user_ids: Array.from({ length: 10_001 }, () => 'usr_01k0g2qz5me93tnsy1xq2zc7ah') },
    ],
    ['an unknown condition', { filter: { age: 7 } }],
  ])('refuses %s', async (_what, recipients) => {
    const { status, body } = await create({ recipients })
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body.errors[0].pointer).toMatch(/^\/recipients/)
  })

  it('names the listed users that are not there, whoever else they may belong to', async () => {
    const other = await anEconomy()
    const { status, body } = await create({
      recipients: { user_ids: [users[0], toWire('usr', uuidv7()), toWire('usr', other.userIds[0] ?? '')] },
    })
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body.errors.map((error: { pointer: string }) => error.pointer).toSorted()).toEqual([
      '/recipients/user_ids/1',
      '/recipients/user_ids/2',
    ])
  })
})

describe('403', () => {
  it('needs the scope to write airdrops', async () => {
    const key = await api.createKey({ scopes: ['airdrops:read'] })
    const { status, body } = await create({ recipients: { all: true } }, { key })
    expect([status, body.code]).toEqual([403, 'scope_missing'])
  })
})

describe('404', () => {
  it('does not know the economy of another tenant', async () => {
    const stranger = await api.createTenant()
    const { status, body } = await create({ recipients: { all: true } }, { key: stranger.key })
    expect([status, body.code]).toEqual([404, 'economy_not_found'])
  })

  it('does not know the transaction type', async () => {
    const { status, body } = await create({ type: 'nothing', recipients: { all: true } })
    expect([status, body.code]).toEqual([404, 'transaction_type_not_found'])
  })
})

describe('409', () => {
  it('refuses while the economy is paused', async () => {
    const paused = await anEconomy('paused')
    const { status, body } = await create({ recipients: { all: true } }, { of: paused })
    expect([status, body.code]).toEqual([409, 'economy_not_active'])
  })

  it('refuses an archived transaction type', async () => {
    const other = await anEconomy()
    await api.sql(`UPDATE transaction_type SET status = 'archived' WHERE id = $1`, [other.types.reward])
    const { status, body } = await create({ recipients: { all: true } }, { of: other })
    expect([status, body.code]).toEqual([409, 'transaction_type_archived'])
  })
})

describe('422', () => {
  it('refuses a type by which the company does not pay', async () => {
    const { status, body } = await create({ type: 'tip', recipients: { all: true } })
    expect([status, body.code]).toEqual([422, 'invalid_parties'])
    expect(body.errors[0].pointer).toBe('/type')
  })

  it('refuses an amount that is none', async () => {
    const { status, body } = await create({ amount: '1.5', recipients: { all: true } })
    expect([status, body.code]).toEqual([422, 'invalid_amount'])
  })

  it('refuses when nobody matches', async () => {
    const { status, body } = await create({ recipients: { filter: { metadata: { city: 'Atlantis' } } } })
    expect([status, body.code]).toEqual([422, 'no_recipients'])
  })

  it('refuses what the company cannot pay, with the figures', async () => {
    const fresh = await anEconomy()
    const { status, body } = await create({ amount: '34', recipients: { all: true } }, { of: fresh })
    expect([status, body.code]).toEqual([422, 'airdrop_over_budget'])
    expect(body.details).toEqual({
      recipients: 3,
      amount: '34',
      required: '102',
      available: '100',
      recipients_affordable: 2,
    })
  })

  it('counts what unfinished airdrops still need, also those created at the same time', async () => {
    const fresh = await anEconomy()
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async () => create({ amount: '20', recipients: { all: true } }, { of: fresh })),
    )
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([202, 422, 422, 422])
  })
})
