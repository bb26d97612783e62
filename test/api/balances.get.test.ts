import { beforeAll, describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/users/{id}/balance', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/users', {})).id
  })
  const url = (user: string) => `/v3/users/${user}/balance`

  describe('200', () => {
    it('is nothing for a new user', async () => {
      expect(await ctx.call('GET', url(id))).toMatchObject({
        status: 200,
        body: { object: 'balance', user_id: id, settled: '0', held: '0', available: '0', pending_in: '0' },
      })
    })

    it('tells what is settled, held, available and on its way, exactly at any size', async () => {
      const huge = 2n ** 190n
      const company = uuidOfWire(ctx.companyUserId)
      await ctx.api.sql('UPDATE account SET settled = $2, released = 2, arrived = 4 WHERE id = $1', [
        company,
        huge.toString(),
      ])
      await ctx.api.sql('UPDATE wallet SET reserved = 9, announced = 7 WHERE user_id = $1', [company])
      expect((await ctx.call('GET', url(ctx.companyUserId))).body).toMatchObject({
        settled: huge.toString(),
        held: '7',
        available: (huge - 7n).toString(),
        pending_in: '3',
        token: { symbol: expect.any(String), decimals: 18 },
      })
    })

    it('follows the reservations of a transaction', async () => {
      await ctx.create('/v3/transaction-types', { name: 'reward', kind: 'company_to_user' })
      const body = { type: 'reward', to_user_id: id, amount: '5' }
      const answer = await ctx.call('POST', '/v3/transactions', { body, once: 'reward-1' })
      expect(answer.status, JSON.stringify(answer.body)).toBe(202)
      expect((await ctx.call('GET', url(id))).body).toMatchObject({
        settled: '0',
        available: '0',
        pending_in: '5',
      })
      expect((await ctx.call('GET', url(ctx.companyUserId))).body).toMatchObject({ held: '12' })
    })

    it('shows an archived user’s balance', async () => {
      const user = await ctx.create('/v3/users', {})
      await ctx.call('POST', `/v3/users/${user.id}/archive`)
      expect((await ctx.call('GET', url(user.id))).status).toBe(200)
    })
  })

  const unknown = 'usr_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'GET', url, { own: () => id, unknown }, 'user_not_found')
  itIsGuarded(ctx, 'GET', () => url(id), 'users:read')
})
