import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('POST /v3/platform/reconciliations', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'POST',
    () => '/v3/platform/reconciliations',
  )

  it('202: rings for every live economy', async () => {
    await api.createEconomy()
    api.rung.length = 0
    const { status, body } = await api.operate('POST', '/v3/platform/reconciliations')
    expect([status, body.economies]).toEqual([202, 2])
    expect(api.rung.map(({ name }) => name)).toEqual(['reconcile-economy', 'reconcile-economy'])
  })
})
