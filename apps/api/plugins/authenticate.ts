import assert from 'node:assert'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import {
  createFindCredential,
  createFindDialectCredential,
  createTouchApiKey,
} from '#adapters/postgres/api-key-store.ts'
import { authenticateSession } from '#core/session/authenticate-session.ts'
import { SessionRequired } from '#core/session/errors.ts'
import type { Actor } from '#core/shared/actor.ts'
import { admit as checkNow, authenticateApiKey, type Credential } from '#core/tenant/authenticate-api-key.ts'
import {
  authenticateDialect,
  type DialectRequest,
  type DialectRules,
} from '#core/tenant/authenticate-dialect.ts'
import { authenticateSignature } from '#core/tenant/authenticate-signature.ts'
import type { Caller } from '#core/tenant/caller.ts'
import { ScopeMissing, Unauthenticated } from '#core/tenant/errors.ts'
import type { MemberRole } from '#core/tenant/member.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import type { AppDeps } from '../deps.ts'
import { cacheBriefly } from './brief-cache.ts'
import { checkDigest } from './content-digest.ts'
import { createClaimNonce } from './nonce-store.ts'
import { ProvenKeys } from './proven-keys.ts'
import type { Plane } from './route-contract.ts'
import { hasBody, isSigned, readSignedRequest } from './signed-request.ts'

/** Milliseconds. A revoked key works at most this much longer. */
export const CREDENTIAL_CACHE_MS = 1_000
/** Keys known and unknown: bounded, so that guessing ids fills no memory. */
const CREDENTIAL_CACHE_MAX = 10_000
/** Milliseconds. `last_used_at` is kept to the minute. */
const TOUCH_INTERVAL_MS = 60_000

declare module 'fastify' {
  interface FastifyRequest {
    /** The key or the person that asks; null on routes that need neither, and for the operator. */
    credential: Caller | null
    isOperator: boolean
  }
}

/**
 * Says who asks: a tenant's key, or the operator on the platform's own routes. The scope that the route declares is checked
 * here too.
 */
export const authenticate = fp(async (app: FastifyInstance, deps: AppDeps) => {
  const { hasher, clock } = deps
  const findCredential = cacheBriefly(
    createFindCredential(deps.database),
    CREDENTIAL_CACHE_MS,
    CREDENTIAL_CACHE_MAX,
  )
  const findDialectCredential = cacheBriefly(
    createFindDialectCredential(deps.database),
    CREDENTIAL_CACHE_MS,
    CREDENTIAL_CACHE_MAX,
  )
  const findSession = cacheBriefly(
    async (id: string) => deps.findSession(id),
    CREDENTIAL_CACHE_MS,
    CREDENTIAL_CACHE_MAX,
  )
  const touch = createTouchApiKey(deps.database)
  const touchedAt = new Map<string, number>()
  const claimNonce = createClaimNonce(deps.redis)
  const provenKeys = new ProvenKeys(CREDENTIAL_CACHE_MS)

  app.decorateRequest('credential', null)
  app.decorateRequest('isOperator', false)
  app.decorate('authenticate', (request: FastifyRequest, plane: Plane) => {
    const proven = isTenants(plane) ? findProven(request) : null
    if (proven) {
      const now = clock.now()
      checkNow(proven, now, request.ip)
      return admit(request, proven, now)
    }
    const token = bearerOf(request)
    if (plane === 'platform' && token !== null) {
      if (!isSame(token, deps.config.keys.operatorKey))
        throw new Unauthenticated('This is not the operator key.')
      request.isOperator = true
    }
    if (!isTenants(plane)) return
    if (token !== null && isAccessToken(token)) {
      const { accessTokens } = deps
      return authenticateSession({ accessTokens, findSession, clock }, token).then((caller) => {
        request.credential = caller
      })
    }
    const credential =
      token === null
        ? authenticateSignature(
            { findCredential, claimNonce, clock },
            readSignedRequest(request, deps.verifyBytes),
            request.ip,
          )
        : authenticateApiKey({ hasher, findCredential, clock }, token, request.ip)
    if (credential instanceof Promise) return credential.then((genuine) => admitKey(request, genuine))
    return admitKey(request, credential)
  })
  app.decorate(
    'authenticateDialect',
    async (request: FastifyRequest, rules: DialectRules, signed: SignedInDialect) => {
      const { messages, ...rest } = signed
      const credential = await authenticateDialect(
        { findCredential: findDialectCredential, claimNonce, clock },
        rules,
        { ...rest, isSignedWith: (signing) => deps.verifyDialect(signing, messages, signed.signature) },
        request.ip,
      )
      admit(request, credential, clock.now())
    },
  )
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const isCovered = request.headers.authorization === undefined && isSigned(request) && hasBody(request)
    done(null, isCovered ? checkDigest(request, payload) : payload)
  })

  /** The credential that this very header was proven to hold a moment ago, if nothing newer is known of it. */
  function findProven({ headers }: FastifyRequest): Credential | null {
    const known = headers.authorization === undefined ? undefined : provenKeys.find(headers.authorization)
    return known && findCredential(known.id) === known ? known : null
  }

  function admitKey(request: FastifyRequest, credential: Credential): void {
    const { authorization } = request.headers
    if (authorization !== undefined) provenKeys.note(authorization, credential)
    admit(request, credential, clock.now())
  }

  function admit(request: FastifyRequest, credential: Credential, now: Date): void {
    request.credential = credential
    noteUse(credential, now, request)
  }

  /** Never waited for: a request does not fail or slow down because its key's last use could not be noted. */
  function noteUse(credential: Credential, now: Date, request: FastifyRequest): void {
    const last = touchedAt.get(credential.id)
    if (last !== undefined && now.getTime() - last < TOUCH_INTERVAL_MS) return
    if (touchedAt.size >= CREDENTIAL_CACHE_MAX) touchedAt.clear()
    touchedAt.set(credential.id, now.getTime())
    touch(credential.tenantId, credential.id, now).catch((error: unknown) => {
      request.log.warn({ err: error, apiKeyId: credential.id }, 'the last use of a key was not noted')
    })
  }
})

