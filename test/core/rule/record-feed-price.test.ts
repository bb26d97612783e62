import { describe, expect, it } from 'vitest'
import type { PricePoint } from '#core/rule/price-point.ts'
import { recordFeedPrice } from '#core/rule/record-feed-price.ts'
import type { Stores } from '#core/stores.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const MINUTE_MS = 60_000

function setUp(latest: Partial<PricePoint>[] = []) {
  const inserted: PricePoint[] = []
  const tx = {
    prices: {
      latest: async () => latest,
      insert: async (point: PricePoint) => void inserted.push(point),
    },
    outbox: { append: async () => {} },
  }
  const deps = {
    // The use case touches these two stores only.
    unitOfWork: <Result>(_tenantId: string, work: (stores: Stores) => Promise<Result>) =>
      work(tx as unknown as Stores),
    listFedEconomies: async () => [
      { tenantId: 'tenant-1', economyId: 'economy-1' },
      { tenantId: 'tenant-2', economyId: 'economy-2' },
    ],
    clock: { now: () => NOW },
    ids: { next: () => 'id' },
    refreshMs: 15 * MINUTE_MS,
    deviationBpsMax: 1_000,
  }
  return { deps, inserted }
}

const feed = (price: string, change: { asOf?: Date; economyId?: string } = {}) => ({
  name: 'test',
  currency: 'USD' as const,
  asset: null,
  economyId: change.economyId ?? null,
  quote: async () => ({ currency: 'USD' as const, price, asOf: change.asOf ?? null }),
})

describe('recordFeedPrice', () => {
  it('records the price for every active economy', async () => {
    const { deps, inserted } = setUp()
    await recordFeedPrice(deps, feed('0.250'))
    expect(
      inserted.map(({ tenantId, economyId, price, source }) => [tenantId, economyId, price, source]),
    ).toEqual([
      ['tenant-1', 'economy-1', '0.25', 'feed'],
      ['tenant-2', 'economy-2', '0.25', 'feed'],
    ])
  })

  it('records for the feed’s own economy only, where it has one', async () => {
    const { deps, inserted } = setUp()
    await recordFeedPrice(deps, feed('1', { economyId: 'economy-2' }))
    expect(inserted.map(({ economyId }) => economyId)).toEqual(['economy-2'])
  })

  it('marks a jump, and confirms it with the next price though it is the same', async () => {
    const before = { currency: 'USD' as const, price: '1', asOf: new Date(NOW.getTime() - MINUTE_MS) }
    const jumped = setUp([before])
    await recordFeedPrice(jumped.deps, feed('1.1001', { economyId: 'economy-1' }))
    await recordFeedPrice(jumped.deps, feed('1.1', { economyId: 'economy-1' }))
    expect(jumped.inserted.map(({ deviates }) => deviates)).toEqual([true, false])
    const after = setUp([{ ...before, price: '1.2', deviates: true }])
    await recordFeedPrice(after.deps, feed('1.2', { economyId: 'economy-1' }))
    expect(after.inserted).toMatchObject([{ price: '1.2', deviates: false }])
  })

  it('leaves alone what the chain gives', async () => {
    const ofChain = { currency: 'USD' as const, price: '1', source: 'chain' as const, asOf: new Date(0) }
    expect(await recordFeedPrice(setUp([ofChain]).deps, feed('1'))).toEqual([])
  })

  it('leaves an unchanged price alone until it needs refreshing', async () => {
    const fresh = setUp([{ currency: 'USD', price: '1', asOf: new Date(NOW.getTime() - 14 * MINUTE_MS) }])
    expect(await recordFeedPrice(fresh.deps, feed('1'))).toEqual([])
    const old = setUp([{ currency: 'USD', price: '1', asOf: new Date(NOW.getTime() - 15 * MINUTE_MS) }])
    expect(await recordFeedPrice(old.deps, feed('1'))).toHaveLength(2)
  })

  it('records a changed price at once', async () => {
    const { deps } = setUp([{ currency: 'USD', price: '1', asOf: new Date(NOW.getTime() - 1) }])
    expect(await recordFeedPrice(deps, feed('1.01'))).toHaveLength(2)
  })

  it('never records a price of a moment that is known already, or of one to come', async () => {
    const asOf = new Date(NOW.getTime() - MINUTE_MS)
    const { deps } = setUp([{ currency: 'USD', price: '1', asOf }])
    expect(await recordFeedPrice(deps, feed('2', { asOf }))).toEqual([])
    const ahead = setUp()
    const [point] = await recordFeedPrice(
      ahead.deps,
      feed('2', { asOf: new Date(NOW.getTime() + MINUTE_MS) }),
    )
    expect(point?.asOf).toEqual(NOW)
  })

  it.each(['0', '-1', 'NaN', '', '1e3'])(
    'throws on %j, which is no price, and records nothing',
    async (price) => {
      const { deps, inserted } = setUp()
      await expect(recordFeedPrice(deps, feed(price))).rejects.toThrow(/which is no price/)
      expect(inserted).toEqual([])
    },
  )
})
