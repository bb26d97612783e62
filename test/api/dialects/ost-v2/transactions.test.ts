import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'
import { tableSums } from '#test/support/table-sums.ts'
import { carryTo, mineTogether } from '#test/support/mined-submission.ts'
import { type Params, useOstV2 } from '#test/support/ost-v2.ts'

const ctx = useOstV2()
const WHOLE = 10n ** 18n
const refusal = (status: number, parameter: string) => ({
  status,
  body: { success: false, err: { error_data: [{ parameter }] } },
})
const META = { name: 'thanks', type: 'company_to_user', details: 'for the review' }

async function direct(amounts: readonly string[], more: Params = {}) {
  const to = await Promise.all(amounts.map((_amount, at) => ctx.addressOf(ctx.economy.userIds[at % 3] ?? '')))
  return execute({ method: 'directTransfers', parameters: [to, amounts] }, more)
}
function execute(call: object, more: Params = {}, userId = ctx.economy.companyId) {
  const params = { to: ctx.rulesAddress, raw_calldata: JSON.stringify(call), meta_property: META, ...more }
  return ctx.call('POST', `/users/${userId}/transactions`, params)
}
const rows = async () => {
  const [row] = await ctx.api.sql(
    `SELECT (SELECT count(*) FROM transaction)::int AS transactions, (SELECT count(*) FROM transaction_bundle)::int AS bundles,
            (SELECT coalesce(sum(amount), 0) FROM hold WHERE account_id = $1 AND status = 'pending')::text AS held`,
    [ctx.economy.companyId],
  )
  return row
}

/** Before any other: the type by which bundles are executed is not there yet. */
describe('a first transaction that is refused', () => {
  it('leaves nothing behind', async () => {
    const before = await tableSums(ctx.api)
    const { status, body } = await direct(['1', (20_000n * WHOLE).toString()])
    expect([status, body.err.code]).toEqual([422, 'INSUFFICIENT_FUNDS'])
    expect(await tableSums(ctx.api)).toBe(before)
  })
})

