import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { OST_TOPICS } from '#core/webhook/ost-topics.ts'
import { type Params, SDKS, type Sdk, useOstV2 } from '#test/support/ost-v2.ts'

const ctx = useOstV2()
const KEYS = ['format', 'id', 'status', 'topics', 'updated_timestamp', 'url']
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
let made = 0
const newUrl = () => `https://hooks.example.com/${(made += 1)}`
const refusal = (status: number, parameter: string) => ({
  status,
  body: { success: false, err: { error_data: [{ parameter }] } },
})
const create = (params: Params = {}, options = {}) =>
  ctx.call(
    'POST',
    '/webhooks',
    { url: newUrl(), topics: ['transactions/success'], asked: (made += 1), ...params },
    options,
  )
async function aWebhook(params: Params = {}) {
  const { status, body } = await create(params)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.data.webhook
}
const remove = (id: string) => ctx.call('DELETE', `/webhooks/${id}`)
const asTenant = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) =>
  ctx.api.request(method, path, {
    economy: toWire('eco', ctx.economy.economyId),
    ...(body && { body }),
  })
const v3 = (id: string) => `/v3/webhooks/${toWire('whk', id)}`
const count = async () =>
  (await ctx.api.sql('SELECT count(*)::int AS n FROM webhook_endpoint WHERE deleted_at IS NULL'))[0]?.['n']

describe('POST /webhooks', () => {
  it('answers the webhook with exactly its keys, active unless told otherwise', async () => {
    const url = newUrl()
    const { status, body } = await create({
      url,
      topics: ['transactions/initiate', 'users/activation_success'],
    })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(Object.keys(body.data)).toEqual(['result_type', 'webhook'])
    expect(body.data.result_type).toBe('webhook')
    const { webhook } = body.data
    expect(Object.keys(webhook).toSorted()).toEqual(KEYS)
    expect(webhook).toMatchObject({
      id: expect.stringMatching(UUID),
      url,
      format: 'json',
      status: 'active',
      topics: ['transactions/initiate', 'users/activation_success'],
      updated_timestamp: expect.any(Number),
    })
    expect(webhook.updated_timestamp).toBeCloseTo(Date.now() / 1_000, -2)
    await remove(webhook.id)
    const inactive = await aWebhook({ status: 'inactive' })
    expect(inactive.status).toBe('inactive')
    await remove(inactive.id)
  })

  it('takes every documented topic', async () => {
    const ended = ['initiate', 'success', 'failure']
    const each = (of: string, what: readonly string[]) => what.map((one) => `${of}${one}`)
    const documented = [
      ...each('transactions/', [...ended, 'mine']),
      ...each('users/activation_', ended),
      ...['authorization_', 'revocation_', 'recovery_'].flatMap((what) => each(`devices/${what}`, ended)),
      ...each('devices/recovery_abort_', ['success', 'failure']),
      ...['authorization_', 'revocation_', 'logoutall_'].flatMap((what) => each(`sessions/${what}`, ended)),
      ...each('price_points/', ['usd_update', 'eur_update', 'gbp_update']),
      ...each('redemptions/', ['initiate', 'accept', 'failure', 'cancel', 'fulfill']),
    ]
    expect([...OST_TOPICS].toSorted()).toEqual(documented.toSorted())
    const webhook = await aWebhook({ topics: documented })
    expect(webhook.topics).toEqual(documented)
    await remove(webhook.id)
  })

  it('trims topics, takes them in any case, and each once', async () => {
    const webhook = await aWebhook({
      topics: [' Transactions/SUCCESS ', 'transactions/success', 'users/activation_initiate', ''],
    })
    expect(webhook.topics).toEqual(['transactions/success', 'users/activation_initiate'])
    await remove(webhook.id)
  })

  it.each(Object.keys(SDKS) as Sdk[])('as the %s SDK writes it', async (sdk) => {
    const { status, body } = await create({ topics: ['transactions/mine', 'transactions/failure'] }, { sdk })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.data.webhook.topics).toEqual(['transactions/mine', 'transactions/failure'])
    await remove(body.data.webhook.id)
  })

  it.each<[string, string, Params]>([
    ['an unknown topic', 'topics', { topics: ['transactions/success', 'coffee/ready'] }],
    ['a topic of /v3', 'topics', { topics: ['transaction.confirmed'] }],
    ['no topic', 'topics', { topics: [] }],
    ['101 topics', 'topics', { topics: Array.from({ length: 101 }, () => 'transactions/success') }],
    ['blank topics', 'topics', { topics: [' '] }],
    ['no URL', 'url', { url: '' }],
    ['no URL at all', 'url', { url: 'not a url' }],
    ['plain http', 'url', { url: 'http://hooks.example.com/' }],
    ['an address of a private network', 'url', { url: 'https://10.0.0.1/' }],
    ['a URL without end', 'url', { url: `https://hooks.example.com/${'x'.repeat(2_048)}` }],
    ['another status', 'status', { status: 'deleted' }],
  ])('400: %s', async (_case, parameter, params) => {
    const before = await count()
    expect(await create(params)).toMatchObject({
      ...refusal(400, parameter),
      body: { err: { code: 'BAD_REQUEST' } },
    })
    expect(await count()).toBe(before)
  })

  it('422: the same URL twice, until the first is deleted', async () => {
    const { id, url } = await aWebhook()
    expect(await create({ url, status: 'inactive' })).toMatchObject({
      ...refusal(422, 'url'),
      body: { err: { code: 'UNPROCESSABLE_ENTITY' } },
    })
    await remove(id)
    await remove((await aWebhook({ url })).id)
  })

  it('422: more than 10 active ones, also by activating', async () => {
    const ids: string[] = []
    const burst = await Promise.all(Array.from({ length: 12 }, () => create()))
    for (const { status, body } of burst) if (status === 200) ids.push(body.data.webhook.id)
    expect(burst.filter(({ status }) => status === 422)).toHaveLength(2)
    expect(ids).toHaveLength(10)
    const inactive = await aWebhook({ status: 'inactive' })
    const topics = ['transactions/mine']
    expect(await ctx.call('POST', `/webhooks/${inactive.id}`, { topics, status: 'active' })).toMatchObject({
      status: 422,
      body: { err: { code: 'UNPROCESSABLE_ENTITY' } },
    })
    const enabling = await asTenant('PATCH', v3(inactive.id), { status: 'enabled' })
    expect(enabling).toMatchObject({ status: 409, body: { code: 'limit_reached' } })
    // Those that are active may change.
    expect((await ctx.call('POST', `/webhooks/${ids[0]}`, { topics })).status).toBe(200)
    for (const id of [...ids, inactive.id]) await remove(id)
  })

  it('400: the same signed request twice', async () => {
    const params = { url: newUrl(), topics: ['transactions/success'] }
    const at = Math.floor(Date.now() / 1_000)
    const first = await ctx.call('POST', '/webhooks', params, { at })
    expect(first.status).toBe(200)
    expect(await ctx.call('POST', '/webhooks', params, { at })).toMatchObject(refusal(400, 'api_signature'))
    await remove(first.body.data.webhook.id)
  })
})

