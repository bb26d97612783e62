import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFRESH_GRACE_MS, SESSION_IDLE_MS } from '#core/session/session.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { aPerson, grantOf, PASSWORD, refresh, signIn } from '#test/support/sign-in.ts'

let api: TestApi
/** Milliseconds that the API's clock is ahead. */
let ahead = 0
beforeAll(async () => {
  api = await startApi({
    env: { RATE_LIMIT_PER_MINUTE: '100000' },
    deps: () => ({ clock: { now: () => new Date(Date.now() + ahead) } }),
  })
})
afterAll(() => api.close())

const anyone = async () => signIn(api, await aPerson(api))
const works = async (key: string) => (await api.request('GET', '/v3/tenant', { key })).status === 200
/** Milliseconds after which nothing that was remembered of a session is believed. */
const FORGOTTEN_MS = 1_100
const endOf = async (sessionId: string) =>
  (await api.sql('SELECT end_reason FROM member_session WHERE id = $1', [uuidOfWire(sessionId)]))[0]?.[
    'end_reason'
  ]
let addresses = 0
/** Refreshes are counted by address; a test that makes many comes from many. */
const refreshFrom = async (refreshToken: string) =>
  api.request('POST', '/v3/auth/refresh', {
    key: null,
    ip: `198.19.${++addresses >> 8}.${addresses & 255}`,
    body: { refresh_token: refreshToken },
  })

describe('POST /v3/auth/refresh', () => {
  it('200: gives a new pair; the session is the same', async () => {
    const first = await anyone()
    const { status, headers, body } = await refresh(api, first.refreshToken)
    expect(status).toBe(200)
    expect(headers['cache-control']).toContain('no-store')
    const second = grantOf(body)
    expect(second.sessionId).toBe(first.sessionId)
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect([await works(first.accessToken), await works(second.accessToken)]).toEqual([true, true])
  })

  it('200: answers again when the answer was lost, and what was lost is dead', async () => {
    const first = await anyone()
    const lost = grantOf((await refresh(api, first.refreshToken)).body)
    const again = grantOf((await refresh(api, first.refreshToken)).body)
    expect((await refresh(api, again.refreshToken)).status).toBe(200)
    expect((await refresh(api, lost.refreshToken)).status).toBe(401)
  })

  it('401: ends the session when an old token comes back, with everything of it, and writes it down', async () => {
    const person = await aPerson(api)
    const first = await signIn(api, person)
    const second = grantOf((await refresh(api, first.refreshToken)).body)
    ahead += REFRESH_GRACE_MS + 1
    expect(await refresh(api, first.refreshToken)).toMatchObject({
      status: 401,
      body: { code: 'refresh_refused' },
    })
    expect((await refresh(api, second.refreshToken)).status).toBe(401)
    await sleep(FORGOTTEN_MS)
    expect([await works(first.accessToken), await works(second.accessToken)]).toEqual([false, false])
    const { body } = await api.request('GET', `/v3/audit-log?subject_id=${person.id}&limit=1`)
    expect(body.data[0]).toMatchObject({
      action: 'member.session_ended',
      details: { reason: 'token_reused', session_id: uuidOfWire(first.sessionId) },
    })
  })

  it('401: takes nothing unknown, idle for too long, or of who was removed or whose tenant is suspended', async () => {
    for (const token of ['x', `ost_refresh_${'x'.repeat(43)}`, `ost_invite_${'x'.repeat(43)}`])
      expect((await refresh(api, token)).body.code).toBe('refresh_refused')
    const idle = await anyone()
    ahead += SESSION_IDLE_MS + 1_000
    expect((await refresh(api, idle.refreshToken)).body.code).toBe('refresh_refused')
    const tenant = await api.createTenant()
    const gone = await aPerson(api, { tenant })
    const stays = await aPerson(api, { tenant })
    const [left, held] = [await signIn(api, gone), await signIn(api, stays)]
    await api.request('DELETE', `/v3/members/${gone.id}`, { key: tenant.key })
    expect((await refresh(api, left.refreshToken)).body.code).toBe('refresh_refused')
    await api.sql(`UPDATE tenant SET status = 'suspended' WHERE id = $1`, [uuidOfWire(tenant.id)])
    expect((await refresh(api, held.refreshToken)).body.code).toBe('refresh_refused')
  })

  it('leaves one living token when one is used many times at once', async () => {
    const { refreshToken } = await anyone()
    const answers = await Promise.all(Array.from({ length: 8 }, async () => refreshFrom(refreshToken)))
    const given = answers.filter(({ status }) => status === 200).map(({ body }) => grantOf(body))
    expect(given).toHaveLength(8)
    const [row] = await api.sql(
      `SELECT count(*)::int AS alive FROM refresh_token r JOIN member_session s ON s.id = r.session_id AND s.generation = r.generation
       WHERE s.id = $1 AND s.ended_at IS NULL`,
      [uuidOfWire(given[0]?.sessionId ?? '')],
    )
    expect(row).toEqual({ alive: 1 })
  })

  it('leaves at most one living token after any interleaving, and none once a dead one was shown', {
    timeout: 60_000,
  }, async () => {
    const person = await aPerson(api)
    const step = fc.record({ pick: fc.nat(), isTogether: fc.boolean(), isLate: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
        const first = await signIn(api, person)
        const tokens = [first.refreshToken]
        let alive = first.refreshToken
        let mayRepeat: string | null = null
        let isOver = false
        for (const { pick, isTogether, isLate } of steps) {
          if (isLate) ahead += REFRESH_GRACE_MS + 1
          if (isLate) mayRepeat = null
          const shown = tokens[pick % tokens.length] ?? alive
          const times = isTogether ? 2 : 1
          const answers = await Promise.all(Array.from({ length: times }, async () => refreshFrom(shown)))
          const isGood = !isOver && (shown === alive || shown === mayRepeat)
          expect(answers.map(({ status }) => status)).toEqual(answers.map(() => (isGood ? 200 : 401)))
          if (!isGood) {
            isOver = true
            continue
          }
          mayRepeat = shown
          const given = answers.map(({ body }) => body.refresh_token)
          tokens.push(...given)
          if (given.length === 1) alive = given[0]
          else {
            // Which of two came second is the database's to say.
            const { createHash } = await import('node:crypto')
            const rows = await api.sql(
              `SELECT encode(r.token_hash, 'hex') AS hash FROM refresh_token r
               JOIN member_session s ON s.id = r.session_id AND s.generation = r.generation WHERE s.id = $1`,
              [uuidOfWire(first.sessionId)],
            )
            const living = given.filter(
              (token) => createHash('sha256').update(token).digest('hex') === rows[0]?.['hash'],
            )
            expect(living).toHaveLength(1)
            alive = living[0]
          }
        }
        expect(await endOf(first.sessionId)).toBe(isOver ? 'token_reused' : null)
      }),
      { numRuns: 25 },
    )
  })
})

