import type { MemberRole } from '../tenant/member.ts'

/** What an access token says. The role is for those who read it; what counts is the member's role now. */
export interface AccessClaims {
  memberId: string
  tenantId: string
  sessionId: string
  role: MemberRole
}

/** Port: JSON Web Tokens of ours. */
export interface AccessTokens {
  /** Signed, and good for ACCESS_TOKEN_SECONDS from `now`. */
  issue(claims: AccessClaims, now: Date): Promise<string>
  /** @throws Unauthenticated when it is not ours, TokenExpired */
  verify(token: string, now: Date): Promise<Omit<AccessClaims, 'role'>>
  /** The public keys, as an RFC 7517 set. */
  publicKeys(now: Date): Promise<PublicKey[]>
}

export interface PublicKey {
  kty: 'OKP'
  crv: 'Ed25519'
  alg: 'EdDSA'
  use: 'sig'
  kid: string
  x: string
}

/** A key that signs access tokens, its private half sealed. */
export interface TokenKey {
  id: string
  publicKey: string
  sealedPrivateKey: string
  createdAt: Date
  signsFrom: Date
  signsUntil: Date
  expiresAt: Date
}

/** Port: the signing keys that have not expired. */
export interface TokenKeyStore {
  list(now: Date): Promise<TokenKey[]>
  /** Adds what `make` wants, if it still wants it once it is alone; and gives all of them. */
  add(now: Date, make: (keys: readonly TokenKey[]) => TokenKey | null): Promise<TokenKey[]>
}

const HOUR_MS = 3_600 * 1_000
/** Milliseconds for which a key signs. */
export const KEY_SIGNS_MS = 30 * 24 * HOUR_MS
/** Milliseconds. A key can be read by everybody so long before it signs: longer than anybody keeps a set of keys. */
export const KEY_LEAD_MS = 24 * HOUR_MS
/** Milliseconds for which it is still taken after it signed last: longer than any access token lives. */
export const KEY_TAIL_MS = HOUR_MS

/** The key that signs at `now`. */
export function signingKeyAt<Key extends Pick<TokenKey, 'signsFrom' | 'signsUntil'>>(
  keys: readonly Key[],
  now: Date,
): Key | null {
  return keys.find(({ signsFrom, signsUntil }) => signsFrom <= now && now < signsUntil) ?? null
}

/** From when on a key that is missing should sign: now, or when the last one ends. Null: nothing is missing. */
export function missingFrom(
  keys: readonly Pick<TokenKey, 'signsFrom' | 'signsUntil'>[],
  now: Date,
): Date | null {
  if (!signingKeyAt(keys, now)) return now
  const last = new Date(Math.max(...keys.map(({ signsUntil }) => signsUntil.getTime())))
  return last.getTime() - now.getTime() < KEY_LEAD_MS ? last : null
}
