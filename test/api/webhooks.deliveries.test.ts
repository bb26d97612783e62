import { beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

const NOTHING = '01a00000-0000-7000-8000-000000000000'
const UNKNOWN = toWire('whk', NOTHING)
const url = 'https://hooks.example.com/ost'

describe('deliveries of a webhook', () => {
  const woken: unknown[] = []
  const ctx = useEconomyApi({ deps: () => ({ jobs: { wake: (job) => void woken.push(job) } }) })
  let id: string
  let eventId: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/webhooks', { url, topics: ['user.created'] })).id
    eventId = (await ctx.call('POST', `/v3/webhooks/${id}/test`)).body.event_id
  })
  const path = (of: string, rest = '') => `/v3/webhooks/${of}${rest}`
  const own = { own: () => id, unknown: UNKNOWN }

  describe('POST /v3/webhooks/{id}/test', () => {
    it('202: queues an event whatever the topics, and rings for it', async () => {
      const { status, body } = await ctx.call('POST', path(id, '/test'))
      expect(status).toBe(202)
      expect(body).toMatchObject({ type: 'webhook.test', status: 'pending', attempts: 0, subject_id: id })
      expect(woken).toContainEqual({ name: 'deliver-webhooks', id: uuidOfWire(id) })
      const sent = await ctx.call('GET', path(id, `/deliveries/${body.event_id}`))
      expect(JSON.parse(sent.body.request_body)).toMatchObject({
        id: body.event_id,
        type: 'webhook.test',
        economy_id: ctx.economyId,
        data: { object: 'webhook', id },
      })
    })

    it('202: once per idempotency key', async () => {
      const first = await ctx.call('POST', path(id, '/test'), { once: 'test-once' })
      const again = await ctx.call('POST', path(id, '/test'), { once: 'test-once' })
      expect(again.body).toEqual(first.body)
    })

    itHidesFromStrangers(ctx, 'POST', (of) => path(of, '/test'), own, 'webhook_not_found')
    itIsGuarded(ctx, 'POST', () => path(id, '/test'), 'webhooks:write')
  })

  describe('GET /v3/webhooks/{id}/deliveries', () => {
    it('200: lists the newest first, page by page', async () => {
      const all = (await ctx.call('GET', path(id, '/deliveries'))).body.data
      const first = await ctx.call('GET', path(id, '/deliveries?limit=1'))
      const next = await ctx.call('GET', path(id, `/deliveries?limit=1&cursor=${first.body.next_cursor}`))
      expect([first.body.data[0], next.body.data[0]]).toEqual(all.slice(0, 2))
    })

    it('200: narrows by status and type', async () => {
      await ctx.api.sql("UPDATE webhook_delivery SET status = 'failed' WHERE event_id = $1", [
        uuidOfWire(eventId),
      ])
      const ids = async (query: string) =>
        (await ctx.call('GET', path(id, `/deliveries?${query}`))).body.data.map(
          (one: { event_id: string }) => one.event_id,
        )
      expect(await ids('status=failed')).toEqual([eventId])
      expect(await ids('status=failed&type=webhook.test')).toEqual([eventId])
      expect(await ids('type=user.created')).toEqual([])
      expect(await ids('status=pending')).not.toContain(eventId)
    })

    it('400: refuses an unknown status', async () => {
      expect((await ctx.call('GET', path(id, '/deliveries?status=lost'))).status).toBe(400)
      expect((await ctx.call('GET', path(id, '/deliveries?cursor=x'))).body.code).toBe('invalid_cursor')
    })

    itHidesFromStrangers(ctx, 'GET', (of) => path(of, '/deliveries'), own, 'webhook_not_found')
    itIsGuarded(ctx, 'GET', () => path(id, '/deliveries'), 'webhooks:read')
  })

  describe('GET /v3/webhooks/{id}/deliveries/{event_id}', () => {
    it('200: shows the tries, newest first', async () => {
      const { id: otherId } = await ctx.create('/v3/webhooks', { url })
      const { body: test } = await ctx.call('POST', path(otherId, '/test'))
      for (const [number, status] of [500, 204].entries()) {
        await ctx.api.sql(
          `INSERT INTO webhook_attempt (economy_id, endpoint_id, event_id, id, tenant_id, url, attempted_at, duration_ms, status_code, response_body)
           SELECT economy_id, endpoint_id, event_id, $2, tenant_id, 'https://x.example', now(), 12, $3, 'ok' FROM webhook_delivery WHERE event_id = $1`,
          [uuidOfWire(test.event_id), `01a00000-0000-7000-8000-00000000000${number}`, status],
        )
      }
      const { body } = await ctx.call('GET', path(otherId, `/deliveries/${test.event_id}`))
      expect(body.log.map((one: { response_status: number }) => one.response_status)).toEqual([204, 500])
    })

    it('404: an event that it was never sent', async () => {
      const answer = await ctx.call('GET', path(id, `/deliveries/${toWire('evt', NOTHING)}`))
      expect(answer).toMatchObject({ status: 404, body: { code: 'webhook_delivery_not_found' } })
      expect((await ctx.call('GET', path(id, '/deliveries/nonsense'))).body.code).toBe(
        'webhook_delivery_not_found',
      )
    })

    itHidesFromStrangers(ctx, 'GET', (of) => path(of, `/deliveries/${eventId}`), own, 'webhook_not_found')
    itIsGuarded(ctx, 'GET', () => path(id, `/deliveries/${eventId}`), 'webhooks:read')
  })

  describe('POST /v3/webhooks/{id}/deliveries/{event_id}/redeliver', () => {
    const again = (event: string) => ctx.call('POST', path(id, `/deliveries/${event}/redeliver`))

    it.each(['delivered', 'failed'])('202: queues what was %s again', async (status) => {
      await ctx.api.sql('UPDATE webhook_delivery SET status = $2, attempts = 7 WHERE event_id = $1', [
        uuidOfWire(eventId),
        status,
      ])
      expect(await again(eventId)).toMatchObject({ status: 202, body: { status: 'pending', attempts: 0 } })
      expect(await ctx.actsOn(id)).toContain('webhook.event_redelivered')
    })

    it('202: makes what waits due now, with its tries', async () => {
      await ctx.api.sql(
        "UPDATE webhook_delivery SET attempts = 3, next_attempt_at = now() + interval '1 hour' WHERE event_id = $1",
        [uuidOfWire(eventId)],
      )
      const { body } = await again(eventId)
      expect(body).toMatchObject({ status: 'pending', attempts: 3 })
      expect(Date.parse(body.next_attempt_at)).toBeLessThan(Date.now() + 60_000)
    })

    it('404: an event that it was never sent', async () => {
      expect((await again(toWire('evt', NOTHING))).body.code).toBe('webhook_delivery_not_found')
    })

    itHidesFromStrangers(
      ctx,
      'POST',
      (of) => path(of, `/deliveries/${eventId}/redeliver`),
      own,
      'webhook_not_found',
    )
    itIsGuarded(ctx, 'POST', () => path(id, `/deliveries/${eventId}/redeliver`), 'webhooks:write')
  })

  describe('POST and GET /v3/webhooks/{id}/replays', () => {
    const replay = (body: unknown, once?: string) =>
      ctx.call('POST', path(id, '/replays'), { body, ...(once !== undefined && { once }) })

    it('202: asks for a range, until now unless said otherwise, and lists it', async () => {
      const { status, body } = await replay({ from: '2026-01-01T00:00:00.000Z' })
      expect(status).toBe(202)
      expect(body).toMatchObject({ webhook_id: id, scope: 'undelivered', status: 'running', queued: 0 })
      const list = await ctx.call('GET', path(id, '/replays?limit=1'))
      expect(list.body.data).toEqual([body])
      expect(await ctx.actsOn(id)).toContain('webhook.replay_requested')
    })

    it('202: once per idempotency key', async () => {
      const body = { from: '2026-01-01T00:00:00.000Z', scope: 'all' }
      const first = await replay(body, 'replay-once')
      expect((await replay(body, 'replay-once')).body).toEqual(first.body)
    })

    it.each([
      [{ from: '2026-01-02T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' }],
      [{ from: 'yesterday' }],
      [{}],
      [{ from: '2026-01-01T00:00:00.000Z', scope: 'some' }],
    ])('400: refuses %j', async (body) => {
      expect(await replay(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    })

    const body = { from: '2026-01-01T00:00:00.000Z' }
    itHidesFromStrangers(ctx, 'POST', (of) => path(of, '/replays'), own, 'webhook_not_found', body)
    itHidesFromStrangers(ctx, 'GET', (of) => path(of, '/replays'), own, 'webhook_not_found')
    itIsGuarded(ctx, 'POST', () => path(id, '/replays'), 'webhooks:write', body)
    itIsGuarded(ctx, 'GET', () => path(id, '/replays'), 'webhooks:read')
  })
})