declare module 'fastify' {
  interface FastifyInstance {
    /** Fills in who asks; at once for a key that was used a moment ago. @throws what authenticateApiKey throws */
    authenticate(request: FastifyRequest, plane: Plane): void | Promise<void>
    /** The same for a request that an SDK of OST signed. @throws what authenticateDialect throws */
    authenticateDialect(request: FastifyRequest, rules: DialectRules, signed: SignedInDialect): Promise<void>
  }
}

/** What a request in a dialect brings; its signature is one of the messages'. */
export type SignedInDialect = Omit<DialectRequest, 'isSignedWith'> & { messages: readonly string[] }

/** Refuses a key without the scope that its route declares. */
export function checkScope(request: FastifyRequest, scope: Scope): void {
  const { scopes, member } = credentialOf(request)
  if (scopes.includes(scope)) return
  throw new ScopeMissing([scope], member && `The role ${member.role} lacks the scope ${scope}.`)
}

/** The key or person that asks. For routes of the planes control and data, where there always is one. */
export function credentialOf(request: FastifyRequest): Caller {
  assert(request.credential, 'routes of the planes control and data are authenticated')
  return request.credential
}

/** Who acts, as use cases and the audit log take it. */
export function actorOf(request: FastifyRequest): Actor {
  const { tenantId, id, member } = credentialOf(request)
  return { tenantId, type: member ? 'member' : 'api_key', id, ip: request.ip, requestId: request.id }
}

/** The session that asks. @throws SessionRequired to keys */
export function sessionOf(request: FastifyRequest): string {
  const { member } = credentialOf(request)
  if (!member) throw new SessionRequired()
  return member.sessionId
}

/** What the member who asks is; null: a key, whose scopes are all that counts. */
export function roleOf(request: FastifyRequest): MemberRole | null {
  return credentialOf(request).member?.role ?? null
}

/** Whether a key of a tenant is what is asked for. */
function isTenants(plane: Plane): boolean {
  return plane !== 'platform' && plane !== 'public'
}

/** A JSON Web Token has two dots; no key has one. */
function isAccessToken(token: string): boolean {
  return token.split('.', 3).length === 3
}

function bearerOf(request: FastifyRequest): string | null {
  const { authorization } = request.headers
  if (authorization === undefined) return null
  const [, token] = /^Bearer +([\x21-\x7e]{1,2048})$/i.exec(authorization) ?? []
  if (token === undefined)
    throw new Unauthenticated('The Authorization header must read: Bearer <key or access token>.')
  return token
}

/** Compares secrets of any length in constant time. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}
