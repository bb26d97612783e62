import { createHash, createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startApi, type TestApi } from '#test/support/api.ts'

type Sign = (base: string) => Buffer
type Method = 'GET' | 'POST'

interface Signing {
  keyId: string
  sign: Sign
  body?: string
  headers?: Record<string, string>
  /** Components to leave out, to see that they are asked for. */
  without?: string[]
  created?: number
  nonce?: string
  parameters?: string
}

const HOST = 'api.example.com'
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64')
const hmac =
  (secret: string): Sign =>
  (base) =>
    createHmac('sha256', secret).update(base).digest()
const ed25519 =
  (key: KeyObject): Sign =>
  (base) =>
    sign(null, Buffer.from(base), key)

/** Signs by hand, from RFC 9421 §2.5 alone, so that the server's library does not judge itself. */
function signed(method: Method, url: string, signing: Signing): Record<string, string> {
  const [path = '', query] = url.split('?')
  const digest: Record<string, string> =
    signing.body === undefined ? {} : { 'content-digest': `sha-256=:${sha256(signing.body)}:` }
  const values: Record<string, string> = {
    '@method': method,
    '@path': path,
    ...(query !== undefined && { '@query': `?${query}` }),
    ...digest,
    ...signing.headers,
  }
  const names = Object.keys(values).filter((name) => !signing.without?.includes(name))
  const { created = Math.floor(Date.now() / 1_000), nonce = randomUUID() } = signing
  const parameters = signing.parameters ?? `;created=${created};keyid="${signing.keyId}";nonce="${nonce}"`
  const input = `(${names.map((name) => `"${name}"`).join(' ')})${parameters}`
  const base = [...names.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${input}`].join(
    '\n',
  )
  return {
    host: HOST,
    ...digest,
    ...signing.headers,
    'signature-input': `sig1=${input}`,
    signature: `sig1=:${signing.sign(base).toString('base64')}:`,
  }
}

describe('signed requests', () => {
  let api: TestApi
  let shared: { id: string; secret: string; signing_secret: string }
  let owned: { id: string; signing_secret: null }
  let economy: string
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  beforeAll(async () => {
    api = await startApi()
    economy = (await api.createEconomy()).id
    const scopes = ['users:read', 'users:write']
    const create = async (signing: object) =>
      (await api.request('POST', '/v3/api-keys', { body: { name: 'Signer', scopes, signing } })).body
    shared = await create({ algorithm: 'hmac-sha256' })
    owned = await create({
      algorithm: 'ed25519',
      public_key: publicKey.export({ format: 'jwk' }).x,
      required: true,
    })
  })
  afterAll(() => api.close())

  const send = async (
    method: Method,
    url: string,
    signing: Signing,
    changed: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await api.app.inject({
      method,
      url,
      headers: {
        ...signed(method, url, { ...signing, headers: { 'ost-economy': economy, ...signing.headers } }),
        ...(signing.body !== undefined && { 'content-type': 'application/json' }),
        ...changed,
      },
      ...(signing.body !== undefined && { payload: signing.body }),
    })
    return { status: response.statusCode, headers: response.headers, body: response.json() }
  }
  const byHmac = () => ({ keyId: shared.id, sign: hmac(shared.signing_secret) })
  const byOwner = () => ({ keyId: owned.id, sign: ed25519(privateKey) })
  const aUser = () => JSON.stringify({ external_id: randomUUID() })

  it('are answered without the key being sent, under either algorithm', async () => {
    for (const signer of [byHmac(), byOwner()]) {
      expect((await send('GET', '/v3/users?limit=5', signer)).status).toBe(200)
      expect((await send('POST', '/v3/users', { ...signer, body: aUser() })).status).toBe(201)
    }
  })

  it('are refused a second time', async () => {
    const url = '/v3/users'
    const headers = signed('GET', url, { ...byHmac(), headers: { 'ost-economy': economy } })
    const twice = [await api.app.inject({ url, headers }), await api.app.inject({ url, headers })]
    expect(twice.map(({ statusCode }) => statusCode)).toEqual([200, 401])
    expect(twice[1]?.json()).toMatchObject({ code: 'signature_invalid' })
  })

  it('must have the body that was signed, and change nothing otherwise', async () => {
    const before = await api.sql('SELECT count(*) FROM economy_user')
    const signing = { ...byHmac(), body: aUser() }
    const headers = signed('POST', '/v3/users', { ...signing, headers: { 'ost-economy': economy } })
    const response = await api.app.inject({
      method: 'POST',
      url: '/v3/users',
      headers: { ...headers, 'content-type': 'application/json' },
      payload: aUser(),
    })
    expect(response.statusCode).toBe(401)
    expect(response.json()).toMatchObject({
      code: 'signature_invalid',
      detail: expect.stringMatching('Content-Digest'),
    })
    expect(await api.sql('SELECT count(*) FROM economy_user')).toEqual(before)
  })

  it.each(['@method', '@path', '@query', 'ost-economy'])('must cover %s', async (component) => {
    const answer = await send('GET', '/v3/users?limit=5', { ...byHmac(), without: [component] })
    expect(answer.status).toBe(401)
    expect(answer.body.detail).toContain(`"${component}"`)
  })

  it.each(['content-digest', 'idempotency-key'])('must cover %s where it is sent', async (component) => {
    const headers = { 'idempotency-key': randomUUID() }
    const answer = await send('POST', '/v3/users', {
      ...byHmac(),
      body: aUser(),
      headers,
      without: [component],
    })
    expect(answer.status).toBe(401)
    expect(answer.body.detail).toContain(`"${component}"`)
  })

  it('must have a digest of their body at all', async () => {
    const answer = await send(
      'POST',
      '/v3/users',
      { ...byHmac(), body: aUser() },
      { 'content-digest': 'md5=:AAAA:' },
    )
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_invalid' })
  })

  it.each([
    ['another path', 'GET', '/v3/users', { url: '/v3/users/usr_01k0g2qz5me93tnsy1xq2zc7ah' }],
    ['another query', 'GET', '/v3/users?limit=5', { url: '/v3/users?limit=6' }],
    ['another method', 'GET', '/v3/users', { method: 'POST' }],
  ] as const)('do not hold for %s', async (_what, method, url, changed) => {
    const headers = signed(method, url, { ...byHmac(), headers: { 'ost-economy': economy } })
    const response = await api.app.inject({ method, url, headers, ...changed })
    expect(response.statusCode).toBe(401)
    expect(response.json()).toMatchObject({ code: 'signature_invalid' })
  })

  it.each([
    ['no created', () => `;keyid="${shared.id}";nonce="n"`, 'created'],
    ['no keyid', () => `;created=${Math.floor(Date.now() / 1_000)};nonce="n"`, 'keyid'],
    ['no nonce', () => `;created=${Math.floor(Date.now() / 1_000)};keyid="${shared.id}"`, 'nonce'],
    ['a key id that is none', () => `;created=1;keyid="acme";nonce="n"`, 'keyid'],
    [
      'another algorithm',
      () =>
        `;created=${Math.floor(Date.now() / 1_000)};keyid="${shared.id}";nonce="${randomUUID()}";alg="ed25519"`,
      'signature',
    ],
  ])('are refused with %s', async (_what, parameters, named) => {
    const answer = await send('GET', '/v3/users', { ...byHmac(), parameters: parameters() })
    expect(answer.status).toBe(401)
    expect(answer.body.detail).toContain(named)
  })

  it('are refused when they are older than five minutes', async () => {
    const created = Math.floor(Date.now() / 1_000) - 310
    const answer = await send('GET', '/v3/users', { ...byHmac(), created })
    expect(answer.body).toMatchObject({
      status: 401,
      code: 'signature_invalid',
      detail: expect.stringMatching('300 seconds'),
    })
  })

  it('are refused under another key, an unknown key, and a key that does not sign', async () => {
    const plain = await api.request('POST', '/v3/api-keys', {
      body: { name: 'Plain', scopes: ['users:read'] },
    })
    const strangers = [
      { keyId: owned.id },
      { keyId: plain.body.id },
      { keyId: 'key_01k0g2qz5me93tnsy1xq2zc7ah' },
    ]
    for (const stranger of strangers) {
      const answer = await send('GET', '/v3/users', { ...byHmac(), ...stranger })
      expect(answer.body).toMatchObject({
        status: 401,
        code: 'signature_invalid',
        detail: expect.stringMatching('keyid'),
      })
    }
  })

  it.each([
    { 'signature-input': 'sig1=(' },
    { 'signature-input': 'sig1=1' },
    { 'signature-input': 'sig2=("@method")' },
    { signature: 'sig1=:AAAA:, sig2=:AAAA:' },
    { signature: '' },
  ])('are refused when malformed: %j', async (changed) => {
    const answer = await send('GET', '/v3/users', byHmac(), changed)
    expect(answer.body).toMatchObject({ status: 401, code: 'signature_invalid' })
  })

  it('do not count a component as covered that is covered in part only', async () => {
    const body = aUser()
    const digest = `sha-256=:${sha256(body)}:`
    const input = `("@method" "@path" "ost-economy" "content-digest";key="sha-256");created=${Math.floor(Date.now() / 1_000)};keyid="${shared.id}";nonce="${randomUUID()}"`
    const base = [
      '"@method": POST',
      '"@path": /v3/users',
      `"ost-economy": ${economy}`,
      `"content-digest";key="sha-256": :${sha256(body)}:`,
      `"@signature-params": ${input}`,
    ].join('\n')
    const response = await api.app.inject({
      method: 'POST',
      url: '/v3/users',
      headers: {
        host: HOST,
        'ost-economy': economy,
        'content-type': 'application/json',
        'content-digest': digest,
        'signature-input': `sig1=${input}`,
        signature: `sig1=:${byHmac().sign(base).toString('base64')}:`,
      },
      payload: body,
    })
    expect(response.statusCode).toBe(401)
    expect(response.json().detail).toContain('"content-digest"')
  })

  it('are the only way in for a key that requires them', async () => {
    const { body } = await api.request('POST', '/v3/api-keys', {
      body: {
        name: 'Signs only',
        scopes: ['users:read'],
        signing: { algorithm: 'hmac-sha256', required: true },
      },
    })
    const answer = await api.request('GET', '/v3/users', { key: body.secret, economy })
    expect(answer.status).toBe(401)
    expect(answer.body.code).toBe('signature_required')
    const read = await send('GET', '/v3/users', { keyId: body.id, sign: hmac(body.signing_secret) })
    expect(read.status).toBe(200)
  })

  it('use a secret that is shown once and is unreadable in the database', async () => {
    const read = await api.request('GET', `/v3/api-keys/${shared.id}`)
    expect(read.body.signing).toEqual({ algorithm: 'hmac-sha256', public_key: null, required: false })
    expect(JSON.stringify(read.body)).not.toContain(shared.signing_secret)
    expect(JSON.stringify(await api.sql('SELECT * FROM api_key'))).not.toContain(shared.signing_secret)
  })

  it.each([
    [{ algorithm: 'ed25519' }, 'is missing'],
    [{ algorithm: 'ed25519', public_key: 'AAAA' }, '32 bytes'],
    [{ algorithm: 'hmac-sha256', public_key: 'AAAA' }, 'ed25519 only'],
  ])('need a key that can be: %j', async (signing, detail) => {
    const answer = await api.request('POST', '/v3/api-keys', {
      body: { name: 'Wrong', scopes: ['users:read'], signing },
    })
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/signing/public_key' }] })
    expect(answer.body.errors[0].detail).toContain(detail)
  })
})
