import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { createOstKey, type OstV2, ostCaller } from '#test/support/ost-v2.ts'
import { startWebhookBed, type WebhookBed } from '#test/support/webhook-bed.ts'
import { answering, type Received, type Sink, startSink, taken } from '#test/support/webhook-sink.ts'
import { carryTo } from '#test/support/mined-submission.ts'

let bed: WebhookBed
let sink: Sink
let call: OstV2['call']
let rulesAddress: string
let companyId: string
let holders: string[]

beforeAll(async () => {
  bed = await startWebhookBed()
  sink = await startSink()
  const caller = ostCaller(bed.api, await createOstKey(bed.api, bed.economy))
  let asked = 0
  // A parameter that means nothing: two equal requests within a second would be the same one.
  call = (method, path, params = {}) => caller(method, path, { ...params, asked: (asked += 1) })
  const [row] = await bed.api.sql('SELECT token_rules_address AS rules FROM economy')
  rulesAddress = String(row?.['rules'])
  companyId = bed.economy.companyId
  holders = await Promise.all(
    bed.economy.userIds.map(async (id) =>
      String((await bed.api.sql('SELECT address FROM wallet WHERE user_id = $1', [id]))[0]?.['address']),
    ),
  )
})
afterAll(async () => {
  await sink.stop()
  await bed.close()
})
beforeEach(async () => {
  await bed.api.sql('UPDATE webhook_endpoint SET deleted_at = now() WHERE deleted_at IS NULL')
  sink.behave(taken)
  sink.received.length = 0
})

/** As `webhooks.verifySignature` of the official SDKs has it: the signature stands somewhere in the header. */
function verifySignature(version: string, data: string, timestamp: string, header: string, secret: string) {
  const computed = createHmac('sha256', Buffer.from(secret, 'utf8'))
    .update(`${timestamp}.${version}.${data}`)
    .digest('hex')
  return header.includes(computed)
}

const isBy = (secret: string, { headers, body }: Received) =>
  verifySignature(
    String(headers['ost-version']),
    body,
    String(headers['ost-timestamp']),
    String(headers['ost-signature']),
    secret,
  )

async function aWebhook(topics: readonly string[], url = sink.url): Promise<string> {
  const { status, body } = await call('POST', '/webhooks', { url, topics })
  expect(status, JSON.stringify(body)).toBe(200)
  return body.data.webhook.id
}
const v3 = (id: string) => `/v3/webhooks/${toWire('whk', id)}`

async function pay(amounts: readonly string[]) {
  const parameters = [amounts.map((_amount, at) => holders[at % holders.length] ?? ''), amounts]
  const { status, body } = await call('POST', `/users/${companyId}/transactions`, {
    to: rulesAddress,
    raw_calldata: JSON.stringify({ method: 'directTransfers', parameters }),
    meta_property: { name: 'thanks', type: 'company_to_user' },
  })
  expect(status, JSON.stringify(body)).toBe(200)
  const id: string = body.data.transaction.id
  const rows = await bed.api.sql(
    'SELECT transaction_id AS id FROM bundle_member WHERE bundle_id = $1 ORDER BY position',
    [id],
  )
  return { id, members: rows.map((row) => String(row['id'])), transaction: body.data.transaction }
}

