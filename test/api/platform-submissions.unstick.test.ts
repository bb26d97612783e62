import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('POST /v3/platform/submissions/{id}/unstick', () => {
  let api: PlatformApi
  let id: string
  beforeAll(async () => {
    api = await startPlatformApi()
    id = toWire('sub', await api.insertSubmission({ nonce: 4 }))
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'POST',
    () => `/v3/platform/submissions/${id}/unstick`,
  )

  it('202: marks it for the worker and rings for its lane; twice does no harm', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await api.operate('POST', `/v3/platform/submissions/${id}/unstick`)
      expect(status).toBe(202)
      expect(body).toMatchObject({ id, status: 'broadcast', nonce: 4 })
      expect(body.unstick_requested_at).not.toBeNull()
      expect(body.attempts).toHaveLength(1)
    }
    expect(api.rung).toContainEqual({ name: 'rebroadcast-lane', id: api.economy.laneId })
  })

  it.each([
    ['queued', null],
    ['mined', 5],
    ['confirmed', 6],
    ['reverted', 7],
    ['replaced', 8],
  ])('202: leaves one that is %s as it is', async (status, nonce) => {
    const other = await api.insertSubmission({ status, nonce, attempts: nonce === null ? 0 : 1 })
    const answer = await api.operate('POST', `/v3/platform/submissions/${toWire('sub', other)}/unstick`)
    expect([answer.status, answer.body.status, answer.body.unstick_requested_at]).toEqual([202, status, null])
    expect(await api.sql('SELECT bump_requested_at FROM chain_submission WHERE id = $1', [other])).toEqual([
      { bump_requested_at: null },
    ])
  })

  it('404: an unknown one', async () => {
    const { status, body } = await api.operate('POST', '/v3/platform/submissions/sub_x/unstick')
    expect([status, body.code]).toEqual([404, 'submission_not_found'])
  })
})
