import { randomUUID } from 'node:crypto'
import { Wallet } from 'ethers'
import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { type Params, useOstV2 } from '#test/support/ost-v2.ts'
import { carryTo } from '#test/support/mined-submission.ts'

const ctx = useOstV2()
const refusal = (status: number, parameter: string) => ({
  status,
  body: { success: false, err: { error_data: [{ parameter }] } },
})
const keysOf = (thing: object) => Object.keys(thing).toSorted()

const USER_KEYS = [
  'device_manager_address',
  'id',
  'recovery_address',
  'recovery_owner_address',
  'status',
  'token_holder_address',
  'token_id',
  'type',
  'updated_timestamp',
]

describe('users', () => {
  it('POST: a CREATED user with four empty addresses; GET: with the address that it can be paid at', async () => {
    const { body } = await ctx.call('POST', '/users')
    const { user } = body.data
    expect(keysOf(user)).toEqual(USER_KEYS)
    expect(user).toMatchObject({
      token_id: ctx.tokenNumber,
      token_holder_address: null,
      device_manager_address: null,
      recovery_address: null,
      recovery_owner_address: null,
      type: 'user',
      status: 'CREATED',
    })
    const got = await ctx.call('GET', `/users/${user.id}`)
    expect(got.body.data.user).toEqual({ ...user, token_holder_address: await ctx.addressOf(user.id) })
    const company = await ctx.call('GET', `/users/${ctx.economy.companyId}`)
    expect(company.body.data.user).toMatchObject({ type: 'company', status: 'ACTIVATED' })
  })

  it('GET list: pages by an opaque identifier, and filters by ids', async () => {
    const seen: string[] = []
    let next: Record<string, string> = { limit: '2' }
    do {
      const { body } = await ctx.call('GET', '/users', next)
      seen.push(...body.data.users.map(({ id }: { id: string }) => id))
      next = body.data.meta.next_page_payload
    } while (next['pagination_identifier'] !== undefined)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(ctx.economy.userIds))
    // What a filter does not need is ignored, be it wrong.
    const some = await ctx.call('GET', '/users', { ids: [ctx.economy.companyId, randomUUID()], limit: '99' })
    expect(some.body.data).toMatchObject({
      users: [{ id: ctx.economy.companyId }],
      meta: { next_page_payload: {} },
    })
  })

  it('GET list: ten to a page; the identifier holds where it goes on, and overrides what is sent with it', async () => {
    for (let made = 0; made < 11; made += 1) await ctx.call('POST', '/users', { made })
    const { users, meta } = (await ctx.call('GET', '/users')).body.data
    expect(users).toHaveLength(10)
    const { pagination_identifier } = meta.next_page_payload
    expect(JSON.parse(Buffer.from(pagination_identifier, 'base64').toString())).toEqual({
      lastEvaluatedKey: expect.any(String),
      page: 2,
      limit: 10,
    })
    const shown = async (params: Params) => (await ctx.call('GET', '/users', params)).body.data
    expect(await shown({ pagination_identifier, limit: '1' })).toEqual(await shown({ pagination_identifier }))
    expect((await shown({ limit: '25' })).users.length).toBeGreaterThan(10)
    const ids = Array.from({ length: 25 }, () => randomUUID())
    expect((await shown({ ids })).users).toEqual([])
  })

  it.each([
    ['limit', { limit: '26' }],
    ['limit', { limit: '0' }],
    ['ids', { ids: ['x'] }],
    ['ids', { ids: Array.from({ length: 26 }, () => randomUUID()) }],
    ['pagination_identifier', { pagination_identifier: 'bm9uc2Vuc2U=' }],
    ['pagination_identifier', { pagination_identifier: 'x'.repeat(8_193) }],
  ])('400: names %s', async (parameter, params) => {
    expect(await ctx.call('GET', '/users', params)).toMatchObject(refusal(400, parameter))
  })

  it('404 for an unknown id and for another tenant’s, 400 for a malformed one', async () => {
    const [userId = ''] = ctx.economy.userIds
    for (const tail of [
      '',
      '/balance',
      '/devices',
      '/sessions',
      '/transactions',
      '/redemptions',
      '/device-managers',
    ]) {
      const unknown = await ctx.call('GET', `/users/${randomUUID()}${tail}`)
      const foreign = await ctx.call('GET', `/users/${userId}${tail}`, {}, { key: ctx.stranger })
      const shown = ({ status, body }: typeof unknown) => ({ status, body: { ...body.err, internal_id: '' } })
      expect(unknown.status).toBe(404)
      expect(shown(foreign)).toEqual(shown(unknown))
      expect(await ctx.call('GET', `/users/1${tail}`)).toMatchObject(refusal(400, 'user_id'))
    }
  })

  it('GET balance', async () => {
    const { body } = await ctx.call('GET', `/users/${ctx.economy.companyId}/balance`)
    expect(body.data).toEqual({
      result_type: 'balance',
      balance: {
        user_id: ctx.economy.companyId,
        total_balance: (10_000n * 10n ** 18n).toString(),
        available_balance: (10_000n * 10n ** 18n).toString(),
        unsettled_debit: '0',
        updated_timestamp: expect.any(Number),
      },
    })
  })
})