/** As the indexer writes it. */
async function reach(transactionId: string | undefined, status: 'mined' | 'confirmed' | 'failed') {
  await carryTo(bed.api.sql, [transactionId ?? ''], status)
  await bed.api.sql(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
     SELECT gen_random_uuid(), tenant_id, economy_id, 'transaction.' || $2, id, '{"block_number":7,"tx_hash":"0xabc"}'
     FROM transaction WHERE id = $1`,
    [transactionId, status],
  )
}

async function tell(webhookId: string) {
  await bed.fanOut()
  await bed.deliverAll(webhookId)
}
const bodies = () => sink.received.map((one) => JSON.parse(one.body))
const topics = () => bodies().map((body) => body.topic)
const ALL = ['transactions/initiate', 'transactions/mine', 'transactions/success', 'transactions/failure']

describe('a delivery', () => {
  it('has exactly the documented keys and headers, and is signed as the SDKs verify', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    const { body: rotated } = await bed.call('POST', `${v3(webhook)}/rotate-secret`, { overlap_seconds: 0 })
    const { id, transaction } = await pay(['1', '2'])
    await tell(webhook)
    expect(sink.received).toHaveLength(1)
    const [received] = sink.received
    if (!received) throw new Error('nothing came')
    const body = JSON.parse(received.body)
    expect(Object.keys(body)).toEqual(['id', 'topic', 'created_at', 'webhook_id', 'version', 'data'])
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      topic: 'transactions/initiate',
      created_at: expect.any(Number),
      webhook_id: webhook,
      version: 'v2',
      data: { result_type: 'transaction', transaction },
    })
    expect(body.id).not.toBe(webhook)
    expect(Math.abs(body.created_at - Date.now() / 1_000)).toBeLessThan(60)
    expect(body.data.transaction).toMatchObject({ id, status: 'CREATED', transaction_hash: null })
    expect(received.headers).toMatchObject({
      'content-type': 'application/json',
      'ost-version': 'v2',
      'api-signature-kind': 'OST1-WEBHOOK-HMAC-SHA256',
      'ost-timestamp': expect.stringMatching(/^\d{10}$/),
      'ost-signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(received.headers['webhook-signature']).toBeUndefined()
    expect(isBy(rotated.secret, received)).toBe(true)
    expect(isBy('0'.repeat(64), received)).toBe(false)
    expect(isBy(rotated.secret, { ...received, body: `${received.body} ` })).toBe(false)
  })

  it('is signed by both secrets for 24 hours after one is replaced, for all webhooks of the economy', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    const other = await aWebhook(['transactions/initiate'], `${sink.url}/other`)
    const first = await bed.call('POST', `${v3(webhook)}/rotate-secret`, { overlap_seconds: 0 })
    const second = await bed.call('POST', `${v3(other)}/rotate-secret`, {})
    await pay(['1'])
    await tell(webhook)
    await bed.deliverAll(other)
    expect(sink.received).toHaveLength(2)
    for (const received of sink.received) {
      expect(String(received.headers['ost-signature'])).toMatch(/^[0-9a-f]{64},[0-9a-f]{64}$/)
      for (const { body } of [first, second]) expect(isBy(body.secret, received)).toBe(true)
    }
    expect(new Set(bodies().map((body) => body.webhook_id))).toEqual(new Set([webhook, other]))
    await bed.api.sql(
      `UPDATE webhook_endpoint SET previous_secret_expires_at = now() WHERE format = 'ost-v2'`,
    )
    await pay(['1'])
    await tell(webhook)
    const last = sink.received.at(-1)
    if (!last) throw new Error('nothing came')
    expect([isBy(first.body.secret, last), isBy(second.body.secret, last)]).toEqual([false, true])
  })

  it('comes again with the same id and body until it is taken', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    sink.behave(answering(500))
    await pay(['1'])
    await tell(webhook)
    sink.behave(taken)
    await bed.pass(60_000)
    await bed.deliverAll(webhook)
    expect(sink.received).toHaveLength(2)
    expect(sink.received[1]?.body).toBe(sink.received[0]?.body)
    const log = await bed.call('GET', `${v3(webhook)}/deliveries`)
    expect(log.body.data).toMatchObject([{ type: 'transactions/initiate', status: 'delivered', attempts: 2 }])
    const one = await bed.call('GET', `${v3(webhook)}/deliveries/${log.body.data[0].event_id}`)
    expect(one.body.request_body).toBe(sink.received[0]?.body)
  })

  it('is not made for an inactive webhook', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    await call('POST', `/webhooks/${webhook}`, { topics: ['transactions/initiate'], status: 'inactive' })
    await pay(['1'])
    await tell(webhook)
    expect(sink.received).toEqual([])
  })

  it('can be tried out: a test event about the webhook itself', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    expect((await bed.call('POST', `${v3(webhook)}/test`)).status).toBe(202)
    await bed.deliverAll(webhook)
    const entity = (await call('GET', `/webhooks/${webhook}`)).body.data.webhook
    expect(bodies()).toEqual([
      expect.objectContaining({
        topic: 'webhooks/test',
        webhook_id: webhook,
        version: 'v2',
        data: { result_type: 'webhook', webhook: entity },
      }),
    ])
  })
})

describe('transactions/*', () => {
  it('a transaction of several transfers is told of once per topic, by the last of them', async () => {
    const webhook = await aWebhook(ALL)
    const { id, members } = await pay(['1', '2'])
    await tell(webhook)
    await reach(members[0], 'mined')
    await tell(webhook)
    expect(topics()).toEqual(['transactions/initiate'])
    await reach(members[1], 'mined')
    await tell(webhook)
    await reach(members[0], 'confirmed')
    await tell(webhook)
    expect(topics()).toEqual(['transactions/initiate', 'transactions/mine'])
    await reach(members[1], 'confirmed')
    await tell(webhook)
    expect(topics()).toEqual(['transactions/initiate', 'transactions/mine', 'transactions/success'])
    const told = bodies().map(({ data }) => data.transaction)
    expect(told.map((one) => [one.id, one.status])).toEqual([
      [id, 'CREATED'],
      [id, 'MINED'],
      [id, 'SUCCESS'],
    ])
    const { transaction } = (await call('GET', `/users/${companyId}/transactions/${id}`)).body.data
    expect(told[2]).toEqual(transaction)
    const { body: timeline } = await bed.call(
      'GET',
      `/v3/transactions/${toWire('txn', members[1] ?? '')}/timeline`,
    )
    const tries = timeline.data.filter((event: { kind: string }) => event.kind === 'webhook_tried')
    expect(tries).toHaveLength(3)
  })

  it('read late, each still shows what was known then', async () => {
    const webhook = await aWebhook(ALL)
    const { members } = await pay(['1', '2'])
    for (const status of ['mined', 'confirmed'] as const)
      for (const member of members) await reach(member, status)
    await bed.call('PATCH', v3(webhook), { mode: 'ordered' })
    await tell(webhook)
    expect(bodies().map(({ topic, data }) => [topic, data.transaction.status])).toEqual([
      ['transactions/initiate', 'CREATED'],
      ['transactions/mine', 'MINED'],
      ['transactions/success', 'SUCCESS'],
    ])
    expect(bodies()[0].data.transaction).toMatchObject({ transaction_hash: null, block_number: null })
  })

  it('failure: once all have ended and one has failed', async () => {
    const webhook = await aWebhook(ALL)
    const { members } = await pay(['1', '2'])
    await reach(members[0], 'failed')
    await tell(webhook)
    expect(topics()).toEqual(['transactions/initiate'])
    await reach(members[1], 'confirmed')
    await tell(webhook)
    expect(new Set(topics())).toEqual(
      new Set(['transactions/failure', 'transactions/initiate', 'transactions/mine']),
    )
    const failure = bodies().find((body) => body.topic === 'transactions/failure')
    expect(failure.data.transaction.status).toBe('FAILED')
  })

  it('only wanted topics are kept', async () => {
    const webhook = await aWebhook(['transactions/success'])
    const { id, members } = await pay(['1'])
    for (const status of ['mined', 'confirmed'] as const) await reach(members[0], status)
    await tell(webhook)
    expect(topics()).toEqual(['transactions/success'])
    const rows = await bed.api.sql('SELECT topic FROM webhook_event WHERE subject_id = $1', [id])
    expect(rows).toEqual([{ topic: 'transactions/success' }])
  })

  it('a payment made under /v3 is told of too, and a webhook of /v3 hears of the same in its words', async () => {
    const webhook = await aWebhook(['transactions/initiate'])
    const other = await bed.createWebhook({ url: `${sink.url}/v3`, topics: ['transaction.queued'] })
    const [from, to] = bed.economy.userIds.map((id) => toWire('usr', id))
    const { body: sent } = await bed.api.request('POST', '/v3/transactions', {
      economy: bed.economyId,
      once: 'one-payment',
      body: { type: 'tip', from_user_id: from, to_user_id: to, amount: '5' },
    })
    await tell(webhook)
    await bed.deliverAll(other.uuid)
    const [ost, ours] = bodies().toSorted((a) => (a.webhook_id === webhook ? -1 : 1))
    expect(ost.data.transaction).toMatchObject({ id: uuidOfWire(sent.id), meta_property: { name: 'tip' } })
    expect(ours).toMatchObject({ type: 'transaction.queued', data: sent })
  })

  it('a range of time can be sent again, with the same ids', async () => {
    const webhook = await aWebhook(['transactions/success'])
    const { members } = await pay(['1', '2'])
    for (const status of ['mined', 'confirmed'] as const)
      for (const member of members) await reach(member, status)
    await tell(webhook)
    const from = new Date(Date.now() - 3_600_000).toISOString()
    const { body: replay } = await bed.call('POST', `${v3(webhook)}/replays`, { from, scope: 'all' })
    const before = sink.received.length
    await bed.replay(uuidOfWire(replay.id))
    await bed.deliverAll(webhook)
    expect(sink.received.length).toBeGreaterThan(before)
    const ids = bodies().map((body) => body.id)
    expect(ids.filter((id) => id === ids[0])).toHaveLength(2)
    expect(new Set(topics())).toEqual(new Set(['transactions/success']))
  })
})

describe('price_points/*', () => {
  it('are told of by currency, as the price points are shown', async () => {
    const webhook = await aWebhook(['price_points/eur_update'])
    await bed.call('POST', '/v3/price-points', { currency: 'USD', price: '0.03' })
    await bed.call('POST', '/v3/price-points', { currency: 'EUR', price: '0.02' })
    await tell(webhook)
    expect(topics()).toEqual(['price_points/eur_update'])
    const chainId = (await call('GET', '/tokens')).body.data.token.auxiliary_chains[0].chain_id
    const { data } = (await call('GET', `/chains/${chainId}/price-points`)).body
    expect(bodies()[0].data).toEqual(data)
  })
})

describe('redemptions/*', () => {
  it.each([
    ['fulfill', 'FULFILLED'],
    ['cancel', 'CANCELLED'],
  ])('initiate, accept, %s', async (topic, status) => {
    const webhook = await aWebhook(['redemptions/initiate', 'redemptions/accept', `redemptions/${topic}`])
    const order = await anOrder()
    await reach(uuidOfWire(order.transaction_id), 'confirmed')
    await tell(webhook)
    const decided = await bed.call('POST', `/v3/redemptions/${order.id}/${topic}`)
    expect(decided.status, JSON.stringify(decided.body)).toBe(200)
    await tell(webhook)
    expect(new Map(bodies().map(({ topic: of, data }) => [of, data.redemption.status]))).toEqual(
      new Map([
        ['redemptions/initiate', 'INITIATED'],
        ['redemptions/accept', 'ACCEPTED'],
        [`redemptions/${topic}`, status],
      ]),
    )
    const [{ data }] = bodies().filter((body) => body.topic === `redemptions/${topic}`)
    const userId = bed.economy.userIds[0]
    const shown = await call('GET', `/users/${userId}/redemptions/${uuidOfWire(order.id)}`)
    expect(data).toEqual(shown.body.data)
  })

  it('failure', async () => {
    const webhook = await aWebhook(['redemptions/failure'])
    await reach(uuidOfWire((await anOrder()).transaction_id), 'failed')
    await tell(webhook)
    expect(bodies().map(({ data }) => data.redemption.status)).toEqual(['FAILED'])
  })

  async function anOrder() {
    await bed.call('POST', '/v3/price-points', { currency: 'USD', price: '1000000000000000' })
    const availability = [
      { country: 'Germany', country_iso_code: 'DE', currency_iso_code: 'USD', denominations: ['10'] },
    ]
    const sku = await bed.call('POST', '/v3/redeemable-skus', { name: 'Voucher', availability })
    expect(sku.status, JSON.stringify(sku.body)).toBe(201)
    const { status, body } = await bed.api.request('POST', '/v3/redemptions', {
      economy: bed.economyId,
      once: `order-${sku.body.id}`,
      body: {
        user_id: toWire('usr', bed.economy.userIds[0] ?? ''),
        sku_id: sku.body.id,
        amount: '10',
        country_iso_code: 'DE',
      },
    })
    expect(status, JSON.stringify(body)).toBe(202)
    return body
  }
})
