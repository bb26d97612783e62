import { generateKeyPairSync } from 'node:crypto'
import { type CryptoKey, errors, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import {
  type AccessTokens,
  KEY_SIGNS_MS,
  KEY_TAIL_MS,
  missingFrom,
  signingKeyAt,
  type TokenKey,
  type TokenKeyStore,
} from '#core/session/access-tokens.ts'
import { ACCESS_TOKEN_SECONDS } from '#core/session/session.ts'
import { TokenExpired } from '#core/session/errors.ts'
import { Unauthenticated } from '#core/tenant/errors.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Sealer } from './sealer.ts'

/** Milliseconds for which what the database said of keys is believed. */
const KEYS_FRESH_MS = 60_000
/** Milliseconds. Tokens with ids of no key make nobody ask more often. */
const UNKNOWN_KEY_MS = 5_000
/** Seconds that the clocks of our processes may differ. */
const CLOCK_TOLERANCE_SECONDS = 5
const AUDIENCE = 'ost-kit'
/** @see RFC 9068 */
const TYPE = 'at+jwt'
const ALGORITHM = 'EdDSA'
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Deps {
  store: TokenKeyStore
  sealer: Sealer
  ids: Ids
  /** Who issues: the API's public address. */
  issuer: string
}

/**
 * Access tokens, signed with Ed25519 (RFC 8037, 9068). Keys rotate by themselves: the next one is published a day before it signs, and the
 * last one is taken until no token of it can be left.
 */
export function createAccessTokens({ store, sealer, ids, issuer }: Deps): AccessTokens {
  let keys: readonly TokenKey[] = []
  let askedAt = Number.NEGATIVE_INFINITY
  let isAsking: Promise<readonly TokenKey[]> | null = null
  const imported = new Map<string, Promise<CryptoKey>>()

  async function keysAt(now: Date, freshMs = KEYS_FRESH_MS): Promise<readonly TokenKey[]> {
    const isFresh = performance.now() - askedAt < freshMs
    if (isFresh && missingFrom(keys, now) === null) return keys
    return (isAsking ??= ask(now).finally(() => (isAsking = null)))
  }

  async function ask(now: Date): Promise<readonly TokenKey[]> {
    const known = await store.list(now)
    keys = missingFrom(known, now) === null ? known : await store.add(now, (all) => nextKey(all, now))
    askedAt = performance.now()
    return keys
  }

  function nextKey(known: readonly TokenKey[], now: Date): TokenKey | null {
    const signsFrom = missingFrom(known, now)
    if (!signsFrom) return null
    const id = ids.next()
    const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
    const signsUntil = new Date(signsFrom.getTime() + KEY_SIGNS_MS)
    return {
      id,
      publicKey: String(x),
      // With its id, so that no row can hold another row's key.
      sealedPrivateKey: sealer.seal({ kid: id, d }),
      createdAt: now,
      signsFrom,
      signsUntil,
      expiresAt: new Date(signsUntil.getTime() + KEY_TAIL_MS),
    }
  }

  function importOnce(name: string, jwk: JWK): Promise<CryptoKey> {
    const known = imported.get(name)
    if (known) return known
    // Of our few keys; a bound for a process that lives for years.
    if (imported.size > 100) imported.clear()
    // An octet key pair is never imported as bytes.
    const key = importJWK(jwk, ALGORITHM) as Promise<CryptoKey>
    imported.set(name, key)
    return key
  }

  async function publicKeyOf(kid: string, now: Date): Promise<CryptoKey | null> {
    const find = (all: readonly TokenKey[]) => all.find(({ id, expiresAt }) => id === kid && now < expiresAt)
    const key = find(await keysAt(now)) ?? find(await keysAt(now, UNKNOWN_KEY_MS))
    return key ? importOnce(`public/${kid}`, { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }) : null
  }

  return {
    async issue({ memberId, tenantId, sessionId, role }, now) {
      const key = signingKeyAt(await keysAt(now), now)
      if (!key) throw new Error('there is no key that signs now')
      const opened = sealer.open(key.sealedPrivateKey)
      if (!isPrivate(opened) || opened.kid !== key.id)
        throw new Error(`signing key ${key.id} holds another key`)
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.publicKey, d: opened.d }
      const issuedAt = Math.floor(now.getTime() / 1_000)
      return new SignJWT({ ten: tenantId, sid: sessionId, role })
        .setProtectedHeader({ alg: ALGORITHM, kid: key.id, typ: TYPE })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(memberId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .setJti(ids.next())
        .sign(await importOnce(`private/${key.id}`, jwk))
    },

    async verify(token, now) {
      const verified = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = typeof kid === 'string' && UUID.test(kid) ? await publicKeyOf(kid, now) : null
          if (!key) throw new NotOurs()
          return key
        },
        {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer,
          audience: AUDIENCE,
          currentDate: now,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          requiredClaims: ['exp', 'iat', 'sub'],
          maxTokenAge: ACCESS_TOKEN_SECONDS,
        },
      ).catch((error: unknown) => {
        if (error instanceof errors.JWTExpired) throw new TokenExpired()
        if (error instanceof errors.JOSEError || error instanceof NotOurs || error instanceof TypeError)
          throw new Unauthenticated('This is not an access token of this platform.')
        throw error
      })
      const { sub: memberId, ten: tenantId, sid: sessionId } = verified.payload
      if (!isUuid(memberId) || !isUuid(tenantId) || !isUuid(sessionId))
        throw new Unauthenticated('This is not an access token of this platform.')
      return { memberId, tenantId, sessionId }
    },

    async publicKeys(now) {
      const known = await keysAt(now)
      return known
        .filter(({ expiresAt }) => now < expiresAt)
        .map(({ id, publicKey }) => ({
          kty: 'OKP',
          crv: 'Ed25519',
          alg: ALGORITHM,
          use: 'sig',
          kid: id,
          x: publicKey,
        }))
    },
  }
}

class NotOurs extends Error {}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

function isPrivate(value: unknown): value is { kid: string; d: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kid' in value &&
    'd' in value &&
    typeof value.d === 'string'
  )
}
