import { describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/users', () => {
  const ctx = useEconomyApi()
  const create = (body: unknown, once?: string) =>
    ctx.call('POST', '/v3/users', { body, ...(once !== undefined && { once }) })

  describe('201', () => {
    it('creates a user with everything said about it', async () => {
      const metadata = { team: 'red', level: 3, vip: true }
      const { status, body } = await create({ external_id: 'p-1', name: 'Ada', is_verified: true, metadata })
      expect(status).toBe(201)
      expect(body).toMatchObject({
        object: 'user',
        type: 'user',
        external_id: 'p-1',
        name: 'Ada',
        is_verified: true,
        status: 'active',
        metadata,
        wallet: { custody: 'managed', address: expect.stringMatching(/^0x[0-9a-f]{40}$/) },
      })
      expect(await ctx.topicsOf(body.id)).toEqual(['user.created'])
    })

    it('creates a user about whom nothing is said, with wallet and account', async () => {
      const { body } = await create({})
      expect(body).toMatchObject({ external_id: null, name: null, is_verified: false, metadata: {} })
      const rows = await ctx.api.sql(
        `SELECT a.kind, a.address, a.settled, w.address AS wallet, octet_length(w.salt) AS salt
         FROM account a JOIN wallet w ON w.user_id = a.id WHERE a.id = $1`,
        [uuidOfWire(body.id)],
      )
      const { address } = body.wallet
      expect(rows).toEqual([{ kind: 'wallet', address, settled: '0', wallet: address, salt: 12 }])
    })

    it('repeats its first answer under the same idempotency key', async () => {
      const first = await create({ name: 'Once' }, 'once-1')
      const again = await create({ name: 'Once' }, 'once-1')
      expect(again.body).toEqual(first.body)
      expect(again.headers['idempotency-replayed']).toBe('true')
    })

    it('serves a key of the whole tenant that names the economy', async () => {
      const key = await ctx.api.createKey({ scopes: ['users:write'] })
      const answer = await ctx.call('POST', '/v3/users', { key, economy: ctx.economyId, body: {} })
      expect(answer.status).toBe(201)
    })
  })

  describe('400', () => {
    it.each([
      ['/external_id', { external_id: '' }],
      ['/external_id', { external_id: 'x'.repeat(256) }],
      ['/name', { name: 5 }],
      ['/is_verified', { is_verified: 'yes' }],
      ['/metadata/nested', { metadata: { nested: {} } }],
      ['/nope', { nope: 1 }],
    ])('points at %s', async (pointer, body) => {
      const answer = await create(body)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    })
  })

  describe('409', () => {
    it('refuses an external id that is taken, and leaves nothing behind', async () => {
      await create({ external_id: 'taken' })
      const answer = await create({ external_id: 'taken' }, 'once-2')
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'external_id_taken', errors: [{ pointer: '/external_id' }] },
      })
      const [row] = await ctx.api.sql(`SELECT count(*)::int FROM economy_user WHERE external_id = 'taken'`)
      expect(row).toEqual({ count: 1 })
    })

    it('lets another economy have the same external id', async () => {
      await create({ external_id: 'shared' })
      const answer = await ctx.call('POST', '/v3/users', {
        key: ctx.strangerKey,
        body: { external_id: 'shared' },
      })
      expect(answer.status).toBe(201)
    })
  })

  describe('422', () => {
    it('refuses another body under a used idempotency key, naming the difference', async () => {
      await create({ name: 'A' }, 'once-3')
      const answer = await create({ name: 'B' }, 'once-3')
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused', details: { differing: ['/name'] } },
      })
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/users', 'users:write', {})
})
