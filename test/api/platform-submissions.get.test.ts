import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('GET /v3/platform/submissions/{id}', () => {
  let api: PlatformApi
  let id: string
  beforeAll(async () => {
    api = await startPlatformApi()
    id = toWire('sub', await api.insertSubmission({ nonce: 4, attempts: 2 }))
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'GET',
    () => `/v3/platform/submissions/${id}`,
  )

  it('200: shows every attempt and what the node said, and none of the bytes', async () => {
    const { status, body } = await api.operate('GET', `/v3/platform/submissions/${id}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      object: 'submission',
      id,
      status: 'broadcast',
      nonce: 4,
      unstick_requested_at: null,
    })
    expect(body.attempts).toMatchObject([
      { attempt: 1, max_fee_per_gas: '100', broadcasts: 1, last_answer: { verdict: 'accepted' } },
      { attempt: 2, max_fee_per_gas: '200', broadcasts: 1, last_answer: { verdict: 'accepted' } },
    ])
    expect(Object.keys(body)).not.toContain('calldata')
  })

  it('404: an unknown one, and what is no id', async () => {
    for (const other of ['sub_x', toWire('sub', '01a00000-0000-7000-8000-000000000000')]) {
      const { status, body } = await api.operate('GET', `/v3/platform/submissions/${other}`)
      expect([status, body.code]).toEqual([404, 'submission_not_found'])
    }
  })
})