describe('POST /v3/auth/sign-out', () => {
  const signOut = async (key: string, body: object = {}) =>
    api.request('POST', '/v3/auth/sign-out', { key, body })

  it('204: ends the session; its tokens work no more within a second', async () => {
    const person = await aPerson(api)
    const [one, other] = [await signIn(api, person), await signIn(api, person)]
    expect((await signOut(one.accessToken)).status).toBe(204)
    await sleep(FORGOTTEN_MS)
    expect([await works(one.accessToken), await works(other.accessToken)]).toEqual([false, true])
    expect((await refresh(api, one.refreshToken)).status).toBe(401)
    const { body } = await api.request('GET', `/v3/audit-log?subject_id=${person.id}&limit=1`)
    expect(body.data[0]).toMatchObject({
      action: 'member.signed_out',
      actor: { type: 'member', id: person.id },
    })
  })

  it('204: ends all of them', async () => {
    const person = await aPerson(api)
    const [one, other] = [await signIn(api, person), await signIn(api, person)]
    await signOut(one.accessToken, { everywhere: true })
    await sleep(FORGOTTEN_MS)
    expect([await works(one.accessToken), await works(other.accessToken)]).toEqual([false, false])
  })

  it('403: is nothing for keys, nor is anything else of a person', async () => {
    for (const [method, url, body] of [
      ['POST', '/v3/auth/sign-out', {}],
      ['GET', '/v3/auth/sessions', undefined],
      ['DELETE', `/v3/auth/sessions/ses_01jc0000000000000000000000`, undefined],
      ['POST', '/v3/auth/password', { current_password: 'x', new_password: 'twelve or more' }],
    ] as const) {
      const answer = await api.request(method, url, body ? { body } : {})
      expect([url, answer.status, answer.body.code]).toEqual([url, 403, 'session_required'])
    }
  })

  it('403: is refused to the members of a suspended tenant', async () => {
    const tenant = await api.createTenant()
    const { accessToken } = await signIn(api, await aPerson(api, { tenant }))
    await api.sql(`UPDATE tenant SET status = 'suspended' WHERE id = $1`, [uuidOfWire(tenant.id)])
    expect((await signOut(accessToken)).body.code).toBe('tenant_suspended')
  })

  it('401: is refused without a token, with a forged one and with an expired one', async () => {
    const { accessToken } = await anyone()
    expect((await api.request('POST', '/v3/auth/sign-out', { key: null, body: {} })).status).toBe(401)
    const [head, , signature] = accessToken.split('.')
    expect((await signOut(`${head}.e30.${signature}`)).body.code).toBe('unauthenticated')
    ahead += 606_000
    expect((await signOut(accessToken)).body.code).toBe('token_expired')
  })
})

