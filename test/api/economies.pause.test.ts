import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('POST /v3/economies/{id}/pause and /resume', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  const act = (id: string, name: string, key?: string) =>
    api.request('POST', `/v3/economies/${id}/${name}`, key ? { key } : {})
  const versionOf = async (id: string) =>
    Number(
      (await api.sql('SELECT config_version FROM economy WHERE id = $1', [uuidOfWire(id)]))[0]?.[
        'config_version'
      ],
    )

  it('200: stops and lets go again, each time with an event and a new configuration version', async () => {
    const { id } = await api.createEconomy()
    const before = await versionOf(id)
    expect((await act(id, 'pause')).body.status).toBe('paused')
    expect((await act(id, 'resume')).body.status).toBe('active')
    expect(await versionOf(id)).toBe(before + 2)
    const events = await api.sql('SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY xid, id', [
      uuidOfWire(id),
    ])
    expect(events.map((event) => event['topic'])).toEqual([
      'economy.created',
      'economy.paused',
      'economy.resumed',
    ])
  })

  it('200: does nothing the second time', async () => {
    const { id } = await api.createEconomy()
    await act(id, 'pause')
    expect((await act(id, 'pause')).status).toBe(200)
    const log = await api.request('GET', `/v3/audit-log?subject_id=${id}&action=economy.paused`)
    expect(log.body.data).toHaveLength(1)
  })

  it('404: does not know another tenant’s economy', async () => {
    const { id } = await api.createEconomy()
    const other = await api.createTenant()
    for (const name of ['pause', 'resume']) {
      const answer = await act(id, name, other.key)
      expect(answer.status).toBe(404)
      expect(answer.body.code).toBe('economy_not_found')
    }
  })

  it('409: cannot pause what is not live', async () => {
    const { id } = await api.createEconomy({ status: 'deploying' })
    for (const name of ['pause', 'resume']) {
      const answer = await act(id, name)
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({ code: 'economy_state_conflict', details: { status: 'deploying' } })
    }
  })
})
