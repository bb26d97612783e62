import { Wallet } from 'ethers'
import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { createOstKey, type Sdk, SDKS, useOstV2 } from '#test/support/ost-v2.ts'
import { moveTo } from '#test/support/ost-world.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

const ctx = useOstV2()
const UNAUTHORIZED = (parameter: string) => ({
  status: 401,
  body: { success: false, err: { code: 'UNAUTHORIZED', error_data: [{ parameter }] } },
})

describe.each(Object.keys(SDKS) as Sdk[])('what the %s SDK sends', (sdk) => {
  it('is believed, with lists, nested names, and parameters that mean nothing', async () => {
    const ids = ctx.economy.userIds.slice(0, 2)
    const garbage = { ids, limit: 10, garbage_str: "garbage(*)'!~", a: ['x', 'y'] }
    const { status, body } = await ctx.call('GET', '/users', garbage, { sdk })
    expect(body).toMatchObject({ success: true, data: { result_type: 'users' } })
    expect(status).toBe(200)
    expect(body.data.users.map(({ id }: { id: string }) => id).toSorted()).toEqual(ids.toSorted())
    expect((await ctx.call('POST', '/users', {}, { sdk })).body.data.result_type).toBe('user')
  })

  it('is believed whatever it holds: what the SDKs sign in their own tests, and other alphabets', async () => {
    const nested = { a: { a: 'L21A', b: 'L21B' }, b: { a: 'L22A', b: 'L22B' }, c: { a: 'L23A', b: 'L23B' } }
    const strange = {
      a: null,
      b: [],
      c: '',
      d: ['', null],
      e: {},
      k1: 125.45,
      yes: true,
      no: false,
      aaaaa: nested,
      arrayValues: ['Hello', 'There', '12345'],
      garbage_str: '~!@#$%^&*()_+-= {}[]:";\'?/<>,. this is garbage',
      unicode: 'Zoë 東京 😀 ЖẞÅ',
    }
    for (const method of ['GET', 'POST'] as const)
      expect((await ctx.call(method, '/users', strange, { sdk })).status).toBe(200)
  })
})

describe('401: names the culprit', () => {
  it('an unknown key, a wrong signature, an old time, a kind that there is not', async () => {
    const seconds = Math.floor(Date.now() / 1_000)
    const unknown = { key: 'x'.repeat(32), secret: 'y' }
    expect(await ctx.call('GET', '/tokens', {}, { key: unknown })).toMatchObject(UNAUTHORIZED('api_key'))
    const wrong = { api_signature: 'f'.repeat(64) }
    expect(await ctx.call('GET', '/tokens', {}, { send: wrong })).toMatchObject(UNAUTHORIZED('api_signature'))
    expect(await ctx.call('GET', '/tokens', {}, { at: seconds - 102 })).toMatchObject(
      UNAUTHORIZED('api_request_timestamp'),
    )
    expect((await ctx.call('GET', '/tokens', {}, { at: seconds - 90 })).status).toBe(200)
    const kind = { api_signature_kind: 'OST1-RSA' }
    expect(await ctx.call('GET', '/tokens', {}, { send: kind })).toMatchObject(
      UNAUTHORIZED('api_signature_kind'),
    )
    // Only a device may ask for this one.
    const salts = await ctx.call('GET', `/users/${ctx.economy.userIds[0]}/salts`)
    expect(salts).toMatchObject(UNAUTHORIZED('api_signature_kind'))
  })

  it.each([
    ['api_key', 'short'],
    ['api_key', 'X'.repeat(32)],
    ['api_request_timestamp', '123'],
    ['api_request_timestamp', 'yesterday'],
    ['api_signature', 'f'.repeat(63)],
    ['api_signature', 'F'.repeat(64)],
    ['api_signature_kind', ''],
  ])('a malformed %s: %s', async (name, value) => {
    expect(await ctx.call('GET', '/tokens', {}, { send: { [name]: value } })).toMatchObject(
      UNAUTHORIZED(name),
    )
  })

  it('a request of the future, but not of the next five minutes', async () => {
    const at = Math.floor(Date.now() / 1_000)
    expect((await ctx.call('GET', '/tokens', {}, { at: at + 295 })).status).toBe(200)
    expect(await ctx.call('GET', '/tokens', {}, { at: at + 360 })).toMatchObject(
      UNAUTHORIZED('api_request_timestamp'),
    )
  })

  it('a key that has ended, and one that was revoked', async () => {
    for (const column of ['expires_at', 'revoked_at']) {
      const key = await createOstKey(ctx.api, ctx.economy)
      await ctx.api.sql(`UPDATE api_key SET ${column} = now() - interval '1 second' WHERE dialect_key = $1`, [
        key.key,
      ])
      expect(await ctx.call('GET', '/tokens', {}, { key })).toMatchObject(UNAUTHORIZED('api_key'))
    }
  })

  it("a key of the sandbox at the production's base", async () => {
    expect(await ctx.call('GET', '/tokens', {}, { base: '/mainnet/v2' })).toMatchObject(
      UNAUTHORIZED('api_key'),
    )
  })
})

