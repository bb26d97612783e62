import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import { cleanUp } from '#core/outbox/clean-up.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { aPerson, refresh, signIn } from '#test/support/sign-in.ts'

let api: TestApi
let worker: pg.Pool
beforeAll(async () => {
  api = await startApi()
  worker = new pg.Pool({ connectionString: api.database.workerUrl, max: 2 })
})
afterAll(async () => {
  await worker.end()
  await api.close()
})

const count = async (text: string) => (await api.sql(`SELECT count(*)::int AS n FROM ${text}`))[0]?.['n']

it('sessions go with their tokens a week after they expired, tallies after a month, and no others', async () => {
  const person = await aPerson(api)
  const [old, kept] = [await signIn(api, person), await signIn(api, person)]
  expect((await refresh(api, old.refreshToken)).status).toBe(200)
  await api.sql(`UPDATE member_session SET expires_at = now() - interval '7 days 1 hour' WHERE id = $1`, [
    uuidOfWire(old.sessionId),
  ])
  await api.sql(`UPDATE member_session SET expires_at = now() - interval '6 days 23 hours' WHERE id = $1`, [
    uuidOfWire(kept.sessionId),
  ])
  await api.sql('DELETE FROM sign_in_tally')
  await api.sql(
    `INSERT INTO sign_in_tally (key, updated_at) VALUES ('old', now() - interval '32 days'), ('kept', now() - interval '30 days')`,
  )
  expect(await count(`refresh_token WHERE session_id = '${uuidOfWire(old.sessionId)}'`)).toBe(2)

  const deps = { expired: createExpiredRows({ pool: worker }), clock: { now: () => new Date() } }
  expect(await cleanUp(deps)).toMatchObject({ sessions: 1, signInTallies: 1 })
  expect(await api.sql('SELECT id FROM member_session')).toEqual([{ id: uuidOfWire(kept.sessionId) }])
  expect(await api.sql('SELECT DISTINCT session_id AS id FROM refresh_token')).toEqual([
    { id: uuidOfWire(kept.sessionId) },
  ])
  expect(await api.sql('SELECT key FROM sign_in_tally')).toEqual([{ key: 'kept' }])
  expect(await cleanUp(deps)).toMatchObject({ sessions: 0, signInTallies: 0 })
})
