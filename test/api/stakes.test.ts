import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signTypedData } from '#apps/cli/sign-message.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { backEconomy, openValueFaucet } from '#test/support/backing-fixture.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

const UNIT = 10n ** 18n
const UNKNOWN = 'stk_01jd8xq7m0e4vvkbzh0c3f9n2a'

let api: TestApi
let economyId: string
let sandboxId: string
const staker = Wallet.createRandom()

beforeAll(async () => {
  api = await startApi()
  economyId = (await api.createEconomy()).id
  sandboxId = (await api.createEconomy()).id
  await backEconomy(api, uuidOfWire(economyId))
})
afterAll(() => api.close())

let keys = 0
const ask = (method: 'GET' | 'POST', path: string, body?: unknown, economy = economyId) =>
  api.request(method, path, {
    economy,
    ...(body !== undefined && { body, once: `stake-${(keys += 1)}` }),
  })
const prepare = (body: object = {}) =>
  ask('POST', '/v3/stakes', { amount: `${10n * UNIT}`, staker: staker.address, ...body })
const rows = async () => (await api.sql('SELECT count(*)::int AS n FROM gateway_message'))[0]?.['n']
const sign = async (stake: { typed_data: object }, by = staker) => signTypedData(by, stake.typed_data)

describe('POST /v3/stakes', () => {
  it('201: answers with what the staker signs or sends, and keeps the secret sealed', async () => {
    const { status, body } = await prepare({ bounty: '7', fee: '3' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      object: 'stake',
      status: 'awaiting_signature',
      staker: staker.address.toLowerCase(),
      amount: `${10n * UNIT}`,
      mints: `${1_000n * UNIT - 3n}`,
      bounty: '7',
      fee: '3',
      problem: null,
      steps: ['stake', 'confirm', 'mint', 'release'].map((name) => ({ name, status: 'pending' })),
      typed_data: {
        primaryType: 'ReceiveWithAuthorization',
        domain: { name: 'OST', version: '1', chainId: 31_001 },
        message: { value: `${10n * UNIT + 7n}`, to: body.gateway },
      },
    })
    for (const { to, data } of Object.values(body.transactions) as { to: string; data: string }[]) {
      expect([body.gateway, body.value_token]).toContain(to)
      expect(data).toMatch(/^0x[0-9a-f]+$/)
    }
    const [row] = await api.sql('SELECT secret_jwe, hash_lock FROM gateway_message WHERE id = $1', [
      uuidOfWire(body.id),
    ])
    expect(String(row?.['secret_jwe']).split('.')).toHaveLength(5)
    expect(JSON.stringify(body)).not.toContain(String(row?.['secret_jwe']))
    expect(row?.['hash_lock']).toBe(body.hash_lock)
  })

  it('201: the company is the beneficiary unless somebody else is named', async () => {
    const beneficiary = Wallet.createRandom().address
    expect((await prepare({ beneficiary })).body.beneficiary).toBe(beneficiary.toLowerCase())
    const [company] = await api.sql(
      `SELECT w.address FROM wallet w JOIN economy e ON e.id = w.economy_id AND e.company_user_id = w.user_id WHERE e.id = $1`,
      [uuidOfWire(economyId)],
    )
    expect((await prepare()).body.beneficiary).toBe(company?.['address'])
  })

  it('400: names the field that is wrong, and prepares nothing', async () => {
    const before = await rows()
    for (const [field, value] of Object.entries({
      amount: '1.5',
      staker: '0x12',
      beneficiary: 'me',
      bounty: '-1',
      fee: 'x',
      valid_for_seconds: 1,
    })) {
      const { status, body } = await prepare({ [field]: value })
      expect([field, status, body.errors?.[0]?.pointer]).toEqual([field, 400, `/${field}`])
    }
    expect(await rows()).toBe(before)
  })

  it('409: only tokens that are backed can be staked for, and not while their economy has failed', async () => {
    const before = await rows()
    const body = { amount: '1', staker: staker.address }
    expect(await ask('POST', '/v3/stakes', body, sandboxId)).toMatchObject({
      status: 409,
      body: { code: 'economy_not_backed' },
    })
    const failed = (await api.createEconomy({ status: 'failed' })).id
    await backEconomy(api, uuidOfWire(failed))
    expect(await ask('POST', '/v3/stakes', body, failed)).toMatchObject({
      status: 409,
      body: { code: 'economy_state_conflict' },
    })
    expect(await rows()).toBe(before)
  })

  it('422: amounts have to come out, and the answer says which does not', async () => {
    for (const [pointer, body] of [
      ['/amount', { amount: '0' }],
      ['/amount', { amount: `${2n ** 120n}` }],
      ['/bounty', { bounty: `${2n ** 120n}` }],
      ['/fee', { amount: '1', fee: '100' }],
    ] as const) {
      expect(await prepare(body)).toMatchObject({
        status: 422,
        body: { code: 'invalid_amount', errors: [{ pointer }] },
      })
    }
  })
})