it('400: a POST whose signature was seen before', async () => {
  const [userId = ''] = ctx.economy.userIds
  const body = {
    address: Wallet.createRandom().address,
    api_signer_address: Wallet.createRandom().address,
  }
  const at = Math.floor(Date.now() / 1_000)
  expect((await ctx.call('POST', `/users/${userId}/devices`, body, { at })).status).toBe(200)
  expect(await ctx.call('POST', `/users/${userId}/devices`, body, { at })).toMatchObject({
    status: 400,
    body: { err: { code: 'BAD_REQUEST', error_data: [{ parameter: 'api_signature' }] } },
  })
})

it('a media type that is none is taken where there is no body, as Java says it with GET and DELETE', async () => {
  const params = { url: 'https://hooks.example.com/java', topics: ['transactions/success'] }
  const { webhook } = (await ctx.call('POST', '/webhooks', params)).body.data
  const path = `/webhooks/${webhook.id}`
  for (const method of ['GET', 'DELETE'] as const)
    expect((await ctx.call(method, path, {}, { sdk: 'java' })).status).toBe(200)
})

it('a GET may come again, and so may POST /users: two of them within a second look alike', async () => {
  const at = Math.floor(Date.now() / 1_000)
  for (const method of ['GET', 'POST'] as const) {
    const answers = [
      await ctx.call(method, '/users', {}, { at }),
      await ctx.call(method, '/users', {}, { at }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  }
})

it('economies of production are served at the mainnet’s base', async () => {
  await moveTo(ctx.api, 'production')
  const answer = await ctx.call('GET', '/tokens', {}, { base: '/mainnet/v2' })
  expect(answer.body.data.token.id).toBe(ctx.tokenNumber)
  expect(await ctx.call('GET', '/tokens')).toMatchObject(UNAUTHORIZED('api_key'))
  await moveTo(ctx.api, 'sandbox')
})

describe('OST1-PS', () => {
  it("lets a registered device read its user's data, and nobody else's", async () => {
    const [mine = '', other = ''] = ctx.economy.userIds
    const device = await ctx.register(mine)
    await untilEventsAreReadable(ctx.api.sql)
    const economy = toWire('eco', ctx.economy.economyId)
    const { body: events } = await ctx.api.request('GET', '/v3/events?order=desc&limit=1', { economy })
    expect(events.data).toMatchObject([
      {
        type: 'device.registered',
        data: {
          object: 'device',
          user_id: toWire('usr', mine),
          address: device.address,
          api_signer_address: device.signer.address.toLowerCase(),
          status: 'registered',
        },
      },
    ])
    const own = await ctx.callAs(device, 'GET', `/users/${mine}`)
    expect(own).toMatchObject({
      status: 200,
      body: { data: { user: { id: mine, token_id: ctx.tokenNumber } } },
    })
    expect(await ctx.callAs(device, 'GET', `/users/${other}`)).toMatchObject({
      status: 403,
      body: { err: { code: 'REQUEST_FORBIDDEN', error_data: [{ parameter: 'user_id' }] } },
    })
    expect(await ctx.callAs(device, 'GET', '/users')).toMatchObject(UNAUTHORIZED('api_signature_kind'))
    const impostor = { ...device, signer: Wallet.createRandom() }
    expect(await ctx.callAs(impostor, 'GET', `/users/${mine}`)).toMatchObject(UNAUTHORIZED('api_key'))
    await ctx.api.sql(`UPDATE device SET status = 'revoked' WHERE address = $1`, [device.address])
    expect(await ctx.callAs(device, 'GET', `/users/${mine}`)).toMatchObject(UNAUTHORIZED('api_key'))
  })

  it('lets no device in that was not registered, and none of a user who works no longer', async () => {
    const userId = (await ctx.call('POST', '/users', { archived: 'soon' })).body.data.user.id
    const device = await ctx.register(userId)
    const path = `/users/${userId}`
    const nobodys = { ...device, address: Wallet.createRandom().address.toLowerCase() }
    expect(await ctx.callAs(nobodys, 'GET', path)).toMatchObject(UNAUTHORIZED('api_key'))
    expect((await ctx.callAs(device, 'GET', path)).status).toBe(200)
    await ctx.api.sql(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [userId])
    expect(await ctx.callAs(device, 'GET', path)).toMatchObject(UNAUTHORIZED('api_key'))
  })

  it('reads every way that the server reads a user', async () => {
    const [mine = ''] = ctx.economy.userIds
    const device = await ctx.register(mine)
    for (const tail of [
      '/balance',
      '/devices',
      `/devices/${device.address}`,
      '/sessions',
      '/transactions',
      '/redemptions',
    ])
      expect((await ctx.callAs(device, 'GET', `/users/${mine}${tail}`)).status, tail).toBe(200)
    for (const path of ['/tokens', '/rules', '/base-tokens', '/redeemable-skus'])
      expect((await ctx.callAs(device, 'GET', path)).status, path).toBe(200)
  })

  it('checks what needs a wallet contract, and then says that there is none', async () => {
    const [userId = ''] = ctx.economy.userIds
    const device = await ctx.register(userId)
    const missing = {
      status: 422,
      body: { err: { code: 'UNPROCESSABLE_ENTITY', error_data: [{ parameter: 'user_id' }] } },
    }
    const activation = {
      device_address: device.address,
      recovery_owner_address: Wallet.createRandom().address,
      session_addresses: [Wallet.createRandom().address],
      expiration_height: '100000',
      spending_limit: '1000',
    }
    const path = `/users/${userId}/activate-user`
    expect(await ctx.callAs(device, 'POST', path, activation)).toMatchObject(missing)
    expect(await ctx.callAs(device, 'POST', path, { ...activation, spending_limit: 'much' })).toMatchObject({
      status: 400,
      body: { err: { error_data: [{ parameter: 'spending_limit' }] } },
    })
    for (const read of ['salts', 'token-holder'])
      expect(await ctx.callAs(device, 'GET', `/users/${userId}/${read}`)).toMatchObject(missing)
    const pending = await ctx.callAs(device, 'GET', `/users/${userId}/devices/pending-recovery`)
    expect(pending).toMatchObject({ status: 200, body: { data: { result_type: 'devices', devices: [] } } })
  })
})

it('404: an unknown route, in the envelope', async () => {
  expect(await ctx.call('GET', '/nothing')).toMatchObject({
    status: 404,
    body: { success: false, err: { code: 'NOT_FOUND', error_data: [] } },
  })
})