describe('400: names what is malformed', () => {
  const ids = Array.from({ length: 26 }, () => randomUUID())
  const addresses = Array.from({ length: 26 }, () => Wallet.createRandom().address)
  it.each<[string, string, Params]>([
    ['addresses', '/users/:id/devices', { addresses: ['x'] }],
    ['addresses', '/users/:id/devices', { addresses }],
    ['addresses', '/users/:id/sessions', { addresses: ['x'] }],
    ['addresses', '/users/:id/sessions', { addresses }],
    ['redemption_ids', '/users/:id/redemptions', { redemption_ids: ['x'] }],
    ['redemption_ids', '/users/:id/redemptions', { redemption_ids: ids }],
    ['redeemable_sku_ids', '/redeemable-skus', { redeemable_sku_ids: ['x'] }],
    ['redeemable_sku_ids', '/redeemable-skus', { redeemable_sku_ids: ids.map((_id, at) => String(at + 1)) }],
    ['device_address', '/users/:id/devices/0x1', {}],
    ['session_address', '/users/:id/sessions/0x1', {}],
    ['recovery_owner_address', '/users/:id/recovery-owners/0x1', {}],
    ['transaction_id', '/users/:id/transactions/1', {}],
    ['redemption_id', '/users/:id/redemptions/1', {}],
    ['redeemable_sku_id', '/redeemable-skus/x', {}],
    ['chain_id', '/chains/x', {}],
    ...['devices', 'sessions', 'transactions', 'redemptions'].flatMap((list): [string, string, Params][] => [
      ['limit', `/users/:id/${list}`, { limit: 26 }],
      ['pagination_identifier', `/users/:id/${list}`, { pagination_identifier: 'x' }],
    ]),
  ])('%s of %s', async (parameter, path, params) => {
    const url = path.replace(':id', ctx.economy.userIds[0] ?? '')
    expect(await ctx.call('GET', url, params)).toMatchObject(refusal(400, parameter))
  })

  it('api_signer_address of a new device', async () => {
    const params = { address: Wallet.createRandom().address, api_signer_address: '0x1' }
    const answer = await ctx.call('POST', `/users/${ctx.economy.userIds[0]}/devices`, params)
    expect(answer).toMatchObject(refusal(400, 'api_signer_address'))
  })

  it('chain_id of price points: the auxiliary chain alone has them', async () => {
    await ctx.api.sql(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES (31001, 'value', 'value', 1000, 3, '{}')`,
    )
    expect((await ctx.call('GET', '/chains/31001')).body.data.chain.type).toBe('Origin')
    expect(await ctx.call('GET', '/chains/31001/price-points')).toMatchObject(refusal(400, 'chain_id'))
    await ctx.api.sql('DELETE FROM chain WHERE id = 31001')
  })
})

describe('devices, sessions, managers, recovery owners', () => {
  it('registers a device once, and shows it', async () => {
    const [userId = ''] = ctx.economy.userIds
    const { address, signer } = await ctx.register(userId)
    const expected = {
      user_id: userId,
      address,
      linked_address: null,
      api_signer_address: signer.address.toLowerCase(),
      status: 'REGISTERED',
      updated_timestamp: expect.any(Number),
    }
    const got = await ctx.call('GET', `/users/${userId}/devices/${address}`)
    expect(got.body.data).toEqual({ result_type: 'device', device: expected })
    const list = await ctx.call('GET', `/users/${userId}/devices`, { addresses: [address] })
    expect(list.body.data).toMatchObject({ devices: [expected], meta: { next_page_payload: {} } })
    const again = { address, api_signer_address: Wallet.createRandom().address }
    const twice = await ctx.call('POST', `/users/${ctx.economy.userIds[1]}/devices`, again)
    expect(twice).toMatchObject({ status: 409, body: { err: { code: 'ALREADY_EXISTS' } } })
    const wrong = await ctx.call('POST', `/users/${userId}/devices`, { ...again, address: '0x1' })
    expect(wrong).toMatchObject(refusal(400, 'address'))
  })

  it('shows what the wallets’ contracts say, where they say something', async () => {
    const [userId = '', other = ''] = ctx.economy.userIds
    const { economyId, tenantId } = ctx.economy
    const address = `0x${'ab'.repeat(20)}`
    await ctx.api.sql(
      `INSERT INTO wallet_session (economy_id, id, tenant_id, user_id, address, expiration_height, spending_limit, status)
       VALUES ($1, $2, $3, $4, $5, 500, 1000, 'authorized')`,
      [economyId, randomUUID(), tenantId, userId, address],
    )
    await ctx.api.sql(
      `INSERT INTO device_manager (economy_id, user_id, tenant_id, address, requirement, nonce, status) VALUES ($1, $2, $3, $4, 1, 0, 'activated')`,
      [economyId, userId, tenantId, address],
    )
    await ctx.api.sql(
      `INSERT INTO recovery_owner (economy_id, user_id, tenant_id, address, status) VALUES ($1, $2, $3, $4, 'authorized')`,
      [economyId, userId, tenantId, address],
    )
    const session = await ctx.call('GET', `/users/${userId}/sessions/${address}`)
    const updated_timestamp = expect.closeTo(Date.now() / 1_000, -2)
    expect(session.body.data.session).toEqual({
      user_id: userId,
      address,
      expiration_height: 500,
      approx_expiration_timestamp: null,
      spending_limit: '1000',
      nonce: 0,
      status: 'AUTHORIZED',
      updated_timestamp,
    })
    expect((await ctx.call('GET', `/users/${userId}/sessions`)).body.data.sessions).toHaveLength(1)
    const manager = await ctx.call('GET', `/users/${userId}/device-managers`)
    expect(manager.body.data).toEqual({
      result_type: 'device_manager',
      device_manager: {
        user_id: userId,
        address,
        requirement: 1,
        nonce: 0,
        status: 'ACTIVATED',
        updated_timestamp,
      },
    })
    const recovery = await ctx.call('GET', `/users/${userId}/recovery-owners/${address}`)
    expect(recovery.body.data).toEqual({
      result_type: 'recovery_owner',
      recovery_owner: { user_id: userId, address, status: 'AUTHORIZED', updated_timestamp },
    })
    const shown = (await ctx.call('GET', `/users/${userId}`)).body.data.user
    expect(shown.device_manager_address).toBe(address)
    for (const path of ['device-managers', `recovery-owners/${address}`, `sessions/${address}`])
      expect((await ctx.call('GET', `/users/${other}/${path}`)).status).toBe(404)
  })
})

describe('statuses', () => {
  const wire = async (path: string, entity: string) => (await ctx.call('GET', path)).body.data[entity].status

  it.each([
    ['device', ['REGISTERED', 'AUTHORIZING', 'AUTHORIZED', 'REVOKING', 'REVOKED', 'RECOVERING', 'ABORTING']],
    ['session', ['INITIALIZING', 'AUTHORIZED', 'REVOKING', 'REVOKED']],
    ['recovery_owner', ['AUTHORIZATION_FAILED', 'AUTHORIZING', 'AUTHORIZED', 'REVOKING', 'REVOKED']],
  ] as const)('of a %s are the documented ones', async (entity, statuses) => {
    const { economyId, tenantId, userIds } = ctx.economy
    const userId = userIds[2] ?? ''
    const address = Wallet.createRandom().address.toLowerCase()
    const own = [economyId, tenantId, userId, address]
    const [table, path, insert] = {
      device: [
        'device',
        'devices',
        `INSERT INTO device (economy_id, tenant_id, user_id, address, id, api_signer_address, status)
         VALUES ($1, $2, $3, $4, gen_random_uuid(), $4, 'registered')`,
      ] as const,
      session: [
        'wallet_session',
        'sessions',
        `INSERT INTO wallet_session (economy_id, tenant_id, user_id, address, id, expiration_height, spending_limit, status)
         VALUES ($1, $2, $3, $4, gen_random_uuid(), 500, 1000, 'initializing')`,
      ] as const,
      recovery_owner: [
        'recovery_owner',
        'recovery-owners',
        `INSERT INTO recovery_owner (economy_id, tenant_id, user_id, address, status) VALUES ($1, $2, $3, $4, 'authorizing')`,
      ] as const,
    }[entity]
    await ctx.api.sql(insert, own)
    for (const status of statuses) {
      await ctx.api.sql(`UPDATE ${table} SET status = $1 WHERE address = $2`, [status.toLowerCase(), address])
      expect(await wire(`/users/${userId}/${path}/${address}`, entity)).toBe(status)
    }
  })
})

describe('tokens, rules, chains, prices', () => {
  it('have exactly these keys, and unix seconds', async () => {
    const economy = toWire('eco', ctx.economy.economyId)
    for (const currency of ['USD', 'EUR', 'GBP'])
      await ctx.api.request('POST', '/v3/price-points', { economy, body: { currency, price: '0.25' } })
    const updated_timestamp = expect.closeTo(Date.now() / 1_000, -2)
    const [text, address] = [expect.any(String), expect.stringMatching(/^0x[0-9a-f]{40}$/)]
    const { token } = (await ctx.call('GET', '/tokens')).body.data
    const [{ chain_id }] = token.auxiliary_chains
    const organization = { contract: null, owner: null }
    expect(token).toEqual({
      id: ctx.tokenNumber,
      name: text,
      symbol: text,
      base_token: 'OST',
      conversion_factor: 1,
      total_supply: (10_000n * 10n ** 18n).toString(),
      decimals: 18,
      origin_chain: { chain_id: null, branded_token: null, organization, stakers: [] },
      auxiliary_chains: [
        {
          chain_id: expect.any(Number),
          utility_branded_token: address,
          company_token_holders: [await ctx.addressOf(ctx.economy.companyId)],
          company_uuids: [ctx.economy.companyId],
          organization,
        },
      ],
      updated_timestamp,
    })
    const { rules } = (await ctx.call('GET', '/rules')).body.data
    for (const rule of rules)
      expect(rule).toEqual({
        id: expect.any(Number),
        token_id: ctx.tokenNumber,
        name: expect.stringMatching(/^(Pricer|Direct Transfer)$/),
        address: ctx.rulesAddress,
        abi: expect.any(Array),
        updated_timestamp,
      })
    expect(Object.keys((await ctx.call('GET', `/chains/${chain_id}`)).body.data.chain)).toEqual([
      'id',
      'type',
      'block_height',
      'block_time',
      'updated_timestamp',
    ])
    expect((await ctx.call('GET', `/chains/${chain_id}/price-points`)).body.data.price_point).toEqual({
      OST: { USD: 0.25, EUR: 0.25, GBP: 0.25, decimals: 18, updated_timestamp },
    })
    expect((await ctx.call('GET', '/base-tokens')).body.data.base_tokens).toEqual({
      OST: { name: 'OST', decimals: 18, origin_chain_erc20token_contract_address: null },
    })
  })

  it('show what there is', async () => {
    const { token } = (await ctx.call('GET', '/tokens')).body.data
    expect(token).toMatchObject({
      id: ctx.tokenNumber,
      base_token: 'OST',
      conversion_factor: 1,
      decimals: 18,
    })
    const [aux] = token.auxiliary_chains
    expect(aux.company_uuids).toEqual([ctx.economy.companyId])
    const { data } = (await ctx.call('GET', '/rules')).body
    expect(keysOf(data)).toEqual(['result_type', 'rules'])
    expect(data.rules.map(({ name }: { name: string }) => name)).toEqual(['Pricer', 'Direct Transfer'])
    expect(new Set(data.rules.map(({ address }: { address: string }) => address))).toEqual(
      new Set([ctx.rulesAddress]),
    )
    const chain = await ctx.call('GET', `/chains/${aux.chain_id}`)
    expect(chain.body.data.chain).toMatchObject({ id: aux.chain_id, type: 'Auxiliary', block_time: 1 })
    expect(await ctx.call('GET', '/chains/999')).toMatchObject(refusal(400, 'chain_id'))
    const economy = toWire('eco', ctx.economy.economyId)
    await ctx.api.request('POST', '/v3/price-points', { economy, body: { currency: 'USD', price: '0.25' } })
    const prices = await ctx.call('GET', `/chains/${aux.chain_id}/price-points`)
    expect(prices.body.data.price_point.OST).toMatchObject({ USD: 0.25, decimals: 18 })
    const base = await ctx.call('GET', '/base-tokens')
    expect(base.body.data.base_tokens.OST).toMatchObject({ name: 'OST', decimals: 18 })
  })

  it('tells anybody which domains may use the browser wallet', async () => {
    await ctx.api.sql(
      `UPDATE economy SET metadata = jsonb_build_object('browser_wallet_domains', 'https://a.example, https://b.example ' || $2) WHERE id = $1`,
      [ctx.economy.economyId, 'a'.repeat(254)],
    )
    const ask = async (domain: string, number = ctx.tokenNumber) => {
      const url = `/testnet/v2/tokens/${number}/validate-domain?domain=${encodeURIComponent(domain)}`
      const response = await ctx.api.app.inject({ url })
      return { status: response.statusCode, body: response.json() }
    }
    expect(await ask('https://b.example')).toEqual({ status: 200, body: { success: true, data: {} } })
    expect(await ask('https://c.example')).toMatchObject(refusal(400, 'domain'))
    expect(await ask('a'.repeat(254))).toMatchObject(refusal(400, 'domain'))
    expect(await ask('https://b.example', 999_999)).toMatchObject(refusal(400, 'domain'))
  })
})

describe('redeemable SKUs and redemptions', () => {
  it('show the catalogue with amounts in tokens, and a user’s orders', async () => {
    const economy = toWire('eco', ctx.economy.economyId)
    const availability = [
      { country: 'United States', country_iso_code: 'US', currency_iso_code: 'USD', denominations: ['10'] },
    ]
    const { body: sku } = await ctx.api.request('POST', '/v3/redeemable-skus', {
      economy,
      body: { name: 'Voucher', availability },
    })
    const list = await ctx.call('GET', '/redeemable-skus', { redeemable_sku_ids: [String(sku.number)] })
    expect(list.body.data).toMatchObject({
      result_type: 'redemption_products',
      redemption_products: [{ name: 'Voucher' }],
    })
    const one = await ctx.call('GET', `/redeemable-skus/${sku.number}`)
    const keys = ['id', 'name', 'images', 'description', 'status', 'updated_timestamp']
    expect(Object.keys(list.body.data.redemption_products[0])).toEqual(keys)
    expect(Object.keys(one.body.data.redemption_product)).toEqual([...keys, 'availability'])
    expect(one.body.data.redemption_product).toMatchObject({ description: { text: '' }, status: 'active' })
    expect(Object.keys(one.body.data.redemption_product.availability[0])).toEqual([
      'country',
      'country_iso_code',
      'currency_iso_code',
      'denominations',
    ])
    // 10 USD at a quarter of a dollar each.
    expect(one.body.data.redemption_product.availability[0].denominations).toEqual([
      { amount_in_fiat: 10, amount_in_wei: (40n * 10n ** 18n).toString() },
    ])
    expect((await ctx.call('GET', `/redeemable-skus/${sku.number}`, {}, { key: ctx.stranger })).status).toBe(
      404,
    )
    const [userId = ''] = ctx.economy.userIds
    await ctx.api.sql('UPDATE account SET settled = $2 WHERE id = $1', [
      userId,
      (50n * 10n ** 18n).toString(),
    ])
    const body = { user_id: toWire('usr', userId), sku_id: sku.id, country_iso_code: 'US', amount: '10' }
    const made = await ctx.api.request('POST', '/v3/redemptions', { economy, once: randomUUID(), body })
    expect(made.status).toBe(202)
    const { redemptions } = (await ctx.call('GET', `/users/${userId}/redemptions`)).body.data
    expect(redemptions).toMatchObject([
      {
        redeemable_sku_id: String(sku.number),
        amount_in_fiat: 10,
        status: 'INITIATED',
        country_iso_code: 'US',
      },
    ])
    const [{ id }] = redemptions
    expect(Object.keys(redemptions[0])).toEqual([
      'id',
      'redeemable_sku_id',
      'amount_in_fiat',
      'country_iso_code',
      'currency_iso_code',
      'transaction_id',
      'email',
      'status',
      'updated_timestamp',
    ])
    expect((await ctx.call('GET', `/users/${userId}/redemptions/${id}`)).body.data.redemption.id).toBe(id)
    expect((await ctx.call('GET', `/users/${ctx.economy.userIds[1]}/redemptions/${id}`)).status).toBe(404)
    const shown = async () =>
      (await ctx.call('GET', `/users/${userId}/redemptions/${id}`)).body.data.redemption.status
    const seen: string[] = []
    const [paid] = await ctx.api.sql('SELECT transaction_id AS id FROM redemption WHERE id = $1', [id])
    for (const status of ['confirmed', 'failed'] as const) {
      await carryTo(ctx.api.sql, [String(paid?.['id'])], status)
      seen.push(await shown())
    }
    await carryTo(ctx.api.sql, [String(paid?.['id'])], 'confirmed')
    for (const decision of ['fulfilled', 'cancelled']) {
      await ctx.api.sql('UPDATE redemption SET decision = $2, decided_at = now() WHERE id = $1', [
        id,
        decision,
      ])
      seen.push(await shown())
    }
    expect(seen).toEqual(['ACCEPTED', 'FAILED', 'FULFILLED', 'CANCELLED'])
    await ctx.api.sql(`UPDATE redeemable_sku SET status = 'inactive'`)
    const ended = await ctx.call('GET', `/redeemable-skus/${sku.number}`)
    expect(ended.body.data.redemption_product.status).toBe('inActive')
  })
})
