import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itIsForTheOperatorOnly, type PlatformApi, startPlatformApi } from '#test/support/platform.ts'

describe('GET /v3/platform/outbox', () => {
  let api: PlatformApi
  beforeAll(async () => {
    api = await startPlatformApi()
  })
  afterAll(() => api.close())

  itIsForTheOperatorOnly(
    () => api,
    'GET',
    () => '/v3/platform/outbox',
  )

  it('200: shows how far each reader has come and how old its oldest unread event is', async () => {
    await api.sql(
      `INSERT INTO outbox_event (id, tenant_id, topic, subject_id, created_at)
       SELECT gen_random_uuid(), $1, 'user.created', $1, now() - interval '90 s' FROM generate_series(1, 3)`,
      [api.economy.tenantId],
    )
    await api.sql(
      `INSERT INTO outbox_cursor (consumer, xid, event_id)
       SELECT 'behind', 0, '00000000-0000-0000-0000-000000000000'::uuid
       UNION ALL (SELECT 'ahead', xid, id FROM outbox_event ORDER BY xid DESC, id DESC LIMIT 1)`,
    )
    const { status, body } = await api.operate('GET', '/v3/platform/outbox')
    expect(status).toBe(200)
    const [ahead, behind] = body.readers
    expect(ahead).toMatchObject({ consumer: 'ahead', unread: 0, oldest_unread_at: null })
    expect(behind.consumer).toBe('behind')
    expect(behind.unread).toBeGreaterThanOrEqual(3)
    expect(body.lag_seconds).toBeGreaterThan(80)
    expect(BigInt(body.horizon_xid)).toBeGreaterThan(0n)
  })

  it('200: names the database transaction that holds every reader back', async () => {
    const client = new pg.Client({ connectionString: api.database.ownerUrl, application_name: 'forgotten' })
    await client.connect()
    await client.query('BEGIN')
    await client.query(`INSERT INTO tenant (id, name) VALUES (gen_random_uuid(), 'Late')`)
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    const { body } = await api.operate('GET', '/v3/platform/outbox')
    const found = body.open_transactions.find(({ pid }: { pid: number }) => pid === rows[0].pid)
    expect(found).toMatchObject({ application: 'forgotten', state: 'idle in transaction' })
    expect(found.started_at).not.toBeNull()
    // Other tests share the server: one of theirs may be older, but one always is the oldest.
    expect(
      body.open_transactions.filter(({ holds_readers: holds }: { holds_readers: boolean }) => holds),
    ).toHaveLength(1)
    await client.query('ROLLBACK')
    await client.end()
  })
})
