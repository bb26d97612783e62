import { Wallet } from 'ethers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { tableSums } from '#test/support/table-sums.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

const beneficiary = Wallet.createRandom().address
const UNKNOWN = 'usr_01jd8xq7m0e4vvkbzh0c3f9n2a'
const consent = { text: 'I give back 1,000 tokens for good.', given_at: '2026-11-20T09:30:00.000Z' }

let api: TransactionsApi
beforeAll(async () => {
  api = await startTransactionsApi()
  await backEconomy(api, uuidOfWire(api.economyId))
})
afterAll(() => api.close())

let keys = 0
const ask = (user: string, body: object = {}, once = `managed-${(keys += 1)}`) =>
  api.request('POST', `/v3/users/${user}/unstakes`, {
    economy: api.economyId,
    body: { amount: '400', beneficiary, consent, ...body },
    once,
  })
const available = async (user: string) => {
  const { body } = await api.request('GET', `/v3/users/${user}/balance`, { economy: api.economyId })
  return BigInt(body.available)
}
const rows = async () => {
  const [row] = await api.sql(
    `SELECT (SELECT count(*) FROM gateway_message)::int AS messages, (SELECT count(*) FROM transaction)::int AS transactions,
            (SELECT count(*) FROM unstake_consent)::int AS consents, (SELECT sum(reserved)::text FROM wallet) AS reserved`,
  )
  return row
}

/** Before any other: what the first unstake of an economy needs is not there yet. */
describe('a first unstake that is refused', () => {
  it('leaves nothing behind: of an archived user, of a wallet in self-custody, of more than there is, of a paused economy, and by a rule', async () => {
    const create = async (external_id: string) =>
      (
        await api.request('POST', '/v3/users', {
          economy: api.economyId,
          body: { external_id },
          once: external_id,
        })
      ).body.id
    const [poor, gone, own] = [await create('poor'), await create('gone'), await create('own')]
    await api.sql(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [uuidOfWire(gone)])
    await api.sql(`UPDATE wallet SET custody = 'self_custody' WHERE user_id = $1`, [uuidOfWire(own)])
    const refusals = [
      [poor, 'insufficient_funds'],
      [gone, 'user_archived'],
      [own, 'user_not_managed'],
    ]
    let before = await tableSums(api)
    for (const [user = '', code] of refusals) expect((await ask(user)).body.code).toBe(code)
    expect(await tableSums(api)).toBe(before)
    await setStatus('paused')
    before = await tableSums(api)
    expect((await ask(api.alice)).body.code).toBe('economy_not_active')
    expect(await tableSums(api)).toBe(before)
    await setStatus('active')
    const { body: rule } = await api.request('POST', '/v3/token-rules', {
      economy: api.economyId,
      body: { name: 'none', expression: 'type.name != "unstake"', message: 'No.' },
      once: 'rule',
    })
    before = await tableSums(api)
    expect((await ask(api.alice)).body.code).toBe('rule_violated')
    expect(await tableSums(api)).toBe(before)
    await api.request('POST', `/v3/token-rules/${rule.id}/archive`, { economy: api.economyId })
  })

  const setStatus = (status: string) =>
    api.sql('UPDATE economy SET status = $2 WHERE id = $1', [uuidOfWire(api.economyId), status])
})