describe('GET /webhooks', () => {
  it('pages of `limit`, newest first, those of /v3 left out', async () => {
    const ids = [await aWebhook(), await aWebhook({ status: 'inactive' }), await aWebhook()].map(
      ({ id }) => id,
    )
    await asTenant('POST', '/v3/webhooks', { url: newUrl() })
    const first = await ctx.call('GET', '/webhooks', { limit: 2 })
    expect(first.status, JSON.stringify(first.body)).toBe(200)
    expect(Object.keys(first.body.data).toSorted()).toEqual(['meta', 'result_type', 'webhooks'])
    expect(first.body.data.result_type).toBe('webhooks')
    expect(first.body.data.webhooks.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[1]])
    expect(Object.keys(first.body.data.webhooks[0]).toSorted()).toEqual(KEYS)
    const next = await ctx.call('GET', '/webhooks', first.body.data.meta.next_page_payload)
    expect(next.body.data.webhooks.map(({ id }: { id: string }) => id)).toEqual([ids[0]])
    expect(next.body.data.meta).toEqual({ next_page_payload: {} })
    for (const id of ids) await remove(id)
    expect((await ctx.call('GET', '/webhooks')).body.data.webhooks).toEqual([])
  })

  it('25 at a time unless told otherwise', async () => {
    const ids = await Promise.all(
      Array.from({ length: 12 }, async () => (await aWebhook({ status: 'inactive' })).id as string),
    )
    const { webhooks, meta } = (await ctx.call('GET', '/webhooks')).body.data
    expect(webhooks).toHaveLength(12)
    expect(meta).toEqual({ next_page_payload: {} })
    for (const id of ids) await remove(id)
  })

  it.each([0, 26, 'x'])('400: limit %s', async (limit) => {
    expect(await ctx.call('GET', '/webhooks', { limit })).toMatchObject(refusal(400, 'limit'))
  })

  it('400: a pagination identifier of nobody', async () => {
    expect(await ctx.call('GET', '/webhooks', { pagination_identifier: 'e30=' })).toMatchObject(
      refusal(400, 'pagination_identifier'),
    )
  })
})

