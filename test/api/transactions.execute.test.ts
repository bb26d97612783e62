import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'
import { carryTo } from '#test/support/mined-submission.ts'

let api: TransactionsApi

beforeAll(async () => {
  api = await startTransactionsApi()
})
afterAll(() => api.close())

const tip = (more: Record<string, unknown> = {}) => ({
  type: 'tip',
  from_user_id: api.alice,
  to_user_id: api.bob,
  amount: '10',
  ...more,
})

describe('202', () => {
  it('accepts, holds the funds and answers with the queued transaction', async () => {
    const { status, body } = await api.execute(tip({ amount: '100', metadata: { order: 'A-1' } }))
    expect(status).toBe(202)
    expect(body).toMatchObject({
      status: 'queued',
      amount: '100',
      commission: '1',
      from_user_id: api.alice,
      to_user_id: api.bob,
      metadata: { order: 'A-1' },
    })
    expect(body.transfers).toEqual([
      { kind: 'amount', from_user_id: api.alice, to_user_id: api.bob, amount: '100' },
      { kind: 'commission', from_user_id: api.alice, to_user_id: api.company, amount: '1' },
    ])
  })

  it('takes the type by its id, and fills the company in', async () => {
    const { body: first } = await api.execute(tip())
    const { status } = await api.execute({ ...tip(), type: first.type_id })
    expect(status).toBe(202)
    const reward = await api.execute({ type: 'reward', to_user_id: api.bob, amount: '5' })
    expect(reward.body).toMatchObject({ from_user_id: api.company, to_user_id: api.bob })
    const purchase = await api.execute({ type: 'purchase', from_user_id: api.alice, amount: '5' })
    expect(purchase.body).toMatchObject({ from_user_id: api.alice, to_user_id: api.company })
  })

  it('replays the first answer under the same key and says so', async () => {
    const first = await api.execute(tip(), { once: 'again' })
    const second = await api.execute(tip(), { once: 'again' })
    expect(second.status).toBe(202)
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(first.headers['idempotency-replayed']).toBeUndefined()
  })

  it('answers 202 when the time to wait is up before the settlement', async () => {
    const { status, headers } = await api.execute(tip(), { headers: { prefer: 'wait=1' } })
    expect(status).toBe(202)
    expect(headers['preference-applied']).toBe('wait=1')
  })
})

describe('200', () => {
  it('waits for the settlement where the caller prefers to', async () => {
    const waiting = api.execute(tip(), { headers: { prefer: 'wait=10' } })
    await new Promise((resolve) => setTimeout(resolve, 150))
    const [last] = await api.sql('SELECT max(id::text) AS id FROM transaction')
    await carryTo(api.sql, [String(last?.['id'])], 'mined')
    const { status, body } = await waiting
    expect([status, body.status]).toEqual([200, 'mined'])
  })
})

describe('400', () => {
  it('needs an idempotency key', async () => {
    const { status, body } = await api.request('POST', '/v3/transactions', {
      economy: api.economyId,
      body: tip(),
    })
    expect([status, body.code]).toEqual([400, 'idempotency_key_missing'])
  })

  it('needs an economy', async () => {
    const { status, body } = await api.request('POST', '/v3/transactions', { once: 'k', body: tip() })
    expect([status, body.code]).toEqual([400, 'economy_required'])
  })

  it('names the wrong field', async () => {
    const { status, body } = await api.execute(tip({ from_user_id: 'nobody', surprise: 1 }))
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain('/surprise')
    const wrongId = await api.execute(tip({ from_user_id: api.economyId }))
    expect(wrongId.body.errors).toEqual([
      { pointer: '/from_user_id', detail: 'must be an id that starts with usr_' },
    ])
  })
})

describe('401 and 403', () => {
  it('needs a key with the scope', async () => {
    expect((await api.execute(tip(), { key: 'ost_test_nonsense' })).status).toBe(401)
    const reader = await api.createKey({ scopes: ['transactions:read'] })
    expect((await api.execute(tip(), { key: reader })).body.code).toBe('scope_missing')
  })
})

