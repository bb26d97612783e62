import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signTypedData } from '#apps/cli/sign-message.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

const UNIT = 10n ** 18n
const UNKNOWN = 'ust_01jd8xq7m0e4vvkbzh0c3f9n2a'

let api: TestApi
let economyId: string
let sandboxId: string
const redeemer = Wallet.createRandom()
const beneficiary = Wallet.createRandom().address

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
    ...(body !== undefined && { body, once: `unstake-${(keys += 1)}` }),
  })
const prepare = (body: object = {}) =>
  ask('POST', '/v3/unstakes', {
    amount: `${1_000n * UNIT}`,
    redeemer: redeemer.address,
    beneficiary,
    ...body,
  })
const rows = async () => (await api.sql('SELECT count(*)::int AS n FROM gateway_message'))[0]?.['n']

const sign = async (data: object, by = redeemer) => signTypedData(by, data)
const signaturesOf = async (unstake: { typed_data: object; permit_typed_data: object }) => ({
  signature: await sign(unstake.typed_data),
  permit_signature: await sign(unstake.permit_typed_data),
})

describe('POST /v3/unstakes', () => {
  it('201: answers with what the redeemer signs or sends, and keeps the secret sealed', async () => {
    const { status, body } = await prepare({ bounty: '7', fee: '3', permit_nonce: '4' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      object: 'unstake',
      status: 'awaiting_signature',
      redeemer: redeemer.address.toLowerCase(),
      beneficiary: beneficiary.toLowerCase(),
      amount: `${1_000n * UNIT}`,
      pays: `${10n * UNIT - 3n}`,
      bounty: '7',
      fee: '3',
      value_chain_id: 31_001,
      problem: null,
      steps: ['redeem', 'confirm', 'unstake', 'burn'].map((name) => ({ name, status: 'pending' })),
      typed_data: {
        primaryType: 'RedeemIntent',
        domain: {
          name: 'OST KIT Gateway',
          chainId: body.utility_chain_id,
          verifyingContract: body.co_gateway,
        },
        message: { targetChainId: '31001', hashLock: body.hash_lock },
      },
      permit_typed_data: {
        primaryType: 'Permit',
        domain: { version: '1', verifyingContract: body.token },
        message: { spender: body.co_gateway, value: `${1_000n * UNIT + 7n}`, nonce: '4' },
      },
    })
    for (const { chain_id, to } of Object.values(body.transactions) as { chain_id: number; to: string }[]) {
      expect(chain_id).toBe(body.utility_chain_id)
      expect([body.co_gateway, body.token]).toContain(to)
    }
    const [row] = await api.sql('SELECT kind, secret_jwe, hash_lock FROM gateway_message WHERE id = $1', [
      uuidOfWire(body.id),
    ])
    expect(row).toMatchObject({ kind: 'redeem', hash_lock: body.hash_lock })
    expect(String(row?.['secret_jwe']).split('.')).toHaveLength(5)
    expect(JSON.stringify(body)).not.toContain(String(row?.['secret_jwe']))
  })

  it('201: the token is signed for by the name it was created with, whatever the economy is called now', async () => {
    const first = (await prepare()).body.permit_typed_data.domain.name
    await api.request('PATCH', `/v3/economies/${economyId}`, { body: { name: 'Renamed' } })
    expect((await prepare()).body.permit_typed_data.domain.name).toBe(first)
  })

  it('201: needs nobody’s permission: a paused economy neither', async () => {
    const paused = (await api.createEconomy({ status: 'paused' })).id
    await backEconomy(api, uuidOfWire(paused))
    const body = { amount: '100', redeemer: redeemer.address, beneficiary }
    expect((await ask('POST', '/v3/unstakes', body, paused)).status).toBe(201)
  })

  it('400: names the field that is wrong, and prepares nothing', async () => {
    const before = await rows()
    for (const [field, value] of Object.entries({
      amount: '1.5',
      redeemer: '0x12',
      beneficiary: `0x${'0'.repeat(40)}`,
      bounty: '-1',
      fee: 'x',
      permit_nonce: 'first',
      valid_for_seconds: 1,
    })) {
      const { status, body } = await prepare({ [field]: value })
      expect([field, status, body.errors?.[0]?.pointer]).toEqual([field, 400, `/${field}`])
    }
    expect(await rows()).toBe(before)
  })

  it('409: only tokens that are backed can be redeemed', async () => {
    const before = await rows()
    const body = { amount: '100', redeemer: redeemer.address, beneficiary }
    expect(await ask('POST', '/v3/unstakes', body, sandboxId)).toMatchObject({
      status: 409,
      body: { code: 'economy_not_backed' },
    })
    expect(await rows()).toBe(before)
  })

  it('422: amounts have to come out, and the answer says which does not', async () => {
    const before = await rows()
    for (const [pointer, body] of [
      ['/amount', { amount: '0' }],
      ['/amount', { amount: '99' }],
      ['/amount', { amount: `${2n ** 128n}` }],
      ['/amount', { amount: `${2n ** 128n - 1n}` }],
      ['/bounty', { bounty: `${2n ** 128n}` }],
      ['/fee', { amount: '100', fee: '1' }],
    ] as const) {
      expect([body, await prepare(body)]).toMatchObject([
        body,
        { status: 422, body: { code: 'invalid_amount', errors: [{ pointer }] } },
      ])
    }
    expect(await rows()).toBe(before)
  })
})

