import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('POST /v3/platform/lanes/refresh', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'POST',
    () => '/v3/platform/lanes/refresh',
  )

  it('202: rings for every lane, and for none of a halted chain', async () => {
    const { status, body } = await api.operate('POST', '/v3/platform/lanes/refresh')
    expect([status, body.lanes]).toEqual([202, 2])
    expect(api.rung.map(({ name }) => name)).toEqual(['rebroadcast-lane', 'rebroadcast-lane'])
    await api.sql(`UPDATE chain SET status = 'halted'`)
    await api.operate('POST', '/v3/platform/lanes/refresh')
    expect(api.rung).toHaveLength(2)
  })
})
