import type { Clock } from '../shared/clock.ts'
import { isDialect } from './api-key.ts'
import {
  admit,
  type Credential,
  type CredentialSigning,
  type FindCredential,
} from './authenticate-api-key.ts'
import { SignatureInvalid } from './errors.ts'

/** Seconds that a signature's time may differ from ours, either way. */
export const SIGNATURE_WINDOW_SECONDS = 300

/** A request that carries one well-formed signature over everything that gives it its meaning. */
export interface SignedRequest {
  keyId: string
  createdAt: Date
  /** Chosen by the signer, new for every request. */
  nonce: string
  /** Whether the signature was made with the other half of this key. */
  isSignedWith: (signing: CredentialSigning) => Promise<boolean>
}

/** Port: remembers for a while what was used. False: `nonce` was used before under this key. */
export type ClaimNonce = (keyId: string, nonce: string, ttlMs: number) => Promise<boolean>

interface Deps {
  findCredential: FindCredential
  claimNonce: ClaimNonce
  clock: Clock
}

/**
 * Decides whether a signed request comes from a key that works now from `ip`, and was not seen before. A nonce is used up
 * only by a genuine signature, so that nobody else can use up a key's nonces.
 *
 * @throws SignatureInvalid, KeyRevoked, KeyExpired, TenantSuspended, IpNotAllowed
 * @see RFC 9421
 */
export async function authenticateSignature(
  deps: Deps,
  request: SignedRequest,
  ip: string,
): Promise<Credential> {
  const now = deps.clock.now()
  const ageSeconds = (now.getTime() - request.createdAt.getTime()) / 1_000
  if (!(Math.abs(ageSeconds) <= SIGNATURE_WINDOW_SECONDS)) {
    throw new SignatureInvalid(
      `\`created\` must be within ${SIGNATURE_WINDOW_SECONDS} seconds of our clock, which reads ${now.toISOString()}.`,
    )
  }
  const credential = await deps.findCredential(request.keyId)
  const { signing } = credential ?? {}
  // One answer for an unknown key, a key that does not sign and a wrong signature: ids are not to be guessed at.
  if (!credential || !signing || isDialect(signing.algorithm) || !(await request.isSignedWith(signing)))
    throw new SignatureInvalid('The signature was not made by a signing key that we know under this `keyid`.')
  admit(credential, now, ip)
  if (!(await deps.claimNonce(credential.id, request.nonce, 2 * SIGNATURE_WINDOW_SECONDS * 1_000)))
    throw new SignatureInvalid('The `nonce` was used before. Sign each request anew, with a new nonce.')
  return credential
}