describe('stakes in GraphQL', () => {
  it('are listed with cursors that lead on', async () => {
    const ids = [(await prepare()).body.id, (await prepare()).body.id]
    const query =
      'query ($after: String) { stakes(first: 1, after: $after) { edges { cursor node { id } } } }'
    const page = async (after?: string) => {
      const { body } = await api.request('POST', '/graphql', {
        economy: economyId,
        body: { query, variables: { after } },
      })
      expect(body.errors).toBeUndefined()
      return body.data.stakes.edges[0]
    }
    const newest = await page()
    expect([newest.node.id, (await page(newest.cursor)).node.id]).toEqual(ids.toReversed())
  })
})

describe('POST /v3/stakes/{id}/submit', () => {
  const submit = (id: string, body: object) => ask('POST', `/v3/stakes/${id}/submit`, body)

  it('202: takes the signature of the staker once, and the same again', async () => {
    const { body: stake } = await prepare()
    const signature = await sign(stake)
    const first = await submit(stake.id, { signature })
    expect(first).toMatchObject({ status: 202, body: { status: 'signed' } })
    expect(await submit(stake.id, { signature })).toMatchObject({ status: 202, body: { status: 'signed' } })
  })

  it('202: the same signature by several requests at once is taken once', async () => {
    for (let time = 0; time < 5; time += 1) {
      const stake = (await prepare()).body
      const signature = await sign(stake)
      const answers = await Promise.all(
        Array.from({ length: 6 }, async () => submit(stake.id, { signature })),
      )
      for (const answer of answers) expect(answer).toMatchObject({ status: 202, body: { status: 'signed' } })
    }
  })

  it('tells the economy of each step, with the stake as its own route shows it', async () => {
    const { body: stake } = await prepare()
    const transaction_hash = `0x${'cd'.repeat(32)}`
    for (let time = 0; time < 2; time += 1) await submit(stake.id, { transaction_hash })
    await submit(stake.id, { signature: await sign(stake) })
    const { body: now } = await ask('GET', `/v3/stakes/${stake.id}`)
    await untilEventsAreReadable(api.sql)
    const { data: newest } = (await ask('GET', '/v3/events?order=desc&limit=3')).body
    expect(newest).toMatchObject([
      { type: 'stake.signed' },
      { type: 'stake.sent' },
      { type: 'stake.created' },
    ])
    for (const { data } of newest) expect(data).toEqual(now)
  })

  it('202: a transaction hash is a hint', async () => {
    const { body: stake } = await prepare()
    const transaction_hash = `0x${'ab'.repeat(32)}`
    expect(await submit(stake.id, { transaction_hash })).toMatchObject({
      status: 202,
      body: { status: 'awaiting_signature' },
    })
    await submit(stake.id, { signature: await sign(stake) })
    expect(await submit(stake.id, { transaction_hash })).toMatchObject({
      status: 202,
      body: { status: 'signed' },
    })
  })

  it('400: not of somebody else, not of another stake, and not both at once', async () => {
    const [{ body: stake }, { body: other }] = [await prepare(), await prepare()]
    for (const signature of [await sign(stake, Wallet.createRandom()), await sign(other)]) {
      expect(await submit(stake.id, { signature })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/signature' }] },
      })
    }
    const both = { signature: await sign(stake), transaction_hash: `0x${'ab'.repeat(32)}` }
    expect((await submit(stake.id, both)).status).toBe(400)
    expect((await ask('GET', `/v3/stakes/${stake.id}`)).body.status).toBe('awaiting_signature')
  })

  it('409: not when it is signed, and not after its deadline', async () => {
    const { body: stake } = await prepare()
    await submit(stake.id, { signature: await sign(stake) })
    const { body: another } = await prepare()
    await api.sql('UPDATE gateway_message SET deadline = 1 WHERE id = $1', [uuidOfWire(another.id)])
    for (const id of [stake.id, another.id]) {
      expect(await submit(id, { signature: `0x${'ab'.repeat(64)}1b` })).toMatchObject({
        status: 409,
        body: { code: 'stake_state_conflict' },
      })
    }
  })

  it('404: not of another economy, and not one that is not there', async () => {
    const body = { transaction_hash: `0x${'ab'.repeat(32)}` }
    expect(await submit(UNKNOWN, body)).toMatchObject({ status: 404, body: { code: 'stake_not_found' } })
    const { body: stake } = await prepare()
    expect((await ask('POST', `/v3/stakes/${stake.id}/submit`, body, sandboxId)).status).toBe(404)
  })
})

