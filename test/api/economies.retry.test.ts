import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '#core/outbox/job-dispatcher.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('POST /v3/economies/{id}/retry', () => {
  let api: TestApi
  const woken: Job[] = []
  beforeAll(async () => {
    api = await startApi({ deps: () => ({ jobs: { wake: (job) => void woken.push(job) } }) })
  })
  afterAll(() => api.close())

  it('200: goes on where the deployment stopped', async () => {
    const { id } = await api.createEconomy({ status: 'failed' })
    const uuid = uuidOfWire(id)
    await api.sql("UPDATE economy SET failure_reason = 'no gas' WHERE id = $1", [uuid])
    await api.sql("UPDATE economy_step SET status = 'done' WHERE economy_id = $1 AND position = 1", [uuid])
    await api.sql(
      "UPDATE economy_step SET status = 'failed', detail = 'no gas' WHERE economy_id = $1 AND position = 2",
      [uuid],
    )
    const { status, body } = await api.request('POST', `/v3/economies/${id}/retry`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'deploying',
      failure_reason: null,
      steps: [{ status: 'done' }, { status: 'pending', detail: null }],
    })
    expect(woken).toEqual([{ name: 'deploy-economy', id: uuid }])
  })

  it('404: does not know another tenant’s economy', async () => {
    const { id } = await api.createEconomy({ status: 'failed' })
    const { status } = await api.request('POST', `/v3/economies/${id}/retry`, {
      key: (await api.createTenant()).key,
    })
    expect(status).toBe(404)
  })

  it('409: has nothing to retry on a live economy', async () => {
    const { id } = await api.createEconomy()
    const { status, body } = await api.request('POST', `/v3/economies/${id}/retry`)
    expect(status).toBe(409)
    expect(body.code).toBe('economy_state_conflict')
  })
})