describe('POST /users/{company}/transactions', () => {
  it('Direct Transfer: pays all of them, as one transaction', async () => {
    const { status, body } = await direct(['1', '2', '3'])
    expect(status, JSON.stringify(body)).toBe(200)
    const { transaction } = body.data
    expect(Object.keys(transaction).toSorted()).toEqual([
      'block_confirmation',
      'block_number',
      'block_timestamp',
      'from',
      'gas_price',
      'gas_used',
      'id',
      'meta_property',
      'nonce',
      'rule_name',
      'status',
      'to',
      'transaction_fee',
      'transaction_hash',
      'transfers',
      'updated_timestamp',
      'value',
    ])
    expect(transaction).toMatchObject({
      status: 'CREATED',
      rule_name: 'Direct Transfer',
      meta_property: META,
      value: '0',
      transaction_hash: null,
      block_number: null,
      to: await ctx.addressOf(ctx.economy.companyId),
    })
    expect(transaction.transfers.map(({ amount }: { amount: string }) => amount)).toEqual(['1', '2', '3'])
    expect(transaction.transfers[1]).toEqual({
      from: await ctx.addressOf(ctx.economy.companyId),
      from_user_id: ctx.economy.companyId,
      to: await ctx.addressOf(ctx.economy.userIds[1] ?? ''),
      to_user_id: ctx.economy.userIds[1],
      amount: '2',
      kind: 'transfer',
    })
    const { balance } = (await ctx.call('GET', `/users/${ctx.economy.companyId}/balance`)).body.data
    expect(balance.unsettled_debit).toBe('6')
  })

  it('all or nothing: one transfer that cannot be paid leaves none', async () => {
    const before = await rows()
    const answer = await direct(['5', (10_000n * WHOLE).toString()])
    expect(answer).toMatchObject({ status: 422, body: { err: { code: 'INSUFFICIENT_FUNDS' } } })
    expect(await rows()).toEqual(before)
  })

  it('Pricer: floor(fiat ÷ price) base units each, at a price near the quoted one', async () => {
    const economy = toWire('eco', ctx.economy.economyId)
    await ctx.api.request('POST', '/v3/price-points', { economy, body: { currency: 'USD', price: '0.03' } })
    const [company, alice] = await Promise.all(
      [ctx.economy.companyId, ctx.economy.userIds[0] ?? ''].map((id) => ctx.addressOf(id)),
    )
    const price = (3n * WHOLE) / 100n
    const pay = (quoted: bigint, amount = '1') => ({
      method: 'pay',
      parameters: [company, [alice], [amount], 'USD', quoted.toString()],
    })
    const { status, body } = await execute(pay(price, WHOLE.toString()))
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.data.transaction).toMatchObject({
      rule_name: 'Pricer',
      transfers: [{ amount: ((WHOLE * 100n) / 3n).toString() }],
    })
    expect((await execute(pay(price + WHOLE, WHOLE.toString()))).status).toBe(200)
    expect(await execute(pay(price + WHOLE + 1n, WHOLE.toString()))).toMatchObject(
      refusal(400, 'raw_calldata'),
    )
    const euros = { method: 'pay', parameters: [company, [alice], ['1'], 'EUR', price.toString()] }
    expect(await execute(euros)).toMatchObject(refusal(422, 'raw_calldata'))
    const notOurs = { method: 'pay', parameters: [alice, [alice], ['1'], 'USD', price.toString()] }
    expect(await execute(notOurs)).toMatchObject(refusal(400, 'raw_calldata'))
  })

  it.each<[string, string[]]>([
    ['eleven transfers', Array.from({ length: 11 }, () => '1')],
    ['nothing', []],
    ['zero', ['0']],
    ['38 digits', ['1'.repeat(38)]],
    ['a fraction', ['1.5']],
  ])('400: %s', async (_case, amounts) => {
    const before = await rows()
    expect(await direct(amounts)).toMatchObject(refusal(400, 'raw_calldata'))
    expect(await rows()).toEqual(before)
  })

  it('400: a stranger’s address, another method, no JSON, another rule, a bad label', async () => {
    const foreign = { method: 'directTransfers', parameters: [[`0x${'12'.repeat(20)}`], ['1']] }
    expect(await execute(foreign)).toMatchObject(refusal(400, 'raw_calldata'))
    expect(await execute({ method: 'burn', parameters: [] })).toMatchObject(refusal(400, 'raw_calldata'))
    expect(await execute({}, { raw_calldata: '{' })).toMatchObject(refusal(400, 'raw_calldata'))
    const long = { method: 'directTransfers', parameters: [], more: 'x'.repeat(10_000) }
    expect(await execute(long)).toMatchObject(refusal(400, 'raw_calldata'))
    expect(await direct(['1'], { to: `0x${'12'.repeat(20)}` })).toMatchObject(refusal(400, 'to'))
    for (const meta_property of [
      { name: 'x'.repeat(26) },
      { name: 'a.b' },
      { type: 'user_to_nobody' },
      { details: 'x'.repeat(126) },
    ])
      expect(await direct(['1'], { meta_property })).toMatchObject(refusal(400, 'meta_property'))
  })

  it('directTransfer means the same as directTransfers', async () => {
    const to = await ctx.addressOf(ctx.economy.userIds[0] ?? '')
    const answer = await execute({ method: 'directTransfer', parameters: [[to], ['1']] })
    expect(answer.body.data.transaction).toMatchObject({
      rule_name: 'Direct Transfer',
      transfers: [{ to, amount: '1' }],
    })
  })

  it('needs no label, and takes one up to its bounds', async () => {
    const bare = await execute(
      { method: 'directTransfers', parameters: [[await ctx.addressOf(ctx.economy.userIds[0] ?? '')], ['1']] },
      { meta_property: {} },
    )
    expect(bare.body.data.transaction.meta_property).toEqual({})
    for (const meta_property of [
      { name: 'a-b_c 9'.padEnd(25, 'x') },
      { details: 'x'.repeat(125) },
      ...['user_to_user', 'company_to_user', 'user_to_company'].map((type) => ({ type })),
    ])
      expect((await direct(['1'], { meta_property })).body.data.transaction.meta_property).toEqual(
        meta_property,
      )
  })

  it('takes ten transfers, and amounts up to those of the platform', async () => {
    expect((await direct(Array.from({ length: 10 }, () => '1'))).status).toBe(200)
    // More than anybody has, but no malformed amount.
    expect(await direct([AMOUNT_MAX.toString()])).toMatchObject({
      status: 422,
      body: { err: { code: 'INSUFFICIENT_FUNDS', error_data: [{ parameter: 'signer' }] } },
    })
    expect(await direct([(AMOUNT_MAX + 1n).toString()])).toMatchObject(refusal(400, 'raw_calldata'))
  })

  it.each(['EUR', 'GBP'])('Pricer: in %s, too', async (currency) => {
    const economy = toWire('eco', ctx.economy.economyId)
    await ctx.api.request('POST', '/v3/price-points', { economy, body: { currency, price: '0.5' } })
    const [company, alice] = await Promise.all(
      [ctx.economy.companyId, ctx.economy.userIds[0] ?? ''].map((id) => ctx.addressOf(id)),
    )
    const parameters = [company, [alice], [WHOLE.toString()], currency, (WHOLE / 2n).toString()]
    const { body } = await execute({ method: 'pay', parameters })
    expect(body.data.transaction.transfers).toMatchObject([{ amount: (2n * WHOLE).toString() }])
  })

  it('403: a server pays for the company only', async () => {
    const answer = await execute(
      { method: 'directTransfers', parameters: [[], []] },
      {},
      ctx.economy.userIds[0],
    )
    expect(answer).toMatchObject({ status: 403, body: { err: { code: 'REQUEST_FORBIDDEN' } } })
  })
})