describe('GET /v3/stakes', () => {
  it('200: lists them by pages, and one alone; nothing where there are none', async () => {
    const { body: last } = await prepare()
    const { status, body } = await ask('GET', '/v3/stakes?limit=1&order=desc')
    expect(status).toBe(200)
    expect(body.data).toEqual([last])
    expect((await ask('GET', `/v3/stakes/${last.id}`)).body).toEqual(last)
    expect((await ask('GET', '/v3/stakes', undefined, sandboxId)).body.data).toEqual([])
    const next = await ask('GET', `/v3/stakes?limit=1&order=desc&cursor=${body.next_cursor}`)
    expect(next.body.data[0].id < last.id).toBe(true)
  })

  it('400: not with a cursor of elsewhere · 404: not what is not there', async () => {
    expect(await ask('GET', '/v3/stakes?cursor=nonsense')).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    })
    expect((await ask('GET', `/v3/stakes/${UNKNOWN}`)).status).toBe(404)
  })
})

describe('GET /v3/token/backing', () => {
  it('200: shows what the books say, with the blocks that they are of', async () => {
    expect((await ask('GET', '/v3/token/backing')).body).toMatchObject({ rate: '100', observed: null })
    await api.sql(
      `WITH books AS (
         INSERT INTO backing_account (economy_id, tenant_id, name, balance)
         SELECT economy_id, tenant_id, account.* FROM backing,
                (VALUES ('outside', -12), ('vault', 7), ('in_flight', 5), ('issuance', -1001), ('supply', 801), ('redeeming', 200)) account
         WHERE economy_id = $1), messages AS (
         INSERT INTO backing_message (economy_id, tenant_id, message_hash, in_flight, supply, vault, redeeming)
         SELECT economy_id, tenant_id, message.* FROM backing,
                (VALUES ('minted', 3, 300, 0, 0), ('not yet', 2, 0, 0, 0), ('staked', 0, 900, 9, 0),
                        ('paid', 0, -150, -1, 150), ('to be paid', 0, -50, 0, 50), ('burned', 0, 0, -1, 0)) message
         WHERE economy_id = $1)
       UPDATE backing SET value_block = 7, value_block_hash = $2, utility_block = 9, utility_block_hash = $2, seen_at = now()
       WHERE economy_id = $1`,
      [uuidOfWire(economyId), `0x${'1f'.repeat(32)}`],
    )
    expect((await ask('GET', '/v3/token/backing')).body.observed).toMatchObject({
      staked: '7',
      in_flight: '5',
      in_flight_minted: '3',
      supply: '1001',
      redeeming: '200',
      redeeming_paid: '150',
      // (7 + 3) for 851 of 100 each.
      required: '9',
      ratio: '1.175088',
      value_block: { chain_id: 31_001, number: 7 },
      utility_block: { number: 9 },
    })
  })

  it('409: where nothing backs the token', async () => {
    expect(await ask('GET', '/v3/token/backing', undefined, sandboxId)).toMatchObject({
      status: 409,
      body: { code: 'economy_not_backed' },
    })
  })
})

