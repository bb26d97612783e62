import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('POST /v3/platform/lanes/{id}/resume', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  const url = () => `/v3/platform/lanes/${toWire('lan', api.economy.laneId)}/resume`
  const pause = (reason: string) =>
    api.sql(`UPDATE lane SET status = 'paused', pause_reason = $1 WHERE id = $2`, [
      reason,
      api.economy.laneId,
    ])

  itIsForTheOperatorOnly(() => api, 'POST', url)

  it('202: lets a lane sign that a person paused; twice is once', async () => {
    await pause('operator')
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await api.operate('POST', url())
      expect([status, body.status, body.pause_reason]).toEqual([202, 'active', null])
    }
    expect(api.rung).toContainEqual({ name: 'submit-lane', id: api.economy.laneId })
  })

  it('404: an unknown lane, and what is no id', async () => {
    for (const id of [
      toWire('lan', '01a00000-0000-7000-8000-000000000000'),
      'lan_x',
      toWire('sub', api.economy.laneId),
    ]) {
      const { status, body } = await api.operate('POST', `/v3/platform/lanes/${id}/resume`)
      expect([status, body.code]).toEqual([404, 'lane_not_found'])
    }
  })

  it.each(['unknown_payments', 'out_of_gas', 'rejected'])(
    '409: a lane that is paused for %s stays so',
    async (reason) => {
      await pause(reason)
      const { status, body } = await api.operate('POST', url())
      expect([status, body.code]).toEqual([409, 'lane_state_conflict'])
      expect(
        await api.sql('SELECT status, recovery_requested_at FROM lane WHERE id = $1', [api.economy.laneId]),
      ).toEqual([{ status: 'paused', recovery_requested_at: null }])
    },
  )
})
