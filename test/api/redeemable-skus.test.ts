import { describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'
import { AVAILABILITY } from '#test/support/redemptions.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

const ctx = useEconomyApi()
const UNKNOWN = 'sku_01jc0000000000000000000000'
const aSku = (body: object = {}) =>
  ctx.create('/v3/redeemable-skus', { name: 'Voucher', availability: AVAILABILITY, ...body })

describe('POST /v3/redeemable-skus', () => {
  itIsGuarded(ctx, 'POST', '/v3/redeemable-skus', 'redemptions:write', { name: 'V', availability: [] })

  it('201: offers something, with a number of its own, an event and an audit entry', async () => {
    const images = { cover: { url: 'https://example.com/v.png', width: 10, height: 20 } }
    const sku = await aSku({ description: 'For books.', images })
    expect(sku).toMatchObject({
      object: 'redeemable_sku',
      name: 'Voucher',
      description: 'For books.',
      images,
      availability: AVAILABILITY,
      status: 'active',
    })
    expect(sku.number).toBeGreaterThan(0)
    expect((await aSku()).number).not.toBe(sku.number)
    expect(await ctx.topicsOf(sku.id)).toEqual(['redeemable_sku.created'])
    expect(await ctx.actsOn(sku.id)).toEqual(['redeemable_sku.created'])
    await untilEventsAreReadable(ctx.api.sql)
    const { body } = await ctx.call('GET', '/v3/events?limit=1&order=desc')
    expect(body.data[0]).toMatchObject({ type: 'redeemable_sku.created', data: { name: 'Voucher' } })
  })

  it('201: the same key again is the same SKU', async () => {
    const ask = () =>
      ctx.call('POST', '/v3/redeemable-skus', { once: 'sku-1', body: { name: 'Once', availability: [] } })
    const [first, second] = [await ask(), await ask()]
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotency-replayed']).toBe('true')
  })

  it.each([
    ['/name', { name: '' }],
    [
      '/availability/0/currency_iso_code',
      { availability: [{ ...AVAILABILITY[0], currency_iso_code: 'INR' }] },
    ],
    ['/availability/0/denominations/0', { availability: [{ ...AVAILABILITY[0], denominations: ['-1'] }] }],
    ['/availability/0/country_iso_code', { availability: [{ ...AVAILABILITY[0], country_iso_code: 'us' }] }],
    ['/images/cover/url', { images: { cover: { url: 'not a url' } } }],
    ['/status', { status: 'gone' }],
  ])('400: names %s', async (pointer, wrong) => {
    const body = { name: 'V', availability: AVAILABILITY, ...wrong }
    const answer = await ctx.call('POST', '/v3/redeemable-skus', { body })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(answer.body.errors[0].pointer).toBe(pointer)
  })

  it('409: an economy has at most a thousand', async () => {
    await ctx.api.sql(
      `INSERT INTO redeemable_sku (economy_id, id, tenant_id, name, description)
       SELECT economy_id, gen_random_uuid(), tenant_id, 'filler', '' FROM redeemable_sku, generate_series(1, 1000) LIMIT 1000`,
    )
    const body = { name: 'V', availability: [] }
    expect(await ctx.call('POST', '/v3/redeemable-skus', { body })).toMatchObject({
      status: 409,
      body: { code: 'limit_reached' },
    })
    await ctx.api.sql(`DELETE FROM redeemable_sku WHERE name = 'filler'`)
  })
})

describe('GET /v3/redeemable-skus', () => {
  itIsGuarded(ctx, 'GET', '/v3/redeemable-skus', 'redemptions:read')

  it('200: lists by status, page by page, and to strangers nothing', async () => {
    const [active, inactive] = [await aSku(), await aSku({ status: 'inactive' })]
    const ids = async (query: string, key = ctx.key) =>
      (await ctx.call('GET', `/v3/redeemable-skus?${query}`, { key })).body.data.map(
        (sku: { id: string }) => sku.id,
      )
    expect(await ids('status=inactive')).toEqual([inactive.id])
    expect((await ids('status=active'))[0]).toBe(active.id)
    const first = await ctx.call('GET', '/v3/redeemable-skus?limit=1')
    expect(first.body).toMatchObject({ has_more: true, data: [{ id: inactive.id }] })
    expect(await ids(`limit=1&cursor=${first.body.next_cursor}`)).toEqual([active.id])
    expect(await ids('', ctx.strangerKey)).toEqual([])
    expect(await ctx.call('GET', '/v3/redeemable-skus?cursor=x')).toMatchObject({ status: 400 })
  })
})

describe('GET /v3/redeemable-skus/{id}', () => {
  itIsGuarded(ctx, 'GET', `/v3/redeemable-skus/${UNKNOWN}`, 'redemptions:read')
  let own = ''
  it('200: shows it', async () => {
    const sku = await aSku()
    own = sku.id
    expect(await ctx.call('GET', `/v3/redeemable-skus/${sku.id}`)).toMatchObject({ status: 200, body: sku })
  })
  itHidesFromStrangers(
    ctx,
    'GET',
    (id) => `/v3/redeemable-skus/${id}`,
    { own: () => own, unknown: UNKNOWN },
    'sku_not_found',
  )
})

describe('PATCH /v3/redeemable-skus/{id}', () => {
  itIsGuarded(ctx, 'PATCH', `/v3/redeemable-skus/${UNKNOWN}`, 'redemptions:write', { name: 'N' })
  let own = ''
  it('200: changes what is named, and nothing else', async () => {
    const sku = await aSku()
    own = sku.id
    const change = { status: 'inactive', availability: [AVAILABILITY[1]] }
    const { status, body } = await ctx.call('PATCH', `/v3/redeemable-skus/${sku.id}`, { body: change })
    expect(status).toBe(200)
    expect(body).toEqual({ ...sku, ...change, updated_at: body.updated_at })
    expect(await ctx.topicsOf(sku.id)).toEqual(['redeemable_sku.created', 'redeemable_sku.updated'])
  })

  it('400: an empty change', async () => {
    const answer = await ctx.call('PATCH', `/v3/redeemable-skus/${own}`, { body: {} })
    expect(answer.status).toBe(400)
  })
  itHidesFromStrangers(
    ctx,
    'PATCH',
    (id) => `/v3/redeemable-skus/${id}`,
    { own: () => own, unknown: UNKNOWN },
    'sku_not_found',
    { name: 'Stolen' },
  )
})
