import { describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/users/batch', () => {
  const ctx = useEconomyApi()
  const create = (users: unknown, once?: string) =>
    ctx.call('POST', '/v3/users/batch', { body: { users }, ...(once !== undefined && { once }) })

  describe('200', () => {
    it('creates the good items and says of each bad one what is wrong with it, in order', async () => {
      await ctx.create('/v3/users', { external_id: 'known' })
      const { status, body } = await create([
        { external_id: 'known' },
        { external_id: 'new', name: 'Ada' },
        { external_id: 5 },
        { external_id: 'new' },
        {},
        'nonsense',
        { unknown: true },
      ])
      expect(status).toBe(200)
      expect(body).toMatchObject({ object: 'user_batch', created: 2, refused: 5 })
      const told = body.data.map(
        (item: { problem: { code: string } | null }) => item.problem?.code ?? 'created',
      )
      expect(told).toEqual([
        'external_id_taken',
        'created',
        'invalid_request',
        'external_id_taken',
        'created',
        'invalid_request',
        'invalid_request',
      ])
      expect(body.data.map((item: { index: number }) => item.index)).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(body.data[1].user).toMatchObject({ external_id: 'new', name: 'Ada' })
      expect(body.data[2].problem.errors[0].pointer).toBe('/external_id')
    })

    it('creates a thousand users with wallets, accounts and events in one go', async () => {
      const users = Array.from({ length: 1_000 }, (_, index) => ({ external_id: `bulk-${index}` }))
      const { body } = await create(users)
      expect(body).toMatchObject({ created: 1_000, refused: 0 })
      const ids = new Set(
        body.data.map((item: { user: { wallet: { address: string } } }) => item.user.wallet.address),
      )
      expect(ids.size).toBe(1_000)
      const [row] = await ctx.api.sql(
        `SELECT count(*)::int AS users, count(a.id)::int AS accounts, count(w.user_id)::int AS wallets,
                (SELECT count(*)::int FROM outbox_event e JOIN economy_user x ON x.id = e.subject_id
                 WHERE x.external_id LIKE 'bulk-%') AS events
         FROM economy_user u LEFT JOIN account a ON a.id = u.id LEFT JOIN wallet w ON w.user_id = u.id
         WHERE u.external_id LIKE 'bulk-%'`,
      )
      expect(row).toEqual({ users: 1_000, accounts: 1_000, wallets: 1_000, events: 1_000 })
    })

    it('repeats its first answer under the same idempotency key and creates nobody twice', async () => {
      const first = await create([{ name: 'a' }, { external_id: 7 }], 'batch-1')
      const again = await create([{ name: 'a' }, { external_id: 7 }], 'batch-1')
      expect(again.body).toEqual(first.body)
      expect(again.headers['idempotency-replayed']).toBe('true')
    })

    it('lets parallel batches with the same external ids create each of them once', async () => {
      const users = Array.from({ length: 50 }, (_, index) => ({ external_id: `race-${index}` }))
      const answers = await Promise.all([create(users), create([...users].reverse()), create(users)])
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(answers.reduce((sum, { body }) => sum + body.created, 0)).toBe(50)
    })
  })

  describe('400', () => {
    it.each([
      ['no users', []],
      ['too many users', Array.from({ length: 1_001 }, () => ({}))],
      ['something else than a list', { external_id: 'x' }],
    ])('refuses %s', async (_what, users) => {
      const answer = await create(users)
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/users' }] } })
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/users/batch', 'users:write', { users: [{}] })
})
