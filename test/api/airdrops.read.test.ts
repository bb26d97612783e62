import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'

let api: TestApi
let economy: EconomyFixture
const airdropIds: string[] = []

beforeAll(async () => {
  api = await startApi()
  economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(api.tenant.id),
    balances: [0n, 0n],
    company: 1_000n,
  })
  for (let count = 0; count < 5; count += 1) {
    const { body } = await api.request('POST', '/v3/airdrops', {
      economy: toWire('eco', economy.economyId),
      once: `key-${count}`,
      body: { type: 'reward', amount: '1', recipients: { all: true } },
    })
    airdropIds.push(body.id)
  }
})
afterAll(async () => api.close())

const get = async (path: string, key?: string) =>
  api.request('GET', path, { economy: toWire('eco', economy.economyId), ...(key !== undefined && { key }) })

describe('GET /v3/airdrops/{id}', () => {
  it('shows how far it is', async () => {
    const [airdropId = ''] = airdropIds
    const insert = async (userId: string | undefined, status: string) =>
      api.sql(
        `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version, airdrop_id, status, submission_id, failure_code)
         VALUES ($1, $2, $3, $4, $5, $6, 1, 1, $7, $8, $2, $9)`,
        [
          economy.economyId,
          uuidv7(),
          economy.tenantId,
          economy.types.reward,
          economy.companyId,
          userId,
          uuidOfWire(airdropId),
          status,
          status === 'failed' ? 'SelfCustodied' : null,
        ],
      )
    await insert(economy.userIds[0], 'confirmed')
    await insert(economy.userIds[1], 'failed')
    await api.sql(`UPDATE airdrop SET status = 'running', accepted = 2 WHERE id = $1`, [
      uuidOfWire(airdropId),
    ])
    const { status, body } = await get(`/v3/airdrops/${airdropId}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: airdropId,
      status: 'running',
      progress: { total: 2, accepted: 2, refused: 0, mined: 0, confirmed: 1, failed: 1 },
    })
  })

  it('answers 404 for one that is not there, for a malformed id, and for one of another tenant', async () => {
    const missing = await get(`/v3/airdrops/${toWire('air', uuidv7())}`)
    expect([missing.status, missing.body.code]).toEqual([404, 'airdrop_not_found'])
    expect((await get('/v3/airdrops/nonsense')).body.code).toBe('airdrop_not_found')
    const stranger = await api.createTenant()
    const other = await insertEconomy(api.database.ownerUrl, { tenantId: uuidOfWire(stranger.id) })
    const answer = await api.request('GET', `/v3/airdrops/${airdropIds[0]}`, {
      key: stranger.key,
      economy: toWire('eco', other.economyId),
    })
    expect(answer.status).toBe(404)
    expect({ ...answer.body, instance: '', request_id: '' }).toEqual({
      ...missing.body,
      instance: '',
      request_id: '',
    })
  })

  it('needs the scope to read airdrops', async () => {
    const key = await api.createKey({ scopes: ['airdrops:write'] })
    expect((await get(`/v3/airdrops/${airdropIds[0]}`, key)).status).toBe(403)
  })
})

describe('GET /v3/airdrops', () => {
  it('lists newest first, page by page', async () => {
    const seen: string[] = []
    let path = '/v3/airdrops?limit=2'
    for (;;) {
      const { status, body } = await get(path)
      expect(status).toBe(200)
      seen.push(...body.data.map((airdrop: { id: string }) => airdrop.id))
      if (!body.has_more) break
      path = `/v3/airdrops?limit=2&cursor=${body.next_cursor}`
    }
    expect(seen).toEqual(airdropIds.toReversed())
  })

  it('refuses a cursor of another list', async () => {
    const { body } = await get('/v3/airdrops?limit=2')
    const { status, body: problem } = await get(`/v3/airdrops?limit=2&order=asc&cursor=${body.next_cursor}`)
    expect([status, problem.code]).toEqual([400, 'invalid_cursor'])
  })
})