describe('POST /v3/unstakes/{id}/submit', () => {
  const submit = (id: string, body: object) => ask('POST', `/v3/unstakes/${id}/submit`, body)

  it('202: takes the redeemer’s signatures once, and the same again', async () => {
    const { body: unstake } = await prepare()
    const signatures = await signaturesOf(unstake)
    expect(await submit(unstake.id, signatures)).toMatchObject({ status: 202, body: { status: 'signed' } })
    expect(await submit(unstake.id, signatures)).toMatchObject({ status: 202, body: { status: 'signed' } })
    const [row] = await api.sql('SELECT signature, permit_signature FROM gateway_message WHERE id = $1', [
      uuidOfWire(unstake.id),
    ])
    expect(row).toEqual(signatures)
  })

  it('tells the economy of each step, with the unstake as its own route shows it', async () => {
    const { body: unstake } = await prepare()
    const transaction_hash = `0x${'ab'.repeat(32)}`
    for (let time = 0; time < 2; time += 1) await submit(unstake.id, { transaction_hash })
    await submit(unstake.id, await signaturesOf(unstake))
    const { body: now } = await ask('GET', `/v3/unstakes/${unstake.id}`)
    await untilEventsAreReadable(api.sql)
    const { data: newest } = (await ask('GET', '/v3/events?limit=3&order=desc')).body
    expect(newest).toMatchObject([
      { type: 'unstake.signed' },
      { type: 'unstake.sent' },
      { type: 'unstake.created' },
    ])
    expect(newest[0].data).toEqual(now)
  })

  it('202: the intent’s alone does where the gateway has an allowance', async () => {
    const { body: unstake } = await prepare()
    const signature = await sign(unstake.typed_data)
    expect(await submit(unstake.id, { signature })).toMatchObject({ status: 202, body: { status: 'signed' } })
  })

  it('202: a transaction hash is a hint', async () => {
    const { body: unstake } = await prepare()
    const transaction_hash = `0x${'ab'.repeat(32)}`
    expect(await submit(unstake.id, { transaction_hash })).toMatchObject({
      status: 202,
      body: { status: 'awaiting_signature' },
    })
  })

  it('400: names the signature that is somebody else’s or of something else; not alone, not with a hash', async () => {
    const [{ body: unstake }, { body: other }] = [await prepare(), await prepare()]
    const signatures = await signaturesOf(unstake)
    const stranger = Wallet.createRandom()
    for (const [pointer, change] of [
      ['/signature', { signature: await sign(unstake.typed_data, stranger) }],
      ['/signature', { signature: await sign(other.typed_data) }],
      ['/permit_signature', { permit_signature: await sign(unstake.permit_typed_data, stranger) }],
      ['/permit_signature', { permit_signature: signatures.signature }],
    ] as const) {
      expect(await submit(unstake.id, { ...signatures, ...change })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer }] },
      })
    }
    const { signature, permit_signature } = signatures
    expect((await submit(unstake.id, { permit_signature })).status).toBe(400)
    expect((await submit(unstake.id, { signature, transaction_hash: `0x${'ab'.repeat(32)}` })).status).toBe(
      400,
    )
    expect((await ask('GET', `/v3/unstakes/${unstake.id}`)).body.status).toBe('awaiting_signature')
  })

  it('409: not when it is signed, and not after its deadline', async () => {
    const { body: unstake } = await prepare()
    await submit(unstake.id, await signaturesOf(unstake))
    const { body: another } = await prepare()
    await api.sql('UPDATE gateway_message SET deadline = 1 WHERE id = $1', [uuidOfWire(another.id)])
    for (const id of [unstake.id, another.id]) {
      expect(await submit(id, { signature: `0x${'ab'.repeat(64)}1b` })).toMatchObject({
        status: 409,
        body: { code: 'unstake_state_conflict' },
      })
    }
  })

  it('404: not of another economy, not one that is not there, and not a stake', async () => {
    const body = { transaction_hash: `0x${'ab'.repeat(32)}` }
    expect(await submit(UNKNOWN, body)).toMatchObject({ status: 404, body: { code: 'unstake_not_found' } })
    const { body: unstake } = await prepare()
    expect((await ask('POST', `/v3/unstakes/${unstake.id}/submit`, body, sandboxId)).status).toBe(404)
    const { body: stake } = await ask('POST', '/v3/stakes', { amount: '1', staker: redeemer.address })
    expect((await submit(stake.id.replace('stk', 'ust'), body)).status).toBe(404)
  })
})

describe('GET /v3/unstakes', () => {
  it('200: lists them by pages and no stakes among them, and one alone; nothing where there are none', async () => {
    const { body: last } = await prepare()
    await ask('POST', '/v3/stakes', { amount: '1', staker: redeemer.address })
    const { status, body } = await ask('GET', '/v3/unstakes?limit=1&order=desc')
    expect(status).toBe(200)
    expect(body.data).toEqual([last])
    expect((await ask('GET', `/v3/unstakes/${last.id}`)).body).toEqual(last)
    expect((await ask('GET', '/v3/unstakes', undefined, sandboxId)).body.data).toEqual([])
    const next = await ask('GET', `/v3/unstakes?limit=1&order=desc&cursor=${body.next_cursor}`)
    expect(next.body.data[0].id < last.id).toBe(true)
  })

  it('400: not with a cursor of elsewhere · 404: not what is not there', async () => {
    expect(await ask('GET', '/v3/unstakes?cursor=nonsense')).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    })
    expect((await ask('GET', `/v3/unstakes/${UNKNOWN}`)).status).toBe(404)
  })
})