describe('one webhook', () => {
  it('GET shows it, as its creation did', async () => {
    const webhook = await aWebhook()
    const { status, body } = await ctx.call('GET', `/webhooks/${webhook.id}`)
    expect([status, body.data]).toEqual([200, { result_type: 'webhook', webhook }])
    await remove(webhook.id)
  })

  it('POST replaces the whole list of topics, and leaves the URL', async () => {
    const webhook = await aWebhook({ topics: ['transactions/success', 'transactions/mine'] })
    const params = { topics: ['users/activation_success'], status: 'inactive', url: newUrl() }
    const { status, body } = await ctx.call('POST', `/webhooks/${webhook.id}`, params)
    expect(status, JSON.stringify(body)).toBe(200)
    const updated = expect.any(Number)
    expect(body.data).toEqual({
      result_type: 'webhook',
      webhook: {
        ...webhook,
        topics: ['users/activation_success'],
        status: 'inactive',
        updated_timestamp: updated,
      },
    })
    // As the original's code has it: what is not told to be inactive is active.
    const again = await ctx.call('POST', `/webhooks/${webhook.id}`, { topics: ['transactions/mine'] })
    expect(again.body.data.webhook).toMatchObject({ status: 'active', topics: ['transactions/mine'] })
    for (const [parameter, wrong] of [
      ['topics', { topics: ['coffee/ready'] }],
      ['topics', {}],
      ['status', { topics: ['transactions/mine'], status: 'gone' }],
    ] as const)
      expect(await ctx.call('POST', `/webhooks/${webhook.id}`, wrong)).toMatchObject(refusal(400, parameter))
    await remove(webhook.id)
  })

  it('DELETE answers it, and then it is not there', async () => {
    const webhook = await aWebhook()
    const { status, body } = await remove(webhook.id)
    expect([status, body.data]).toEqual([
      200,
      { result_type: 'webhook', webhook: { ...webhook, status: 'inactive' } },
    ])
    expect(await remove(webhook.id)).toMatchObject(refusal(400, 'webhook_id'))
    expect(await ctx.call('GET', `/webhooks/${webhook.id}`)).toMatchObject(refusal(400, 'webhook_id'))
  })

  it.each(['GET', 'POST', 'DELETE'] as const)(
    '400 webhook_id: %s of an unknown, a malformed and another tenant’s id, and of one of /v3',
    async (method) => {
      const webhook = await aWebhook()
      const other = await asTenant('POST', '/v3/webhooks', { url: newUrl() })
      const [row] = await ctx.api.sql(
        `SELECT id FROM webhook_endpoint WHERE format = 'v3' ORDER BY id DESC LIMIT 1`,
      )
      expect(other.status).toBe(201)
      const params: Params = method === 'POST' ? { topics: ['transactions/mine'] } : {}
      const unknown = '01a00000-0000-4000-8000-000000000000'
      for (const id of [unknown, 'x', String(row?.['id'])])
        expect(await ctx.call(method, `/webhooks/${id}`, params)).toMatchObject(refusal(400, 'webhook_id'))
      const foreign = await ctx.call(method, `/webhooks/${webhook.id}`, params, { key: ctx.stranger })
      expect(foreign).toMatchObject(refusal(400, 'webhook_id'))
      expect((await ctx.call('GET', `/webhooks/${webhook.id}`)).body.data.webhook).toEqual(webhook)
      await remove(webhook.id)
    },
  )

  it('401: a device asks', async () => {
    const device = await ctx.register(ctx.economy.userIds[0] ?? '')
    for (const method of ['GET', 'POST'] as const)
      expect(await ctx.callAs(device, method, '/webhooks')).toMatchObject(refusal(401, 'api_signature_kind'))
  })
})

describe('under /v3', () => {
  it('it is a webhook of the format ost-v2, whose topics and address stay in its format', async () => {
    const webhook = await aWebhook()
    expect((await asTenant('GET', v3(webhook.id))).body).toMatchObject({
      format: 'ost-v2',
      topics: ['transactions/success'],
      url: webhook.url,
      status: 'enabled',
    })
    const refused = (pointer: string) => ({
      status: 400,
      body: { code: 'invalid_request', errors: [{ pointer }] },
    })
    expect(await asTenant('PATCH', v3(webhook.id), { topics: ['user.created'] })).toMatchObject(
      refused('/topics'),
    )
    expect(await asTenant('PATCH', v3(webhook.id), { url: newUrl() })).toMatchObject(refused('/url'))
    expect((await asTenant('PATCH', v3(webhook.id), { mode: 'ordered' })).body).toMatchObject({
      mode: 'ordered',
    })
    await remove(webhook.id)
  })

  it('all of an economy have one secret, also those that come later', async () => {
    const [one, two] = [await aWebhook(), await aWebhook()]
    const rotated = await asTenant('POST', `${v3(one.id)}/rotate-secret`, {})
    expect(rotated.body.secret).toMatch(/^[0-9a-f]{64}$/)
    const again = await asTenant('POST', `${v3(two.id)}/rotate-secret`, {})
    expect(again.body.secret).not.toBe(rotated.body.secret)
    const late = await aWebhook()
    const rows = await ctx.api.sql(
      `SELECT DISTINCT secret, previous_secret, previous_secret_expires_at - now() > interval '23 hours' AS overlaps
       FROM webhook_endpoint WHERE format = 'ost-v2'`,
    )
    expect(rows).toEqual([
      { secret: expect.any(String), previous_secret: expect.any(String), overlaps: true },
    ])
    for (const { id } of [one, two, late]) await remove(id)
  })
})
