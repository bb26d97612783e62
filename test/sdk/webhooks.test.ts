import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { newSecret, signatureHeaders } from '#core/webhook/signature.ts'
import { verifyWebhook, WebhookNotVerified } from '#sdk'

const secret = newSecret()
const body = JSON.stringify({
  object: 'event',
  id: 'evt_1',
  type: 'transaction.confirmed',
  data: { object: 'transaction', id: 'txn_1', status: 'confirmed', metadata: { note: 'ünïcode ✓' } },
})
const signed = (secrets = [secret], at = new Date()) => signatureHeaders(secrets, { id: 'evt_1', at, body })

describe('verifyWebhook', () => {
  it('takes what the platform signs, as text or as bytes, with headers in either form', async () => {
    const headers = signed()
    for (const received of [
      { body, headers },
      { body: new TextEncoder().encode(body), headers: new Headers(headers) },
      {
        body: Buffer.from(body),
        headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), [v]])),
      },
    ]) {
      const event = await verifyWebhook({ ...received, secret })
      expect(event).toEqual(JSON.parse(body))
      if (event.data?.object === 'transaction') expect(event.data.status).toBe('confirmed')
    }
  })

  it('takes what any other implementation of Standard Webhooks signs', async () => {
    const at = new Date()
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
    }
    expect((await verifyWebhook({ body, headers, secret })).id).toBe('evt_1')
  })

  it('takes either secret while a rotation overlaps', async () => {
    const next = newSecret()
    const headers = signed([next, secret])
    for (const one of [next, secret])
      expect((await verifyWebhook({ body, headers, secret: one })).id).toBe('evt_1')
  })

  it.each([
    ['another secret', { secret: newSecret() }],
    ['a changed body', { body: body.replace('confirmed', 'mined') }],
    ['a changed id', { headers: { ...signed(), 'webhook-id': 'evt_2' } }],
    ['an old request', { headers: signed([secret], new Date(Date.now() - 301_000)) }],
    ['a request from the future', { headers: signed([secret], new Date(Date.now() + 310_000)) }],
    ['a timestamp that is none', { headers: { ...signed(), 'webhook-timestamp': 'now' } }],
    ['a signature that is no base64', { headers: { ...signed(), 'webhook-signature': 'v1,???' } }],
    ['a signature of another version', { headers: { ...signed(), 'webhook-signature': 'v2,abcd' } }],
    ['no signature', { headers: { ...signed(), 'webhook-signature': undefined } }],
  ])('refuses %s', async (_what, change) => {
    await expect(verifyWebhook({ body, headers: signed(), secret, ...change })).rejects.toThrow(
      WebhookNotVerified,
    )
  })

  it('takes an older request where more is tolerated', async () => {
    const headers = signed([secret], new Date(Date.now() - 500_000))
    expect((await verifyWebhook({ body, headers, secret, toleranceSeconds: 600 })).id).toBe('evt_1')
  })
})
