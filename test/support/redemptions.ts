import { expect } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { type Answer, startApi, type TestApi, uuidOfWire } from './api.ts'
import { type EconomyFixture, insertEconomy } from './economy-fixture.ts'

export const AVAILABILITY = [
  {
    country: 'United States',
    country_iso_code: 'US',
    currency_iso_code: 'USD',
    denominations: ['10', '25.5'],
  },
  { country: 'Germany', country_iso_code: 'DE', currency_iso_code: 'EUR', denominations: ['10'] },
]

/** An API with an economy whose token is worth half a dollar; its user has 10,000 whole tokens. */
export interface RedemptionsApi extends TestApi {
  economy: EconomyFixture
  economyId: string
  userId: string
  /** A request inside the economy. */
  ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object, once?: string): Promise<Answer>
  createSku(body?: object): Promise<Answer['body']>
  redeem(body: object, once?: string): Promise<Answer>
}

export async function startRedemptionsApi(): Promise<RedemptionsApi> {
  const api = await startApi()
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(api.tenant.id),
    balances: [10_000n * 10n ** 18n],
    company: 10n ** 18n,
  })
  const economyId = toWire('eco', economy.economyId)
  const userId = toWire('usr', economy.userIds[0] ?? '')
  let count = 0
  const ask: RedemptionsApi['ask'] = (method, path, body, once) =>
    api.request(method, path, {
      economy: economyId,
      ...(body && { body }),
      ...(once !== undefined && { once }),
    })
  await ask('POST', '/v3/price-points', { currency: 'USD', price: '0.5' })
  return {
    ...api,
    economy,
    economyId,
    userId,
    ask,
    async createSku(body = {}) {
      const answer = await ask('POST', '/v3/redeemable-skus', {
        name: 'Voucher',
        availability: AVAILABILITY,
        ...body,
      })
      expect(answer.status, JSON.stringify(answer.body)).toBe(201)
      return answer.body
    },
    redeem: (body, once = `key-${count++}`) =>
      ask(
        'POST',
        '/v3/redemptions',
        { user_id: userId, country_iso_code: 'US', amount: '10', ...body },
        once,
      ),
  }
}