describe('404', () => {
  it('does not know the economy, type or user of another tenant', async () => {
    const other = await api.createTenant()
    expect((await api.execute(tip(), { key: other.key })).body.code).toBe('economy_not_found')
    expect((await api.execute(tip({ type: 'nope' }))).body.code).toBe('transaction_type_not_found')
    const { body } = await api.execute(tip({ to_user_id: 'usr_01k0g2qz5me93tnsy1xq2zc7ah' }))
    expect(body).toMatchObject({ status: 404, code: 'user_not_found', errors: [{ pointer: '/to_user_id' }] })
  })
})

describe('409', () => {
  it('takes nothing while the economy is paused', async () => {
    await api.sql(`UPDATE economy SET status = 'paused' WHERE id = $1`, [api.economy.economyId])
    expect((await api.execute(tip())).body.code).toBe('economy_not_active')
    await api.sql(`UPDATE economy SET status = 'active' WHERE id = $1`, [api.economy.economyId])
  })

  it('has one request of a key at a time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.execute(tip(), { once: 'storm' })))
    const codes = new Set(answers.map((answer) => (answer.status === 202 ? 'accepted' : answer.body.code)))
    expect([...codes].every((code) => code === 'accepted' || code === 'idempotency_key_in_progress')).toBe(
      true,
    )
    const ids = new Set(answers.filter((answer) => answer.status === 202).map((answer) => answer.body.id))
    expect(ids.size).toBe(1)
  })

  it('does not touch a wallet in self-custody, nor an archived user', async () => {
    await api.sql(`UPDATE wallet SET custody = 'self_custody' WHERE user_id = $1`, [api.economy.userIds[0]])
    expect((await api.execute(tip())).body.code).toBe('user_not_managed')
    await api.sql(`UPDATE wallet SET custody = 'managed' WHERE user_id = $1`, [api.economy.userIds[0]])
    await api.sql(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [api.economy.userIds[1]])
    expect((await api.execute(tip())).body).toMatchObject({
      code: 'user_archived',
      errors: [{ pointer: '/to_user_id' }],
    })
    await api.sql(`UPDATE economy_user SET status = 'active' WHERE id = $1`, [api.economy.userIds[1]])
  })
})

describe('422', () => {
  it('says how much is there and how much is needed', async () => {
    const { status, body } = await api.execute(tip({ amount: '100000' }))
    expect([status, body.code, body.details.required]).toEqual([422, 'insufficient_funds', '101000'])
  })

  it('replays a refusal too', async () => {
    const first = await api.execute(tip({ amount: '100000' }), { once: 'refused' })
    await api.sql('UPDATE account SET settled = settled + 1000000 WHERE id = $1', [api.economy.userIds[0]])
    const second = await api.execute(tip({ amount: '100000' }), { once: 'refused' })
    expect([second.status, second.body.code, second.body.details]).toEqual([
      422,
      'insufficient_funds',
      first.body.details,
    ])
  })

  it('refuses the key of a different request, naming what differs', async () => {
    await api.execute(tip(), { once: 'mine' })
    const { status, body } = await api.execute(tip({ amount: '11' }), { once: 'mine' })
    expect([status, body.code, body.details]).toEqual([
      422,
      'idempotency_key_reused',
      { differing: ['/amount'] },
    ])
  })

  it('refuses amounts and commissions that the type does not take', async () => {
    expect((await api.execute(tip({ amount: '1.5' }))).body.code).toBe('invalid_amount')
    expect((await api.execute(tip({ commission: '1' }))).body.code).toBe('invalid_commission')
    expect((await api.execute(tip({ to_user_id: api.alice }))).body.code).toBe('invalid_parties')
  })

  it('names the rule that refuses', async () => {
    await api.sql(
      `INSERT INTO token_rule (economy_id, id, tenant_id, name, expression, message)
       SELECT id, gen_random_uuid(), tenant_id, 'small-tips', 'tx.amount <= units(50)', 'Tips are small here.' FROM economy WHERE id = $1`,
      [api.economy.economyId],
    )
    await api.sql('UPDATE economy SET config_version = config_version + 1 WHERE id = $1', [
      api.economy.economyId,
    ])
    const { status, body } = await api.execute(tip({ amount: '51' }))
    expect([status, body.code, body.details.rule_name]).toEqual([422, 'rule_violated', 'small-tips'])
    expect((await api.execute(tip({ amount: '50' }))).status).toBe(202)
  })
})