describe('POST /v3/users/{id}/unstakes', () => {
  it('202: holds the tokens, and keeps who agreed to what, and when', async () => {
    const before = await available(api.alice)
    const { status, body } = await ask(api.alice, { bounty: '7' })
    expect(status, JSON.stringify(body)).toBe(202)
    expect(body).toMatchObject({
      object: 'unstake',
      status: 'awaiting_tokens',
      user_id: api.alice,
      amount: '400',
      pays: '4',
      typed_data: null,
      permit_typed_data: null,
      transactions: null,
      consent: {
        text: consent.text,
        given_at: consent.given_at,
        text_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      },
    })
    const after = await available(api.alice)
    expect(before - after).toBe(407n)
    const [kept] = await api.sql(
      'SELECT amount::text, beneficiary, user_id FROM unstake_consent WHERE message_id = $1',
      [uuidOfWire(body.id)],
    )
    expect(kept).toEqual({
      amount: '400',
      beneficiary: beneficiary.toLowerCase(),
      user_id: uuidOfWire(api.alice),
    })
    const [act] = await api.sql(
      `SELECT details FROM audit_log WHERE action = 'unstake.created' AND subject_id = $1`,
      [uuidOfWire(body.id)],
    )
    expect(act?.['details']).toMatchObject({ consent_hash: body.consent.text_hash, amount: '400' })
    await expect(api.sql(`UPDATE unstake_consent SET text = 'other'`)).rejects.toThrow(/append-only/)
  })

  it('202: the same key again is the same unstake, and holds nothing more', async () => {
    const first = await ask(api.alice, {}, 'twice')
    const before = await rows()
    const second = await ask(api.alice, {}, 'twice')
    expect(second.body.id).toBe(first.body.id)
    expect(await rows()).toEqual(before)
  })

  it('202: the same key again is the same unstake though nothing like it would be taken now', async () => {
    const { body: user } = await api.request('POST', '/v3/users', {
      economy: api.economyId,
      body: { external_id: 'leaves' },
      once: 'leaves',
    })
    await api.sql(`UPDATE account SET settled = 400 WHERE id = $1`, [uuidOfWire(user.id)])
    const first = await ask(user.id, {}, 'leaves-too')
    expect(first.status, JSON.stringify(first.body)).toBe(202)
    await api.sql(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [uuidOfWire(user.id)])
    const second = await ask(user.id, {}, 'leaves-too')
    expect([second.status, second.body.id]).toEqual([202, first.body.id])
    expect((await ask(user.id)).body.code).toBe('user_archived')
  })

  it('409: one of two at once under the same key, or the same answer twice', async () => {
    await api.sql('UPDATE account SET settled = settled + 400 WHERE id = $1', [uuidOfWire(api.alice)])
    const before = await rows()
    const answers = await Promise.all([ask(api.alice, {}, 'at-once'), ask(api.alice, {}, 'at-once')])
    for (const { status, body } of answers)
      if (status !== 202) expect([status, body.code]).toEqual([409, 'idempotency_key_in_progress'])
    expect(answers.some(({ status }) => status === 202)).toBe(true)
    expect((await rows())?.['messages']).toBe(Number(before?.['messages']) + 1)
  })

  it('400: a user has to agree; the company agrees by asking; nothing changes', async () => {
    const before = await rows()
    for (const [user, body, pointer] of [
      [api.alice, { consent: undefined }, '/consent'],
      [api.alice, { consent: { ...consent, given_at: '2999-01-01T00:00:00.000Z' } }, '/consent/given_at'],
      [api.company, {}, '/consent'],
    ] as const) {
      const answer = await ask(user, body)
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
    }
    expect(await rows()).toEqual(before)
    expect((await ask(api.company, { consent: undefined })).body).toMatchObject({
      consent: null,
      user_id: api.company,
    })
  })

  it('409: not where nothing backs the token, and not while the economy is paused', async () => {
    const user = async (economy: { id: string; company_user_id: string }) =>
      api.request('POST', `/v3/users/${economy.company_user_id}/unstakes`, {
        economy: economy.id,
        body: { amount: '100', beneficiary },
        once: `conflict-${economy.id}`,
      })
    expect((await user(await api.createEconomy())).body.code).toBe('economy_not_backed')
    const paused = await api.createEconomy({ status: 'paused' })
    await backEconomy(api, uuidOfWire(paused.id))
    expect(await user(paused)).toMatchObject({ status: 409, body: { code: 'economy_not_active' } })
  })

  it('422: exactly the amount or nothing: not by a type of that name whose amount is another', async () => {
    const economy = await api.createEconomy()
    await backEconomy(api, uuidOfWire(economy.id))
    await api.request('POST', '/v3/price-points', {
      economy: economy.id,
      body: { currency: 'USD', price: '1' },
      once: 'p',
    })
    const type = { name: 'unstake', kind: 'user_to_company', currency: 'USD' }
    const made = await api.request('POST', '/v3/transaction-types', {
      economy: economy.id,
      body: type,
      once: 't',
    })
    expect(made.status).toBe(201)
    await api.sql('UPDATE account SET settled = 10::numeric ^ 24 WHERE id = $1', [
      uuidOfWire(economy.company_user_id),
    ])
    const before = await rows()
    const answer = await api.request('POST', `/v3/users/${economy.company_user_id}/unstakes`, {
      economy: economy.id,
      body: { amount: '1000', beneficiary },
      once: 'unfit',
    })
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_amount',
        errors: [{ pointer: '/amount', detail: expect.stringMatching(/exactly/) }],
      },
    })
    expect(await rows()).toEqual(before)
  })

  it('404: not of nobody, and not of the redeemer', async () => {
    expect((await ask(UNKNOWN)).body.code).toBe('user_not_found')
    const { body } = await api.request('GET', '/v3/users?type=redeemer', { economy: api.economyId })
    expect(body.data).toHaveLength(1)
    expect((await ask(body.data[0].id)).body.code).toBe('user_not_found')
  })

  it('422: never more than there is, nor what would pay nothing', async () => {
    const before = await rows()
    expect((await ask(api.alice, { amount: `${2n ** 90n}` })).body.code).toBe('insufficient_funds')
    expect((await ask(api.alice, { amount: '99' })).body.code).toBe('invalid_amount')
    expect(await rows()).toEqual(before)
  })
})

