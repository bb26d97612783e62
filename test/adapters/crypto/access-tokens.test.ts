import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAccessTokens } from '#adapters/crypto/access-tokens.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import {
  type AccessTokens,
  KEY_LEAD_MS,
  KEY_SIGNS_MS,
  KEY_TAIL_MS,
  missingFrom,
  type TokenKey,
  type TokenKeyStore,
} from '#core/session/access-tokens.ts'
import { ACCESS_TOKEN_SECONDS } from '#core/session/session.ts'

const START = Date.parse('2026-11-28T12:00:00Z')
const at = (ms: number) => new Date(START + ms)
const SECOND = 1_000
const ISSUER = 'https://api.example.com'
const claims = { memberId: ids.next(), tenantId: ids.next(), sessionId: ids.next(), role: 'admin' as const }
const { role: _, ...whose } = claims

function memoryStore() {
  const keys: TokenKey[] = []
  const living = (now: Date) => keys.filter(({ expiresAt }) => expiresAt > now)
  const store: TokenKeyStore = {
    list: async (now) => living(now),
    async add(now, make) {
      const key = make(living(now))
      if (key) keys.push(key)
      return living(now)
    },
  }
  return { keys, store }
}

describe('access tokens', () => {
  const sealer = createSealer(randomBytes(32))
  let memory: ReturnType<typeof memoryStore>
  let tokens: AccessTokens
  const aProcess = () => createAccessTokens({ store: memory.store, sealer, ids, issuer: ISSUER })
  beforeEach(() => {
    memory = memoryStore()
    tokens = aProcess()
  })

  it('say whose they are, for ten minutes, and are checked by anyone with the published keys', async () => {
    const token = await tokens.issue(claims, at(0))
    expect(await tokens.verify(token, at(0))).toEqual(whose)
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createLocalJWKSet({ keys: await tokens.publicKeys(at(0)) }),
      { issuer: ISSUER, audience: 'ost-kit', currentDate: at(0) },
    )
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: memory.keys[0]?.id, typ: 'at+jwt' })
    expect(payload).toMatchObject({
      sub: claims.memberId,
      ten: claims.tenantId,
      sid: claims.sessionId,
      role: 'admin',
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(ACCESS_TOKEN_SECONDS)
  })

  it('run out, with five seconds for the clocks', async () => {
    const token = await tokens.issue(claims, at(0))
    const end = ACCESS_TOKEN_SECONDS * SECOND
    expect(await tokens.verify(token, at(end + 4 * SECOND))).toEqual(whose)
    await expect(tokens.verify(token, at(end + 6 * SECOND))).rejects.toMatchObject({ code: 'token_expired' })
    await expect(tokens.verify(token, at(-10 * SECOND))).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('are refused when they are tampered with in any part', async () => {
    const token = await tokens.issue(claims, at(0))
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A'
      const changed = token.slice(0, index) + other + token.slice(index + 1)
      // The last character of a signature holds bits that mean nothing; jose is strict about them or ignores them.
      if (index === token.length - 1) continue
      await expect(tokens.verify(changed, at(0)), String(index)).rejects.toMatchObject({
        code: 'unauthenticated',
      })
    }
  })

  const forge = async (
    header: Record<string, unknown>,
    payload: Record<string, unknown> = {},
    key = generateKeyPairSync('ed25519').privateKey as Parameters<SignJWT['sign']>[0],
  ) =>
    new SignJWT({ sub: claims.memberId, ten: claims.tenantId, sid: claims.sessionId, ...payload })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header })
      .setIssuer(ISSUER)
      .setAudience('ost-kit')
      .setIssuedAt(at(0))
      .setExpirationTime(at(60 * SECOND))
      .sign(key)

  it('are refused from anyone else: another key, no key, a key of its own, no algorithm, a shared secret', async () => {
    await tokens.issue(claims, at(0))
    const kid = memory.keys[0]?.id ?? ''
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const body = encode({
      iss: ISSUER,
      aud: 'ost-kit',
      sub: claims.memberId,
      ten: claims.tenantId,
      sid: claims.sessionId,
      iat: START / 1_000,
      exp: START / 1_000 + 60,
    })
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const secret = Buffer.from(memory.keys[0]?.publicKey ?? '', 'base64url')
    const forged = [
      await forge({ kid }),
      await forge({ kid: ids.next() }),
      await forge({}),
      await forge({ kid: '../../etc/passwd' }),
      await forge({ kid, jwk: publicKey.export({ format: 'jwk' }) }, {}, privateKey as never),
      await forge({ kid, jku: 'https://evil.example.com/jwks.json' }),
      await forge({ kid, alg: 'HS256' }, {}, secret as never),
      `${encode({ alg: 'none', kid, typ: 'at+jwt' })}.${body}.`,
      `${encode({ alg: 'None', kid, typ: 'at+jwt' })}.${body}.AAAA`,
      'a.b.c',
      '..',
    ]
    for (const [index, token] of forged.entries())
      await expect(tokens.verify(token, at(0)), String(index)).rejects.toMatchObject({
        code: 'unauthenticated',
      })
  })

  it('are refused of another issuer, and of another kind', async () => {
    const other = createAccessTokens({
      store: memory.store,
      sealer,
      ids,
      issuer: 'https://other.example.com',
    })
    const token = await other.issue(claims, at(0))
    await expect(tokens.verify(token, at(0))).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('keep working while keys rotate: the next is published a day before it signs, the last is taken until none is left', async () => {
    await tokens.issue(claims, at(0))
    const almost = KEY_SIGNS_MS - KEY_LEAD_MS + 1
    expect(await aProcess().publicKeys(at(almost - 2))).toHaveLength(1)
    const published = await aProcess().publicKeys(at(almost))
    expect(published).toHaveLength(2)
    const last = await aProcess().issue(claims, at(KEY_SIGNS_MS - SECOND))
    const first = await aProcess().issue(claims, at(KEY_SIGNS_MS))
    const kidOf = (token: string) =>
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
    expect([kidOf(last), kidOf(first)]).toEqual(published.map(({ kid }) => kid))
    const end = at(KEY_SIGNS_MS + (ACCESS_TOKEN_SECONDS - 2) * SECOND)
    expect(await aProcess().verify(last, end)).toEqual(whose)
    expect(await aProcess().publicKeys(at(KEY_SIGNS_MS + KEY_TAIL_MS))).toHaveLength(1)
  })

  it('of a key that another process made a moment ago are taken', async () => {
    await tokens.publicKeys(at(0))
    memory.keys.length = 0
    const token = await aProcess().issue(claims, at(0))
    // What was read before holds for five seconds at most.
    const early = createAccessTokens({ store: memory.store, sealer, ids, issuer: ISSUER })
    expect(await early.verify(token, at(0))).toEqual(whose)
  })

  it('are signed by keys that are sealed, each with its id', async () => {
    await tokens.issue(claims, at(0))
    const [key] = memory.keys
    expect(JSON.stringify(memory.keys)).not.toContain('"d"')
    expect(sealer.open(key?.sealedPrivateKey ?? '')).toMatchObject({ kid: key?.id })
    if (key) key.sealedPrivateKey = sealer.seal({ kid: ids.next(), d: randomBytes(32).toString('base64url') })
    await expect(aProcess().issue(claims, at(1))).rejects.toThrow('holds another key')
  })

  it('miss a key only where none signs', () => {
    const key = { signsFrom: at(0), signsUntil: at(KEY_SIGNS_MS) }
    expect(missingFrom([], at(5))).toEqual(at(5))
    expect(missingFrom([key], at(5))).toBeNull()
    expect(missingFrom([key], at(KEY_SIGNS_MS - KEY_LEAD_MS))).toBeNull()
    expect(missingFrom([key], at(KEY_SIGNS_MS - KEY_LEAD_MS + 1))).toEqual(at(KEY_SIGNS_MS))
    expect(missingFrom([key], at(KEY_SIGNS_MS))).toEqual(at(KEY_SIGNS_MS))
  })
})
