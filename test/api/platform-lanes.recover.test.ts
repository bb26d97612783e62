import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('POST /v3/platform/lanes/{id}/recover', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  const url = () => `/v3/platform/lanes/${toWire('lan', api.economy.laneId)}/recover`
  const pause = (reason: string) =>
    api.sql(`UPDATE lane SET status = 'paused', pause_reason = $1 WHERE id = $2`, [
      reason,
      api.economy.laneId,
    ])

  itIsForTheOperatorOnly(() => api, 'POST', url)

  it('202: leaves the lane paused, marks it for the worker and rings; twice is once', async () => {
    await pause('unknown_payments')
    const first = await api.operate('POST', url())
    const second = await api.operate('POST', url())
    expect([first.status, first.body.status]).toEqual([202, 'paused'])
    expect(first.body.recovery_requested_at).not.toBeNull()
    expect(second.body.recovery_requested_at).toBe(first.body.recovery_requested_at)
    expect(api.rung).toContainEqual({ name: 'rebroadcast-lane', id: api.economy.laneId })
  })

  it('404: an unknown lane', async () => {
    const { status, body } = await api.operate('POST', '/v3/platform/lanes/lan_x/recover')
    expect([status, body.code]).toEqual([404, 'lane_not_found'])
  })

  it('409: a lane that is paused for a cause which ends by itself', async () => {
    await pause('out_of_gas')
    const { status, body } = await api.operate('POST', url())
    expect([status, body.code]).toEqual([409, 'lane_state_conflict'])
  })
})
