import type { Clock } from '../shared/clock.ts'
import type { DialectAlgorithm } from './api-key.ts'
import {
  admit,
  type Credential,
  type CredentialSigning,
  type FindCredential,
} from './authenticate-api-key.ts'
import type { ClaimNonce } from './authenticate-signature.ts'
import { SignatureInvalid, SignatureRepeated } from './errors.ts'

/** What holds for one of OST's dialects. */
export interface DialectRules {
  algorithm: DialectAlgorithm
  /** Seconds that a request may be old. */
  ageSecondsMax: number
  /** Seconds that the caller's clock may be ahead of ours. */
  aheadSecondsMax: number
  /** The parameters' names on the wire, to say which one is to blame. */
  names: { key: string; timestamp: string; signature: string }
}

/** A request as an SDK of OST signed it; not believed yet. */
export interface DialectRequest {
  /** What travels as `api_key`. */
  key: string
  signedAt: Date
  signature: string
  /** Whether the signature was made with this key's secret; null: with the secret of a key that nobody has. */
  isSignedWith: (signing: CredentialSigning | null) => boolean
  /** True: the same signature is taken once only. The dialects have no nonce, so two equal requests in one second look alike. */
  refusesRepeats: boolean
}

interface Deps {
  /** Finds a key by what travels as `api_key`. */
  findCredential: FindCredential
  claimNonce: ClaimNonce
  clock: Clock
}

/**
 * Decides whether a request in one of OST's dialects comes from a key that works now from `ip`. A signature is used up only
 * where it is genuine.
 *
 * @throws SignatureInvalid naming the parameter to blame, SignatureRepeated; KeyRevoked, KeyExpired, TenantSuspended, IpNotAllowed
 */
export async function authenticateDialect(
  deps: Deps,
  rules: DialectRules,
  request: DialectRequest,
  ip: string,
): Promise<Credential> {
  const { names } = rules
  const now = deps.clock.now()
  // Whole seconds, as the SDKs know them.
  const ageSeconds = Math.floor((now.getTime() - request.signedAt.getTime()) / 1_000)
  if (!(ageSeconds <= rules.ageSecondsMax && ageSeconds >= -rules.aheadSecondsMax))
    throw new SignatureInvalid('The time of the request is too far from ours.', names.timestamp)
  const found = await deps.findCredential(request.key)
  const credential = found?.signing?.algorithm === rules.algorithm ? found : null
  // Checked before it is said that nobody has the key, so that both take the same time.
  const isGenuine = request.isSignedWith(credential?.signing ?? null)
  if (!credential) throw new SignatureInvalid('The key is not known.', names.key)
  if (!isGenuine) throw new SignatureInvalid('The signature does not hold.', names.signature)
  admit(credential, now, ip)
  const windowMs = (rules.ageSecondsMax + rules.aheadSecondsMax + 1) * 1_000
  if (request.refusesRepeats && !(await deps.claimNonce(credential.id, request.signature, windowMs)))
    throw new SignatureRepeated(names.signature)
  return credential
}