describe('POST /v3/value-grants', () => {
  const someone = () => Wallet.createRandom().address
  const grant = (body: object, economy = economyId) => ask('POST', '/v3/value-grants', body, economy)
  const queued = async () =>
    api.sql(
      `SELECT s.kind, s.to_address, s.value::text, s.status, l.purpose FROM chain_submission s JOIN lane l ON l.id = s.lane_id
       WHERE s.kind IN ('value_grant', 'value_gas') ORDER BY s.id`,
    )

  it('404: for no economy that there is', async () => {
    const answer = await grant({ address: someone() }, 'eco_01jd8xq7m0e4vvkbzh0c3f9n2a')
    expect(answer).toMatchObject({ status: 404, body: { code: 'economy_not_found' } })
  })

  it('409: where the value token is a real one, or nothing backs the token', async () => {
    expect(await grant({ address: someone() })).toMatchObject({
      status: 409,
      body: { code: 'faucet_not_available' },
    })
    expect(await grant({ address: someone() }, sandboxId)).toMatchObject({
      status: 409,
      body: { code: 'economy_not_backed' },
    })
    expect(await queued()).toEqual([])
  })

  it('202: queues tokens and gas on the facilitator’s lane, once per key', async () => {
    const token = await openValueFaucet(api)
    const address = someone()
    const request = { economy: economyId, body: { address, amount: '5' }, once: 'grant' }
    const first = await api.request('POST', '/v3/value-grants', request)
    expect(first).toMatchObject({
      status: 202,
      body: { object: 'value_grant', address: address.toLowerCase(), amount: '5', value_token: token },
    })
    expect((await api.request('POST', '/v3/value-grants', request)).body).toEqual(first.body)
    expect(await queued()).toEqual([
      { kind: 'value_grant', to_address: token, value: '0', status: 'queued', purpose: 'facilitator' },
      {
        kind: 'value_gas',
        to_address: address.toLowerCase(),
        value: first.body.gas_wei,
        status: 'queued',
        purpose: 'facilitator',
      },
    ])
  })

  it('400 and 422: names the field that is wrong', async () => {
    const before = await queued()
    expect(await grant({ address: '0x12' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/address' }] },
    })
    for (const amount of ['0', `${10_000n * UNIT + 1n}`]) {
      expect(await grant({ address: someone(), amount })).toMatchObject({
        status: 422,
        body: { code: 'invalid_amount', errors: [{ pointer: '/amount' }] },
      })
    }
    expect(await queued()).toEqual(before)
  })

  it('422: an address has had enough after three, also asked for at once, and a tenant after twenty', async () => {
    const address = someone()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(async () => grant({ address })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 202, 202, 422, 422])
    expect(answers.find(({ status }) => status === 422)?.body).toMatchObject({
      code: 'faucet_exhausted',
      details: { who: 'address', grants_max: 3 },
    })
    while ((await queued()).length < 40)
      expect(await grant({ address: someone() })).toMatchObject({ status: 202 })
    expect(await grant({ address: someone() })).toMatchObject({
      status: 422,
      body: { code: 'faucet_exhausted', details: { who: 'tenant' } },
    })
    expect(await queued()).toHaveLength(40)
  })
})

describe('POST /v3/economies of production', () => {
  const create = (body: object) =>
    api.request('POST', '/v3/economies', {
      body: { name: 'Backed', symbol: 'BACK', environment: 'production', ...body },
    })

  it('422: not without gateways', async () => {
    expect(await create({ rate: '100' })).toMatchObject({
      status: 422,
      body: { code: 'production_not_available' },
    })
  })

  it('202 and 400: with a rate that the contracts take, and no play money', async () => {
    await api.sql(
      `INSERT INTO chain (id, role, name, block_time_ms, finality_depth, contracts) VALUES (31001, 'value', 'value', 1000, 3, $1)
       ON CONFLICT (id) DO UPDATE SET contracts = EXCLUDED.contracts`,
      [JSON.stringify({ gateway: `0x${'1a'.repeat(20)}`, value_token: `0x${'1b'.repeat(20)}` })],
    )
    await api.sql(`UPDATE chain SET contracts = contracts || $1 WHERE role = 'utility'`, [
      JSON.stringify({
        co_gateway: `0x${'1c'.repeat(20)}`,
        value_chain_id: '31001',
        token_holder_factory: `0x${'1d'.repeat(20)}`,
        holder_init_code_hash: `0x${'1e'.repeat(32)}`,
      }),
    ])
    for (const [pointer, body] of [
      ['/rate', {}],
      ['/rate', { rate: '0' }],
      ['/rate', { rate: '1.123456' }],
      ['/rate', { rate: `${2n ** 96n}` }],
      ['/initial_grant', { rate: '1', initial_grant: '1' }],
      ['/rate', { rate: '1', environment: 'sandbox' }],
    ] as const) {
      expect(await create(body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
    }
    const { status, body } = await create({ rate: '0.25' })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      environment: 'production',
      initial_grant: '0',
      steps: [
        { name: 'create_contracts' },
        { name: 'register_on_value_chain' },
        { name: 'register_on_utility_chain' },
        { name: 'mint_first_stake' },
      ],
    })
    const [row] = await api.sql('SELECT rate::text, rate_decimals FROM backing WHERE economy_id = $1', [
      uuidOfWire(body.id),
    ])
    expect(row).toEqual({ rate: '25', rate_decimals: 2 })
  })
})
