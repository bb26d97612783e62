import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { tableSums } from '#test/support/table-sums.ts'
import { type RedemptionsApi, startRedemptionsApi } from '#test/support/redemptions.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'
import { carryTo } from '#test/support/mined-submission.ts'

let api: RedemptionsApi
let sku: { id: string }
beforeAll(async () => {
  api = await startRedemptionsApi()
  sku = await api.createSku()
})
afterAll(() => api.close())

const rows = async () => {
  const [row] = await api.sql(
    'SELECT (SELECT count(*) FROM redemption)::int AS orders, (SELECT count(*) FROM transaction)::int AS payments',
  )
  return row
}
/** As the indexer would have it. */
const endTransaction = (redemption: { transaction_id: string }, status: 'confirmed' | 'failed') =>
  carryTo(api.sql, [uuidOfWire(redemption.transaction_id)], status)
const order = async () => (await api.redeem({ sku_id: sku.id })).body

/** Before any other: the type that pays is not there yet. */
describe('a first redemption that is refused', () => {
  it('leaves nothing behind: by a rule, for an unknown user, for more than there is', async () => {
    const body = { name: 'none', expression: 'type.name != "redemption in USD"', message: 'No.' }
    const { body: rule } = await api.ask('POST', '/v3/token-rules', body, 'rule')
    const before = await tableSums(api)
    expect(await api.redeem({ sku_id: sku.id })).toMatchObject({
      status: 422,
      body: { code: 'rule_violated' },
    })
    expect(await tableSums(api)).toBe(before)
    await api.ask('POST', `/v3/token-rules/${rule.id}/archive`)
    const later = await tableSums(api)
    const stranger = 'usr_01jd8xq7m0e4vvkbzh0c3f9n2a'
    expect((await api.redeem({ sku_id: sku.id, user_id: stranger })).body.code).toBe('user_not_found')
    await api.sql('UPDATE account SET settled = 0 WHERE id = $1', [uuidOfWire(api.userId)])
    const poor = await tableSums(api)
    expect((await api.redeem({ sku_id: sku.id })).body.code).toBe('insufficient_funds')
    expect(await tableSums(api)).toBe(poor)
    await api.sql('UPDATE account SET settled = $2 WHERE id = $1', [
      uuidOfWire(api.userId),
      (10_000n * 10n ** 18n).toString(),
    ])
    expect(await tableSums(api)).toBe(later)
  })
})

describe('POST /v3/redemptions', () => {
  it('202: takes tokens worth the amount from the user, and makes the order with that payment', async () => {
    const { status, body } = await api.redeem({ sku_id: sku.id, amount: '25.50', email: 'ada@example.com' })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      object: 'redemption',
      status: 'initiated',
      user_id: api.userId,
      sku_id: sku.id,
      amount: '25.5',
      currency_iso_code: 'USD',
      country_iso_code: 'US',
      email: 'ada@example.com',
      decided_at: null,
    })
    const { body: payment } = await api.ask('GET', `/v3/transactions/${body.transaction_id}`)
    // 25.5 USD at half a dollar each.
    expect(payment).toMatchObject({ status: 'queued', amount: (51n * 10n ** 18n).toString() })
    const topics = await api.sql('SELECT topic FROM outbox_event WHERE subject_id = $1', [
      uuidOfWire(body.id),
    ])
    expect(topics).toEqual([{ topic: 'redemption.created' }])
    await untilEventsAreReadable(api.sql)
    const { body: events } = await api.ask('GET', '/v3/events?limit=100&order=desc')
    const created = events.data.find((event: { type: string }) => event.type === 'redemption.created')
    expect(created.data).toEqual(body)
  })

  it('202: the same key again is the same order, also when the SKU is offered no longer', async () => {
    const gone = await api.createSku()
    const first = await api.redeem({ sku_id: gone.id, amount: '10' }, 'again')
    const before = await rows()
    await api.ask('PATCH', `/v3/redeemable-skus/${gone.id}`, { status: 'inactive' })
    const second = await api.redeem({ sku_id: gone.id, amount: '10' }, 'again')
    expect(second.status).toBe(202)
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(await rows()).toEqual(before)
    expect(await api.redeem({ sku_id: gone.id })).toMatchObject({
      status: 409,
      body: { code: 'sku_inactive' },
    })
    const other = await api.redeem({ sku_id: gone.id, amount: '25.5' }, 'again')
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  it('409: two at once with one key make one order', async () => {
    const before = await rows()
    const answers = await Promise.all([1, 2, 3].map(() => api.redeem({ sku_id: sku.id }, 'race')))
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0)
    for (const { status } of answers) expect([202, 409]).toContain(status)
    const after = await rows()
    expect(after).toEqual({
      orders: Number(before?.['orders']) + 1,
      payments: Number(before?.['payments']) + 1,
    })
  })

  it.each([
    ['/amount', { amount: '11' }],
    ['/amount', { amount: 'ten' }],
    ['/country_iso_code', { country_iso_code: 'FR' }],
    ['/user_id', { user_id: 'usr_1' }],
    ['/email', { email: 'nobody' }],
  ])('400: names %s, and nothing is written', async (pointer, wrong) => {
    const before = await rows()
    const { status, body } = await api.redeem({ sku_id: sku.id, ...wrong })
    expect([status, body.errors[0].pointer]).toEqual([400, pointer])
    expect(await rows()).toEqual(before)
  })

  it('404: an unknown SKU or user', async () => {
    const unknown = '01jc0000000000000000000000'
    expect((await api.redeem({ sku_id: `sku_${unknown}` })).body.code).toBe('sku_not_found')
    const stranger = await api.redeem({ sku_id: sku.id, user_id: `usr_${unknown}` })
    expect(stranger).toMatchObject({ status: 404, body: { code: 'user_not_found' } })
  })

  it('422: without funds or a price there is neither payment nor order', async () => {
    const before = await rows()
    const dear = { country: 'X', country_iso_code: 'US', currency_iso_code: 'USD', denominations: ['100000'] }
    const tooDear = await api.createSku({ availability: [dear] })
    const poor = await api.redeem({ sku_id: tooDear.id, amount: '100000' })
    expect(poor).toMatchObject({ status: 422, body: { code: 'insufficient_funds' } })
    const unpriced = await api.redeem({ sku_id: sku.id, country_iso_code: 'DE' })
    expect(unpriced).toMatchObject({ status: 422, body: { code: 'price_missing' } })
    expect(await rows()).toEqual(before)
  })
})