describe('whatever is asked for at once', () => {
  /** Per payer: what is held and had, what its unstakes redeem, and what the redeemer was promised altogether. */
  const books = async () =>
    api.sql(
      `SELECT b.id, b.settled::text, b.held::text,
              coalesce((SELECT sum(m.amount + m.bounty) FROM gateway_message m
                        WHERE m.economy_id = b.economy_id AND m.user_id = b.id), 0)::text AS redeemed,
              coalesce((SELECT sum(t.amount + t.commission) FROM transaction t
                        WHERE t.economy_id = b.economy_id AND t.from_user_id = b.id), 0)::text AS moved
       FROM account_balance b JOIN economy_user u ON u.economy_id = b.economy_id AND u.id = b.id
       WHERE b.economy_id = $1 AND u.type <> 'redeemer'`,
      [uuidOfWire(api.economyId)],
    )
  const promised = async () =>
    BigInt(
      String(
        (
          await api.sql(
            `SELECT b.pending_in::text AS units FROM account_balance b JOIN redeemer r ON r.economy_id = b.economy_id AND r.id = b.id
             WHERE b.economy_id = $1`,
            [uuidOfWire(api.economyId)],
          )
        )[0]?.['units'],
      ),
    )

  it('each unstake holds exactly what it redeems, nobody holds more than they have, and the redeemer is promised the sum', async () => {
    const request = fc.record({
      who: fc.constantFrom('alice', 'bob', 'company' as const),
      amount: fc.bigInt({ min: 1n, max: 700n }),
      bounty: fc.bigInt({ min: 0n, max: 50n }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), async (requests) => {
        const answers = await Promise.all(
          requests.map(async ({ who, amount, bounty }) =>
            ask(api[who], {
              amount: `${amount}`,
              bounty: `${bounty}`,
              consent: who === 'company' ? undefined : consent,
            }),
          ),
        )
        for (const { status } of answers) expect([202, 422]).toContain(status)
        let sum = 0n
        for (const { settled, held, redeemed, moved } of await books()) {
          expect(held).toBe(redeemed)
          expect(moved).toBe(redeemed)
          expect(BigInt(String(held)) <= BigInt(String(settled))).toBe(true)
          sum += BigInt(String(redeemed))
        }
        expect(await promised()).toBe(sum)
      }),
      { numRuns: 12 },
    )
  })
})