describe('GET /users/{id}/transactions', () => {
  const list = async (userId: string, params: Params = {}) =>
    (await ctx.call('GET', `/users/${userId}/transactions`, params)).body.data

  it('lists bundles once, and transactions of other surfaces as what they are', async () => {
    const made = (await direct(['7', '8', '9', '7'])).body.data.transaction
    const [alice = '', bob = ''] = ctx.economy.userIds
    for (const userId of [ctx.economy.companyId, alice, bob]) {
      const data = await list(userId, { limit: '1' })
      expect(data.transactions.map(({ id }: { id: string }) => id)).toEqual([made.id])
      expect(data.transactions[0]).toEqual(made)
      expect(data.meta.total_no).toBeGreaterThan(0)
    }
    const got = await ctx.call('GET', `/users/${alice}/transactions/${made.id}`)
    expect(got.body.data).toEqual({ result_type: 'transaction', transaction: made })
    const economy = toWire('eco', ctx.economy.economyId)
    const body = { type: 'reward', to_user_id: toWire('usr', bob), amount: '4' }
    await ctx.api.request('POST', '/v3/transactions', { economy, once: 'v3', body })
    const [newest] = (await list(bob)).transactions
    expect(newest).toMatchObject({
      meta_property: { name: 'reward', type: 'company_to_user' },
      transfers: [{ amount: '4' }],
    })
  })

  it('filters by status, label and time, and pages to the end', async () => {
    await direct(['1'], { meta_property: { name: 'rare' } })
    const company = ctx.economy.companyId
    const ids = async (params: Params) =>
      (await list(company, params)).transactions.map(({ id }: { id: string }) => id)
    expect(await ids({ meta_properties: JSON.stringify([{ name: 'rare' }]) })).toHaveLength(1)
    expect(await ids({ meta_properties: JSON.stringify([{ name: 'rare', type: 'user_to_user' }]) })).toEqual(
      [],
    )
    expect(await ids({ statuses: ['SUCCESS', 'FAILED'] })).toEqual([])
    expect((await ids({ statuses: ['CREATED'] })).length).toBeGreaterThan(1)
    const past = Math.floor(Date.now() / 1_000) - 3_600
    expect(await ids({ end_time: String(past) })).toEqual([])
    expect((await ids({ start_time: String(past) })).length).toBeGreaterThan(1)
    const seen: string[] = []
    let next: Params = { limit: '2' }
    let total = 0
    do {
      const { transactions, meta } = await list(company, next)
      seen.push(...transactions.map(({ id }: { id: string }) => id))
      total = meta.total_no
      next = meta.next_page_payload
    } while (next['pagination_identifier'] !== undefined)
    expect(new Set(seen).size).toBe(total)
  })

  it('ten to a page; the identifier says how to go on, and overrides what is sent with it', async () => {
    for (let made = 0; made < 12; made += 1) await direct(['1'], { asked: made })
    const filters = { statuses: ['CREATED'], meta_properties: JSON.stringify([{ name: 'thanks' }]) }
    const { transactions, meta } = await list(ctx.economy.companyId, filters)
    expect(transactions).toHaveLength(10)
    const { pagination_identifier } = meta.next_page_payload
    expect(JSON.parse(Buffer.from(pagination_identifier, 'base64').toString())).toEqual({
      from: 10,
      limit: 10,
      meta_property: [{ name: 'thanks' }],
      status: ['CREATED'],
      start_time: null,
      end_time: null,
    })
    const next = await list(ctx.economy.companyId, { pagination_identifier })
    const overridden = { pagination_identifier, limit: '1', statuses: ['FAILED'] }
    expect(await list(ctx.economy.companyId, overridden)).toEqual(next)
  })

  it.each([
    ['statuses', { statuses: ['DONE'] }],
    ['statuses', { statuses: Array.from({ length: 6 }, () => 'CREATED') }],
    [
      'meta_properties',
      { meta_properties: JSON.stringify(Array.from({ length: 11 }, () => ({ name: 'x' }))) },
    ],
    ['meta_properties', { meta_properties: '[{"name":"x.y"}]' }],
    ['end_time', { end_time: '12' }],
    ['meta_properties', { meta_properties: '{}' }],
    ['start_time', { start_time: 'yesterday' }],
    ['limit', { limit: '26' }],
    ['pagination_identifier', { pagination_identifier: 'e30=' }],
    [
      'pagination_identifier',
      {
        pagination_identifier: Buffer.from(
          JSON.stringify({
            from: 9_990,
            limit: 10,
            meta_property: [],
            status: [],
            start_time: null,
            end_time: null,
          }),
        ).toString('base64'),
      },
    ],
  ])('400: names %s', async (parameter, params) => {
    const answer = await ctx.call('GET', `/users/${ctx.economy.companyId}/transactions`, params)
    expect(answer).toMatchObject(refusal(400, parameter))
  })

  it('shows hash, sender, nonce, gas, fee and block once it is mined', async () => {
    const made = (await direct(['1', '2'])).body.data.transaction
    const members = await ctx.api.sql(
      'SELECT transaction_id FROM bundle_member WHERE bundle_id = $1 ORDER BY position',
      [made.id],
    )
    const txHash = `0x${'cd'.repeat(32)}`
    const mined = { nonce: 902, gasUsed: 60_000, gasPriceWei: 2_000_000_000n, blockNumber: 42, txHash }
    const ids = members.map((row) => String(row['transaction_id']))
    const { laneAddress } = await mineTogether(ctx.api, ids, mined)
    const got = await ctx.call('GET', `/users/${ctx.economy.companyId}/transactions/${made.id}`)
    expect(got.body.data.transaction).toMatchObject({
      transaction_hash: txHash,
      from: laneAddress,
      to: made.to,
      nonce: 902,
      value: '0',
      gas_price: '2000000000',
      block_number: 42,
      status: 'MINED',
    })
    const { gas_used, transaction_fee } = got.body.data.transaction
    expect([gas_used, transaction_fee]).toEqual([60_000, (60_000n * 2_000_000_000n).toString()])
  })

  it('tells how far a bundle is by its members', async () => {
    const made = (await direct(['1', '1'])).body.data.transaction
    const setMembers = async (status: Parameters<typeof carryTo>[2], which: string) => {
      const members = await ctx.api.sql(
        'SELECT transaction_id AS id FROM bundle_member WHERE bundle_id = $1 AND position::text LIKE $2',
        [made.id, which],
      )
      await carryTo(
        ctx.api.sql,
        members.map(({ id }) => String(id)),
        status,
      )
    }
    const status = async () =>
      (await ctx.call('GET', `/users/${ctx.economy.companyId}/transactions/${made.id}`)).body.data.transaction
        .status
    await setMembers('mined', '0')
    expect(await status()).toBe('CREATED')
    await setMembers('submitted', '%')
    expect(await status()).toBe('SUBMITTED')
    await setMembers('mined', '%')
    expect(await status()).toBe('MINED')
    await setMembers('confirmed', '%')
    expect(await status()).toBe('SUCCESS')
    await setMembers('failed', '1')
    expect(await status()).toBe('FAILED')
    const failed = (await list(ctx.economy.companyId, { statuses: ['FAILED'] })).transactions
    expect(failed.map(({ id }: { id: string }) => id)).toEqual([made.id])
  })
})