describe('GET /v3/redemptions', () => {
  it('200: lists by user and SKU, page by page', async () => {
    const other = await api.createSku()
    const { body: made } = await api.redeem({ sku_id: other.id })
    const ids = async (query: string) =>
      (await api.ask('GET', `/v3/redemptions?${query}`)).body.data.map((item: { id: string }) => item.id)
    expect(await ids(`sku_id=${other.id}&user_id=${api.userId}`)).toEqual([made.id])
    expect(await ids(`sku_id=sku_01jc0000000000000000000000`)).toEqual([])
    const { body } = await api.ask('GET', '/v3/redemptions?limit=1')
    expect(body).toMatchObject({ has_more: true, data: [{ id: made.id }] })
    expect(await ids(`limit=1&cursor=${body.next_cursor}`)).not.toContain(made.id)
    expect((await api.ask('GET', '/v3/redemptions?order=asc')).body.data.at(-1).id).toBe(made.id)
    expect((await api.ask('GET', '/v3/redemptions?user_id=x')).status).toBe(400)
  })
})

describe('GET /v3/redemptions/{id}', () => {
  it('200: is as far as its payment until the business decides', async () => {
    const [good, bad] = [await order(), await order()]
    await endTransaction(good, 'confirmed')
    await endTransaction(bad, 'failed')
    const statusOf = async ({ id }: { id: string }) =>
      (await api.ask('GET', `/v3/redemptions/${id}`)).body.status
    expect(await statusOf(good)).toBe('accepted')
    expect(await statusOf(bad)).toBe('failed')
  })

  it('404: an unknown one', async () => {
    const answer = await api.ask('GET', '/v3/redemptions/rdm_01jc0000000000000000000000')
    expect(answer).toMatchObject({ status: 404, body: { code: 'redemption_not_found' } })
  })
})

describe.each([
  ['fulfill', 'fulfilled'],
  ['cancel', 'cancelled'],
])('POST /v3/redemptions/{id}/%s', (verb, status) => {
  it('200: decides once, with an event; repeating changes nothing', async () => {
    const made = await order()
    await endTransaction(made, 'confirmed')
    const decided = await api.ask('POST', `/v3/redemptions/${made.id}/${verb}`)
    expect(decided).toMatchObject({ status: 200, body: { status } })
    const again = await api.ask('POST', `/v3/redemptions/${made.id}/${verb}`)
    expect(again).toMatchObject({ status: 200, body: decided.body })
    const topics = await api.sql('SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY id', [
      uuidOfWire(made.id),
    ])
    expect(topics).toEqual([{ topic: 'redemption.created' }, { topic: `redemption.${status}` }])
    const other = verb === 'cancel' ? 'fulfill' : 'cancel'
    expect(await api.ask('POST', `/v3/redemptions/${made.id}/${other}`)).toMatchObject({ status: 409 })
  })

  it('409: not before its payment is final', async () => {
    const made = await order()
    const answer = await api.ask('POST', `/v3/redemptions/${made.id}/${verb}`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'redemption_state_conflict' } })
  })

  it('404: an unknown one', async () => {
    const answer = await api.ask('POST', `/v3/redemptions/rdm_01jc0000000000000000000000/${verb}`)
    expect(answer).toMatchObject({ status: 404, body: { code: 'redemption_not_found' } })
  })
})
