import { beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

const UNKNOWN = toWire('whk', '01a00000-0000-7000-8000-000000000000')
const url = 'https://hooks.example.com/ost'

describe('one webhook', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/webhooks', { url })).id
  })
  const path = (of: string) => `/v3/webhooks/${of}`
  const own = { own: () => id, unknown: UNKNOWN }

  describe('GET /v3/webhooks', () => {
    it('200: lists page by page, without secrets and without deleted ones', async () => {
      const gone = await ctx.create('/v3/webhooks', { url })
      const other = await ctx.create('/v3/webhooks', { url: `${url}/2` })
      await ctx.call('DELETE', path(gone.id))
      const first = await ctx.call('GET', '/v3/webhooks?limit=1')
      expect(first.body.data.map((webhook: { id: string }) => webhook.id)).toEqual([other.id])
      const next = await ctx.call('GET', `/v3/webhooks?limit=1&cursor=${first.body.next_cursor}`)
      expect(next.body.data.map((webhook: { id: string }) => webhook.id)).toEqual([id])
      expect(next.body.has_more).toBe(false)
      expect(JSON.stringify([first.body, next.body])).not.toContain('whsec_')
    })

    it('400: refuses a cursor of another list', async () => {
      expect(await ctx.call('GET', '/v3/webhooks?cursor=nonsense')).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      })
    })

    itIsGuarded(ctx, 'GET', '/v3/webhooks', 'webhooks:read')
  })

  describe('GET /v3/webhooks/{id}', () => {
    it('200: shows it', async () => {
      expect((await ctx.call('GET', path(id))).body).toMatchObject({ id, url, status: 'enabled' })
    })
    itHidesFromStrangers(ctx, 'GET', path, own, 'webhook_not_found')
    itIsGuarded(ctx, 'GET', () => path(id), 'webhooks:read')
  })

  describe('PATCH /v3/webhooks/{id}', () => {
    const change = (of: string, body: unknown) => ctx.call('PATCH', path(of), { body })

    it('200: changes what it is given and leaves the rest', async () => {
      const { body } = await change(id, {
        description: 'Game server',
        topics: ['user.created', 'user.created'],
      })
      expect(body).toMatchObject({
        url,
        description: 'Game server',
        topics: ['user.created', 'user.created'],
      })
      expect(await ctx.actsOn(id)).toContain('webhook.updated')
    })

    it('200: disables it, with a reason, and enables it with its failures forgotten', async () => {
      const disabled = await change(id, { status: 'disabled' })
      expect(disabled.body).toMatchObject({ status: 'disabled', disabled_reason: 'owner' })
      expect(disabled.body.disabled_at).not.toBeNull()
      await ctx.api.sql(
        "UPDATE webhook_endpoint SET failures = 12, failing_since = now(), retry_at = now() + interval '5 minutes' WHERE id = $1",
        [uuidOfWire(id)],
      )
      const enabled = await change(id, { status: 'enabled' })
      expect(enabled.body).toMatchObject({
        status: 'enabled',
        disabled_reason: null,
        disabled_at: null,
        failing_since: null,
      })
      expect(
        await ctx.api.sql('SELECT failures, retry_at FROM webhook_endpoint WHERE id = $1', [uuidOfWire(id)]),
      ).toEqual([{ failures: 0, retry_at: null }])
    })

    it.each([
      [{}],
      [{ url: 'http://hooks.example.com' }],
      [{ url: 'https://10.0.0.1' }],
      [{ status: 'gone' }],
    ])('400: refuses %j', async (body) => {
      expect(await change(id, body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    })

    itHidesFromStrangers(ctx, 'PATCH', path, own, 'webhook_not_found', { description: 'x' })
    itIsGuarded(ctx, 'PATCH', () => path(id), 'webhooks:write', { description: 'x' })
  })

  describe('POST /v3/webhooks/{id}/rotate-secret', () => {
    const rotate = (of: string, body: unknown = {}, once?: string) =>
      ctx.call('POST', `${path(of)}/rotate-secret`, { body, ...(once !== undefined && { once }) })

    it('200: gives a new secret and keeps the old one for a day', async () => {
      const created = await ctx.create('/v3/webhooks', { url })
      const { status, body } = await rotate(created.id)
      expect(status).toBe(200)
      expect(body.secret).toMatch(/^whsec_/)
      expect(body.secret).not.toBe(created.secret)
      const hours = (Date.parse(body.previous_secret_expires_at) - Date.now()) / 3_600_000
      expect(hours).toBeGreaterThan(23.9)
      expect(hours).toBeLessThanOrEqual(24)
      expect(await ctx.actsOn(created.id)).toEqual(['webhook.created', 'webhook.secret_rotated'])
    })

    it('200: rotates once per idempotency key', async () => {
      const first = await rotate(id, {}, 'rotate-once')
      expect((await rotate(id, {}, 'rotate-once')).body).toEqual(first.body)
    })

    it('400: refuses an overlap past 7 days', async () => {
      expect((await rotate(id, { overlap_seconds: 8 * 86_400 })).status).toBe(400)
    })

    itHidesFromStrangers(ctx, 'POST', (of) => `${path(of)}/rotate-secret`, own, 'webhook_not_found', {})
    itIsGuarded(ctx, 'POST', () => `${path(id)}/rotate-secret`, 'webhooks:write', {})
  })

  describe('DELETE /v3/webhooks/{id}', () => {
    it('204: ends it, drops what waited, and answers 404 from then on', async () => {
      const webhook = await ctx.create('/v3/webhooks', { url })
      const test = await ctx.call('POST', `${path(webhook.id)}/test`)
      expect((await ctx.call('DELETE', path(webhook.id))).status).toBe(204)
      expect((await ctx.call('GET', path(webhook.id))).status).toBe(404)
      expect((await ctx.call('DELETE', path(webhook.id))).status).toBe(404)
      expect(
        await ctx.api.sql('SELECT status FROM webhook_delivery WHERE event_id = $1', [
          uuidOfWire(test.body.event_id),
        ]),
      ).toEqual([{ status: 'failed' }])
      expect(await ctx.actsOn(webhook.id)).toEqual(['webhook.created', 'webhook.deleted'])
    })

    itHidesFromStrangers(ctx, 'DELETE', path, own, 'webhook_not_found')
    itIsGuarded(ctx, 'DELETE', () => path(id), 'webhooks:write')
  })
})
