import { describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

interface Event {
  id: string
  type: string
  data: Record<string, unknown>
}

describe('GET /v3/events', () => {
  const ctx = useEconomyApi()
  const list = async (query = '') => {
    await untilEventsAreReadable(ctx.api.sql)
    return (await ctx.call('GET', `/v3/events?${query}`)).body
  }
  const typesOf = (page: { data: Event[] }) => page.data.map((event) => event.type)

  describe('200', () => {
    it('tells what happened in order, each with the thing it happened to', async () => {
      const user = await ctx.create('/v3/users', { name: 'Ada' })
      const rule = await ctx.create('/v3/token-rules', { name: 'all', expression: 'true', message: 'no' })
      const type = await ctx.create('/v3/transaction-types', { name: 'tip', kind: 'user_to_user' })
      const page = await list()
      expect(typesOf(page)).toEqual([
        'economy.created',
        'user.created',
        'token_rule.created',
        'transaction_type.created',
      ])
      expect(page.data.slice(1).map((event: Event) => event.data)).toEqual([user, rule, type])
      expect(page.data[0]).toMatchObject({
        economy_id: ctx.economyId,
        data: { object: 'economy', id: ctx.economyId },
      })
    })

    it('goes on from its last cursor, at the end of the log too, and repeats nothing', async () => {
      const seen: string[] = []
      let cursor = ''
      for (;;) {
        const page = await list(`limit=2${cursor}`)
        seen.push(...page.data.map((event: Event) => event.id))
        cursor = `&cursor=${page.next_cursor}`
        if (!page.has_more) break
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect((await list(`limit=2${cursor}`)).data).toEqual([])
      const user = await ctx.create('/v3/users', { name: 'Grace' })
      const page = await list(`limit=2${cursor}`)
      expect(page).toMatchObject({ has_more: false, data: [{ type: 'user.created', data: { id: user.id } }] })
    })

    it('narrows by type, and turns around', async () => {
      expect(new Set(typesOf(await list('type=user.created')))).toEqual(new Set(['user.created']))
      const [newest] = (await list('order=desc&limit=1')).data
      expect(newest.type).toBe('user.created')
    })

    it('is empty without a cursor only where nothing ever happened', async () => {
      const page = await list('type=airdrop.completed')
      expect(page).toMatchObject({ data: [], has_more: false })
      expect(page.next_cursor).not.toBeNull()
    })

    it('tells another tenant nothing of it', async () => {
      await untilEventsAreReadable(ctx.api.sql)
      const { body } = await ctx.call('GET', '/v3/events', { key: ctx.strangerKey })
      expect(typesOf(body)).toEqual(['economy.created'])
    })
  })

  describe('400', () => {
    it.each(['type=lane.paused', 'type=nothing', 'limit=0', 'cursor=x'])('refuses %s', async (query) => {
      expect((await ctx.call('GET', `/v3/events?${query}`)).status).toBe(400)
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/events', 'events:read')
})
