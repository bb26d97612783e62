import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { createSign, newSecret, ostSignature, signatureHeaders } from '#core/webhook/signature.ts'

const body = '{"id":"evt_1","type":"transaction.confirmed","data":{"name":"Zoë ☂"}}'

describe('signatureHeaders', () => {
  it('is verified by the library that receivers use', () => {
    const secret = newSecret()
    const headers = signatureHeaders([secret], { id: 'evt_1', at: new Date(), body })
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
  })

  it('is verified with either secret while a rotation overlaps, and with no other', () => {
    const secrets = [newSecret(), newSecret()]
    const headers = signatureHeaders(secrets, { id: 'evt_1', at: new Date(), body })
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow()
  })

  it('covers id, time and body', () => {
    const secret = newSecret()
    const headers = signatureHeaders([secret], { id: 'evt_1', at: new Date(), body })
    const webhook = new Webhook(secret)
    expect(() => webhook.verify(`${body} `, headers)).toThrow()
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow()
    const later = String(Number(headers['webhook-timestamp']) + 1)
    expect(() => webhook.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow()
  })

  it("agrees with the specification's own example", () => {
    const headers = signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
})

describe('createSign', () => {
  it('signs every message with the same secrets', () => {
    const secrets = [newSecret(), newSecret()]
    const sign = createSign('v3', secrets)
    for (const id of ['evt_1', 'evt_2']) {
      const message = { id, at: new Date(), body }
      expect(sign(message)).toEqual(signatureHeaders(secrets, message))
    }
  })
})

describe('ostSignature', () => {
  it('agrees with the vector that every official SDK ships', () => {
    const message = { version: '2', timestamp: '1559902637', body: '{"hello":"hello"}' }
    expect(ostSignature('mySecret', message)).toBe(
      '2c56c143550c603a6ff47054803f03ee4755c9c707986ae27f7ca1dd1c92a824',
    )
  })

  it('stands once for each secret, with commas between', () => {
    const secrets = [newSecret('ost-v2'), newSecret('ost-v2')]
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/)
    const at = new Date(1_559_902_637_900)
    const headers = createSign('ost-v2', secrets)({ id: 'unused', at, body })
    const each = secrets.map((secret) =>
      ostSignature(secret, { version: 'v2', timestamp: '1559902637', body }),
    )
    expect(headers).toEqual({
      'ost-timestamp': '1559902637',
      'ost-version': 'v2',
      'api-signature-kind': 'OST1-WEBHOOK-HMAC-SHA256',
      'ost-signature': each.join(','),
    })
  })
})
