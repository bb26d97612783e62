import { describe, expect, it } from 'vitest'
import { WEBHOOKS_MAX } from '#core/webhook/webhook.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

const URL = 'https://hooks.example.com/ost'

describe('POST /v3/webhooks', () => {
  const ctx = useEconomyApi()
  const create = (body: unknown, once?: string) =>
    ctx.call('POST', '/v3/webhooks', { body, ...(once !== undefined && { once }) })

  describe('201', () => {
    it('creates a webhook for everything, and shows its secret this once', async () => {
      const { status, body } = await create({ url: URL })
      expect(status).toBe(201)
      const { secret, ...webhook } = body
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
      expect(webhook).toMatchObject({
        object: 'webhook',
        url: URL,
        topics: [],
        mode: 'parallel',
        status: 'enabled',
      })
      expect((await ctx.call('GET', `/v3/webhooks/${webhook.id}`)).body).toEqual(webhook)
      expect(await ctx.actsOn(webhook.id)).toEqual(['webhook.created'])
    })

    it('keeps the secret sealed, and out of the audit log', async () => {
      const { body } = await create({ url: URL, topics: ['transaction.confirmed'], mode: 'ordered' })
      const rows = await ctx.api.sql(
        `SELECT w::text AS webhook, a::text AS act FROM webhook_endpoint w JOIN audit_log a ON a.subject_id = w.id::text WHERE w.id = $1`,
        [uuidOfWire(body.id)],
      )
      expect(rows).toHaveLength(1)
      expect(JSON.stringify(rows)).not.toContain(body.secret.slice('whsec_'.length))
    })

    it('sends the first answer again for the same key, secret included', async () => {
      const first = await create({ url: URL }, 'webhook-once')
      const again = await create({ url: URL }, 'webhook-once')
      expect(again.body).toEqual(first.body)
      expect(again.headers['idempotency-replayed']).toBe('true')
    })
  })

  describe('400', () => {
    it.each([
      'http://hooks.example.com/ost',
      'ftp://hooks.example.com',
      'nonsense',
      'https://user:secret@hooks.example.com',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://localhost/',
      'https://metadata.google.internal/',
      'https://10.0.0.8/',
      'https://169.254.169.254/latest/meta-data',
      'https://[::1]/',
      'https://[::ffff:192.168.0.1]/',
      'https://[fd00:ec2::254]/',
      'https://100.64.0.1/',
    ])('refuses %s', async (url) => {
      const answer = await create({ url })
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', errors: [{ pointer: '/url' }] },
      })
    })

    it.each([
      [{ url: URL, topics: ['transaction.vanished'] }],
      [{ url: URL, topics: ['lane.paused'] }],
      [{ url: URL, mode: 'chaotic' }],
      [{ topics: [] }],
      [{ url: URL, secret: 'whsec_mine' }],
    ])('refuses %j', async (body) => {
      expect(await create(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    })
  })

  describe('409: the limit is reached', () => {
    it('refuses one too many, and a deleted one makes room', async () => {
      const { body } = await ctx.call('GET', '/v3/webhooks?limit=100')
      for (let count = body.data.length; count < WEBHOOKS_MAX; count += 1) await create({ url: URL })
      expect(await create({ url: URL })).toMatchObject({ status: 409, body: { code: 'limit_reached' } })
      expect((await ctx.call('DELETE', `/v3/webhooks/${body.data[0].id}`)).status).toBe(204)
      expect((await create({ url: URL })).status).toBe(201)
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/webhooks', 'webhooks:write', { url: URL })
})

describe('POST /v3/webhooks where the configuration allows private networks', () => {
  const ctx = useEconomyApi({ env: { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true' } })

  it('201: takes http and loopback', async () => {
    const { body } = await ctx.call('POST', '/v3/webhooks', { body: { url: 'http://localhost:4000/hook' } })
    expect(body.url).toBe('http://localhost:4000/hook')
  })
})