describe('/v3/auth/sessions', () => {
  it('200: lists the open sessions of who asks, and 204: ends one', async () => {
    const person = await aPerson(api)
    const [one, other] = [await signIn(api, person, '192.0.2.7'), await signIn(api, person)]
    const list = await api.request('GET', '/v3/auth/sessions', { key: other.accessToken })
    expect(list.body.data).toMatchObject([
      { id: other.sessionId, is_current: true },
      { id: one.sessionId, is_current: false, ip: '192.0.2.7' },
    ])
    expect(JSON.stringify(list.body)).not.toContain('refresh_token')
    const end = async (id: string, key = other.accessToken) =>
      api.request('DELETE', `/v3/auth/sessions/${id}`, { key })
    expect((await end(one.sessionId)).status).toBe(204)
    expect((await end(one.sessionId)).body.code).toBe('session_not_found')
    await sleep(FORGOTTEN_MS)
    expect(await works(one.accessToken)).toBe(false)
    const colleague = await anyone()
    expect(await end(other.sessionId, colleague.accessToken)).toMatchObject({
      status: 404,
      body: { code: 'session_not_found' },
    })
  })
})

describe('POST /v3/auth/password', () => {
  const change = async (key: string, current: string, next: string) =>
    api.request('POST', '/v3/auth/password', { key, body: { current_password: current, new_password: next } })

  it('204: changes it and ends the other sessions', async () => {
    const person = await aPerson(api)
    const [here, there] = [await signIn(api, person), await signIn(api, person)]
    expect((await change(here.accessToken, PASSWORD, 'an entirely new one')).status).toBe(204)
    await sleep(FORGOTTEN_MS)
    expect([await works(here.accessToken), await works(there.accessToken)]).toEqual([true, false])
    expect((await refresh(api, here.refreshToken)).status).toBe(200)
    await signIn(api, { ...person, password: 'an entirely new one' })
    const { body } = await api.request(
      'GET',
      `/v3/audit-log?subject_id=${person.id}&action=member.password_changed`,
    )
    expect(body.data).toHaveLength(1)
  })

  it('401 and 429: lets who stole a session not guess the password', async () => {
    const { accessToken } = await anyone()
    const statuses = []
    for (let count = 0; count < 8; count += 1)
      statuses.push((await change(accessToken, `wrong ${count}`, 'an entirely new one')).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429])
    expect((await change(accessToken, PASSWORD, 'x'.repeat(20))).body.errors[0].pointer).toBe('/new_password')
  })
})

describe('GET /.well-known/jwks.json', () => {
  it('200: publishes the keys, and no private part of them', async () => {
    await anyone()
    const { status, headers, body } = await api.request('GET', '/.well-known/jwks.json', { key: null })
    expect(status).toBe(200)
    expect(headers['cache-control']).toContain('max-age=300')
    expect(body.keys.length).toBeGreaterThan(0)
    for (const key of body.keys)
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })
})

describe('over GraphQL', () => {
  const ask = async (query: string, key: string | null, variables: object = {}) =>
    api.request('POST', '/graphql', { key, body: { query, variables } })

  it('people sign in, look around and sign out', async () => {
    const person = await aPerson(api)
    const input = { email: person.email, password: PASSWORD }
    const signedIn = await ask(
      'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken role } }',
      null,
      { input },
    )
    const token: string = signedIn.body.data.signIn.accessToken
    expect(signedIn.body.data.signIn.role).toBe('owner')
    const seen = await ask('{ tenant { id } sessions { isCurrent } }', token)
    expect(seen.body.data).toEqual({ tenant: { id: api.tenant.id }, sessions: [{ isCurrent: true }] })
    const key = await ask('{ sessions { id } }', api.tenant.key)
    expect(key.body.errors[0].extensions.code).toBe('session_required')
    expect((await ask('mutation { signOut(input: {}) }', token)).body.data).toEqual({ signOut: true })
    await sleep(FORGOTTEN_MS)
    expect((await ask('{ tenant { id } }', token)).status).toBe(401)
  })

  it('one document is one guess, however often it asks', async () => {
    const { email } = await aPerson(api)
    const fields = Array.from(
      { length: 9 },
      (_, index) => `f${index}: signIn(input: { email: "${email}", password: "wrong" }) { role }`,
    )
    const { body } = await ask(`mutation { ${fields.join(' ')} }`, null)
    const codes = body.errors.map((error: { extensions: { code: string } }) => error.extensions.code)
    // A field that fails ends the document: the others are not tried.
    expect(codes).toEqual(['sign_in_failed'])
  })
})

describe('sessions, asked for by nobody', () => {
  it.each([
    ['GET', '/v3/auth/sessions'],
    ['DELETE', '/v3/auth/sessions/ses_01k0g2qz5me93tnsy1xq2zc7ah'],
  ] as const)('401: %s %s', async (method, path) => {
    const { status, body } = await api.request(method, path, { key: null })
    expect([status, body.code]).toEqual([401, 'unauthenticated'])
  })
})
