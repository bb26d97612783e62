import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DELAYS } from '#core/session/sign-in-guard.ts'
import { INVITATION_SECONDS } from '#core/session/invite-member.ts'
import { SESSIONS_MAX } from '#core/session/session.ts'
import { type RequestOptions, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { aPerson, PASSWORD, type Person, setPassword, signIn } from '#test/support/sign-in.ts'

let api: TestApi
/** Milliseconds that the API's clock is ahead. */
let ahead = 0
beforeAll(async () => {
  api = await startApi({ deps: () => ({ clock: { now: () => new Date(Date.now() + ahead) } }) })
})
afterAll(() => api.close())

let addresses = 0
/** An address that nothing came from yet. */
const anAddress = () => `198.18.${++addresses >> 8}.${addresses & 255}`
const tryIt = (body: object, options: RequestOptions = {}) =>
  api.request('POST', '/v3/auth/sign-in', { key: null, ip: anAddress(), body, ...options })
const auditOf = async (memberId: string) =>
  (await api.request('GET', `/v3/audit-log?subject_id=${memberId}`)).body.data

describe('POST /v3/auth/sign-in', () => {
  describe('200: a session', () => {
    it('gives an access token and a refresh token, which nobody keeps', async () => {
      const ada = await aPerson(api, { role: 'admin' })
      const { status, headers, body } = await tryIt({ email: ada.email.toUpperCase(), password: PASSWORD })
      expect(status).toBe(200)
      expect(headers['cache-control']).toContain('no-store')
      expect(body).toMatchObject({
        object: 'access_grant',
        token_type: 'Bearer',
        expires_in: 600,
        member_id: ada.id,
        role: 'admin',
      })
      const tenant = await api.request('GET', '/v3/tenant', { key: body.access_token })
      expect(tenant).toMatchObject({ status: 200, body: { id: api.tenant.id } })
      const stored = JSON.stringify(
        await api.sql('SELECT * FROM member_session, refresh_token, member_credential'),
      )
      expect(stored).not.toContain(body.refresh_token)
      expect(stored).not.toContain(PASSWORD)
    })

    it('is written into the audit log, by the person', async () => {
      const ada = await aPerson(api)
      const { sessionId } = await signIn(api, ada)
      expect((await auditOf(ada.id))[0]).toMatchObject({
        action: 'member.signed_in',
        actor: { type: 'member', id: ada.id },
        details: { session_id: uuidOfWire(sessionId) },
      })
    })

    it('names the tenant where somebody belongs to several', async () => {
      const other = await api.createTenant()
      const here = await aPerson(api)
      const member = { email: here.email, name: 'P', role: 'viewer' }
      const { body } = await api.request('POST', '/v3/members', { key: other.key, body: member })
      await setPassword(api, body.id, other.key)
      expect((await tryIt({ email: here.email, password: PASSWORD })).body.code).toBe('sign_in_failed')
      const there = await tryIt({ email: here.email, password: PASSWORD, tenant_id: other.id })
      expect(there.body).toMatchObject({ member_id: body.id, role: 'viewer' })
    })

    it('ends the oldest session when there are too many', async () => {
      const ada = await aPerson(api)
      const ip = anAddress()
      const first = await signIn(api, ada, ip)
      for (let count = 0; count < SESSIONS_MAX; count += 1) await signIn(api, ada, ip)
      const [row] = await api.sql('SELECT end_reason FROM member_session WHERE id = $1', [
        uuidOfWire(first.sessionId),
      ])
      expect(row).toEqual({ end_reason: 'crowded_out' })
    })
  })

  describe('401: not signed in', () => {
    it('answers alike a wrong password, an unknown address, a member without a password and a removed one', async () => {
      const ada = await aPerson(api)
      const gone = await aPerson(api)
      await api.request('DELETE', `/v3/members/${gone.id}`)
      const bare = 'bare@example.com'
      await api.request('POST', '/v3/members', { body: { email: bare, name: 'B', role: 'viewer' } })
      const elsewhere = await api.createTenant()
      const answers = [
        await tryIt({ email: ada.email, password: 'wrong' }),
        await tryIt({ email: 'nobody@example.com', password: PASSWORD }),
        await tryIt({ email: bare, password: PASSWORD }),
        await tryIt({ email: gone.email, password: PASSWORD }),
        await tryIt({ email: ada.email, password: PASSWORD, tenant_id: elsewhere.id }),
      ]
      const shown = answers.map(({ status, body: { request_id: _id, ...body } }) => ({ status, body }))
      expect(shown[0]).toMatchObject({ status: 401, body: { code: 'sign_in_failed' } })
      for (const other of shown) expect(other).toEqual(shown[0])
    })

    it('is written into the audit log of who is meant', async () => {
      const ada = await aPerson(api)
      await tryIt({ email: ada.email, password: 'wrong' })
      await expect.poll(async () => (await auditOf(ada.id))[0]?.action).toBe('member.sign_in_failed')
    })
  })

  it('403: says that the tenant is suspended to nobody but its members', async () => {
    const tenant = await api.createTenant()
    const ada = await aPerson(api, { tenant })
    await api.sql(`UPDATE tenant SET status = 'suspended' WHERE id = $1`, [uuidOfWire(tenant.id)])
    expect(await tryIt({ email: ada.email, password: PASSWORD })).toMatchObject({
      status: 403,
      body: { code: 'tenant_suspended' },
    })
    expect((await tryIt({ email: ada.email, password: 'wrong' })).status).toBe(401)
  })

  describe('429: too many failures', () => {
    const failFrom = async (ip: string, email: string, times: number) => {
      for (let count = 0; count < times; count += 1) await tryIt({ email, password: 'wrong' }, { ip })
    }

    it('delays an account that exists and one that does not alike, even with the right password', async () => {
      const ada = await aPerson(api)
      const ip = anAddress()
      for (const email of [ada.email, 'nobody-at-all@example.com']) {
        await failFrom(ip, email, DELAYS.pair.free + 1)
        const { status, headers, body } = await tryIt({ email, password: PASSWORD }, { ip })
        expect([email, status, body.code]).toEqual([email, 429, 'sign_in_delayed'])
        expect(headers['retry-after']).toBe('1')
      }
      ahead += 1_000
      expect((await tryIt({ email: ada.email, password: PASSWORD }, { ip })).status).toBe(200)
    })

    it('counts attempts at the same time', async () => {
      const { email } = await aPerson(api)
      const ip = anAddress()
      const all = await Promise.all(
        Array.from({ length: 12 }, async () => tryIt({ email, password: 'wrong' }, { ip })),
      )
      expect(all.filter(({ status }) => status === 401)).toHaveLength(DELAYS.pair.free + 1)
      expect(all.filter(({ status }) => status === 429)).toHaveLength(12 - DELAYS.pair.free - 1)
    })

    it('lets a person in where they signed in before, whatever strangers do', async () => {
      const ada = await aPerson(api)
      const home = anAddress()
      await signIn(api, ada, home)
      for (let count = 0; count <= DELAYS.account.free; count += 1)
        await tryIt({ email: ada.email, password: 'wrong' })
      expect((await tryIt({ email: ada.email, password: PASSWORD })).status).toBe(429)
      expect((await tryIt({ email: ada.email, password: PASSWORD }, { ip: home })).status).toBe(200)
    })

    it('takes the addresses of one IPv6 network for one, and delays no other account of the tenant elsewhere', async () => {
      const [ada, bob] = [await aPerson(api), await aPerson(api)]
      for (let count = 0; count <= DELAYS.address.free; count += 1)
        await tryIt(
          { email: `guess${count}@example.com`, password: 'wrong' },
          { ip: `2001:db8:1:2::${count + 1}` },
        )
      const inside = await tryIt({ email: ada.email, password: PASSWORD }, { ip: '2001:db8:1:2:ffff::9' })
      expect(inside.status).toBe(429)
      expect((await tryIt({ email: bob.email, password: PASSWORD }, { ip: '2001:db8:1:3::9' })).status).toBe(
        200,
      )
    })
  })
})

describe('POST /v3/members/:id/invitation and /v3/auth/accept-invitation', () => {
  const invite = async (id: string, key?: string) =>
    api.request('POST', `/v3/members/${id}/invitation`, key === undefined ? {} : { key })
  const accept = async (token: string, password = PASSWORD) =>
    api.request('POST', '/v3/auth/accept-invitation', { key: null, body: { token, password } })
  const aMember = async (role = 'viewer') =>
    (
      await api.request('POST', '/v3/members', {
        body: { email: `m${++addresses}@example.com`, name: 'M', role },
      })
    ).body

  it('201 and 204: set a password once, and both are in the audit log without the token', async () => {
    const member = await aMember()
    const { status, body } = await invite(member.id)
    expect(status).toBe(201)
    expect(body).toMatchObject({ object: 'invitation', member_id: member.id })
    expect(body.token).toMatch(/^ost_invite_[A-Za-z0-9_-]{43}$/)
    expect((await accept(body.token)).status).toBe(204)
    expect((await accept(body.token)).body.code).toBe('invitation_invalid')
    const log = await auditOf(member.id)
    expect(log.map(({ action }: { action: string }) => action)).toEqual([
      'member.invitation_accepted',
      'member.invited',
      'member.created',
    ])
    expect(JSON.stringify(log)).not.toContain(body.token)
  })

  it('204: ends every session when a forgotten password is set anew', async () => {
    const ada = await aPerson(api)
    const { accessToken } = await signIn(api, ada)
    await setPassword(api, ada.id)
    const [row] = await api.sql('SELECT end_reason FROM member_session WHERE member_id = $1', [
      uuidOfWire(ada.id),
    ])
    expect(row).toEqual({ end_reason: 'password_changed' })
    expect((await api.request('GET', '/v3/tenant', { key: accessToken })).body.code).toBe('session_ended')
  })

  it('401: takes no invitation that was replaced, has expired, was never made, or is of who was removed', async () => {
    const member = await aMember()
    const first = (await invite(member.id)).body.token
    const second = (await invite(member.id)).body.token
    expect((await accept(first)).status).toBe(401)
    ahead += INVITATION_SECONDS * 1_000
    expect((await accept(second)).status).toBe(401)
    const third = (await invite(member.id)).body.token
    ahead -= INVITATION_SECONDS * 1_000
    await api.request('DELETE', `/v3/members/${member.id}`)
    for (const token of [third, `ost_invite_${'x'.repeat(43)}`, 'x', third.replace('invite', 'refresh')])
      expect(await accept(token)).toMatchObject({ status: 401, body: { code: 'invitation_invalid' } })
  })

  it('400: takes no short, endless or obvious password, and the invitation stays', async () => {
    const member = await aMember()
    const { token } = (await invite(member.id)).body
    for (const password of ['short', 'x'.repeat(257), 'aaaaaaaaaaaaaaaa', `${member.email}`]) {
      const { status, body } = await accept(token, password)
      expect([password, status, body.errors?.[0]?.pointer]).toEqual([password, 400, '/password'])
    }
    expect((await accept(token)).status).toBe(204)
  })

  it('403: lets no admin invite an owner, and 404: nobody a stranger', async () => {
    const admin = (await signIn(api, await aPerson(api, { role: 'admin' }))).accessToken
    const viewer = (await signIn(api, await aPerson(api, { role: 'viewer' }))).accessToken
    const owner = await aMember('owner')
    const other = await aMember()
    expect((await invite(owner.id, admin)).body.code).toBe('owner_required')
    expect((await invite(other.id, admin)).status).toBe(201)
    expect((await invite(other.id, viewer)).body.code).toBe('scope_missing')
    expect((await invite(other.id, (await api.createTenant()).key)).body.code).toBe('member_not_found')
  })
})

describe('what a role may do', () => {
  const tokenOf = async (role: Parameters<typeof aPerson>[1]) =>
    (await signIn(api, await aPerson(api, role))).accessToken

  it('follows the member’s role, at once', async () => {
    const cy: Person = await aPerson(api, { role: 'viewer' })
    const { accessToken: key } = await signIn(api, cy)
    expect((await api.request('GET', '/v3/members', { key })).status).toBe(200)
    const economy = { name: 'E', symbol: 'EEE' }
    const refused = await api.request('POST', '/v3/economies', { key, body: economy })
    expect(refused.body).toMatchObject({ code: 'scope_missing', detail: expect.stringContaining('viewer') })
    await api.request('PATCH', `/v3/members/${cy.id}`, { body: { role: 'developer' } })
    await expect
      .poll(async () => (await api.request('POST', '/v3/economies', { key, body: economy })).status, {
        timeout: 3_000,
      })
      .toBe(202)
  })

  it('lets an admin make keys, but none that could make owners', async () => {
    const key = await tokenOf({ role: 'admin' })
    const create = async (...scopes: string[]) =>
      api.request('POST', '/v3/api-keys', { key, body: { name: 'K', scopes } })
    expect((await create('users:read', 'members:read')).status).toBe(201)
    expect((await create('members:write')).body.code).toBe('scope_missing')
    const strong = await api.createKey({ scopes: ['members:write'] })
    expect(strong).toContain('ost_')
    const { body } = await api.request('GET', '/v3/api-keys?limit=1')
    const rotated = await api.request('POST', `/v3/api-keys/${body.data[0].id}/rotate`, { key, body: {} })
    expect(rotated.body.code).toBe('scope_missing')
  })

  it('works in both environments, in the economy that is named', async () => {
    const key = await tokenOf({ role: 'owner' })
    const { id: economy } = await api.createEconomy()
    expect((await api.request('GET', '/v3/users', { key, economy })).status).toBe(200)
    expect((await api.request('GET', '/v3/users', { key })).body.code).toBe('economy_required')
    const stranger = await api.createTenant()
    const theirs = await api.createEconomy({ key: stranger.key })
    expect((await api.request('GET', '/v3/users', { key, economy: theirs.id })).body.code).toBe(
      'economy_not_found',
    )
  })

  it('writes what people do into the audit log under their names', async () => {
    const ada = await aPerson(api)
    const { accessToken: key } = await signIn(api, ada)
    const { body } = await api.request('POST', '/v3/api-keys', {
      key,
      body: { name: 'K', scopes: ['users:read'] },
    })
    const log = await api.request('GET', `/v3/audit-log?subject_id=${body.id}`)
    expect(log.body.data[0].actor).toEqual({ type: 'member', id: ada.id })
  })
})
