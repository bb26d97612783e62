import { verifyMessage } from 'ethers'
import type { FastifyRequest } from 'fastify'
import { createFindDevice } from '#adapters/postgres/device-credential.ts'
import type { DomainError } from '#core/shared/errors.ts'
import type { Credential } from '#core/tenant/authenticate-api-key.ts'
import { SignatureInvalid, SignatureRepeated } from '#core/tenant/errors.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import type { AppDeps } from '../../deps.ts'
import { routeOf } from '../../plugins/route-of.ts'
import type { Dialect, SignedRequest } from '../dialect.ts'
import type { Failure } from '../envelope.ts'
import { stringsToSign } from '../strings-to-sign.ts'
import { NotTheDevicesUser } from './parameters.ts'

/** Seconds that a request may be old: of the original's code; its documentation says 60. */
const AGE_SECONDS_MAX = 100
/** Seconds. The original had no bound; ours keeps what was signed in advance from working for ever. */
const AHEAD_SECONDS_MAX = 300

const KIND = 'api_signature_kind'
export const BY_KEY = 'OST1-HMAC-SHA256'
export const BY_DEVICE = 'OST1-PS'

const TIMESTAMP = /^\d{10}$/
const PERSONAL_SIGNATURE = /^0x[0-9a-f]{130}$/i
/** {token}.{user}.{device}.{api signer} */
const DEVICE_KEY =
  /^([1-9]\d{0,8})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(0x[0-9a-f]{40})\.(0x[0-9a-f]{40})$/i

/** What a device may read. It writes nothing until its user has a wallet of its own. */
const DEVICE_SCOPES: readonly Scope[] = [
  'users:read',
  'transactions:read',
  'token:read',
  'prices:read',
  'redemptions:read',
]

declare module 'fastify' {
  interface FastifyRequest {
    /** The device that asks; null: the business's server does. */
    device: { userId: string; address: string } | null
  }
  interface FastifyContextConfig {
    /** Who may sign: the business's server (absent), a user's device too, or only that. */
    signers?: 'either' | 'device'
  }
}

/** The dialect of 2019, for the economies of one environment. */
export function ostV2(environment: Environment, prefix: RegExp, deps: AppDeps): Dialect {
  const admitDevice = createAdmitDevice(environment, deps)
  return {
    rules: {
      algorithm: 'ost-v2',
      ageSecondsMax: AGE_SECONDS_MAX,
      aheadSecondsMax: AHEAD_SECONDS_MAX,
      names: { key: 'api_key', timestamp: 'api_request_timestamp', signature: 'api_signature' },
    },
    prefix,
    key: /^[a-z0-9]{32}$/,
    // Two users created in one second look alike.
    refusesRepeats: ({ method, routeOptions }) =>
      method === 'POST' && !/\/users\/?$/.test(routeOptions.url ?? ''),
    async admitOtherwise(request, signed) {
      const kind = signed.form.values[KIND]
      const { signers } = routeOf(request)
      if (kind !== BY_KEY && kind !== BY_DEVICE)
        throw new SignatureInvalid(`must be ${BY_KEY} or ${BY_DEVICE}`, KIND)
      if (kind === BY_KEY ? signers === 'device' : signers === undefined)
        throw new SignatureInvalid('is not supported by this route', KIND)
      if (kind === BY_KEY) return false
      await admitDevice(request, signed)
      return true
    },
    check({ credential }) {
      // Each base has keys of its own.
      if (credential?.environment !== environment)
        throw new SignatureInvalid('The key is not known.', 'api_key')
    },
    adapt,
  }
}

/** Believes a device: the api signer that its key names has signed, and is the one that was registered with it. */
function createAdmitDevice(environment: Environment, deps: AppDeps) {
  const findDevice = createFindDevice(deps.database)
  return async (request: FastifyRequest, { form, resource }: SignedRequest): Promise<void> => {
    const read = (name: string, pattern: RegExp) => {
      const value = form.values[name]
      const match = typeof value === 'string' ? pattern.exec(value) : null
      if (!match) throw new SignatureInvalid('is missing or malformed', name)
      return match
    }
    const [, token = '', user = '', device = '', signer = ''] = read('api_key', DEVICE_KEY)
    const [timestamp] = read('api_request_timestamp', TIMESTAMP)
    const [signature] = read('api_signature', PERSONAL_SIGNATURE)
    const ageSeconds = Math.floor(deps.clock.now().getTime() / 1_000) - Number(timestamp)
    if (ageSeconds > AGE_SECONDS_MAX || ageSeconds < -AHEAD_SECONDS_MAX)
      throw new SignatureInvalid('The time of the request is too far from ours.', 'api_request_timestamp')
    const signed = stringsToSign(resource, form.pairs, 'api_signature')
    if (!signed.some((message) => isSignedBy(signer, message, signature)))
      throw new SignatureInvalid('The signature does not hold.', 'api_signature')
    const userId = user.toLowerCase()
    const address = device.toLowerCase()
    const found = await findDevice({ tokenNumber: Number(token), userId, deviceAddress: address })
    const works =
      found !== null &&
      found.environment === environment &&
      found.apiSignerAddress === signer.toLowerCase() &&
      found.deviceStatus !== 'revoked' &&
      found.userStatus === 'active' &&
      found.tenantStatus === 'active'
    if (!works) throw new SignatureInvalid('The device is not known, or works no longer.', 'api_key')
    request.device = { userId, address }
    request.credential = credentialOf(found.tenantId, found.economyId, environment, `${userId}/${address}`)
  }
}

function isSignedBy(signer: string, message: string, signature: string): boolean {
  try {
    return verifyMessage(message, signature).toLowerCase() === signer.toLowerCase()
  } catch {
    // A signature that no key can have made.
    return false
  }
}

/** A device's rights as the rest of the API takes them; `id` names it in the counts of the rate limit. */
function credentialOf(tenantId: string, economyId: string, environment: Environment, id: string): Credential {
  return {
    id,
    tenantId,
    economyId,
    environment,
    secretHash: new Uint8Array(),
    scopes: DEVICE_SCOPES,
    ipAllowList: [],
    expiresAt: null,
    revokedAt: null,
    signing: null,
    tenantStatus: 'active',
  }
}

const BLAMED: Partial<Record<DomainError['code'], string>> = {
  insufficient_funds: 'signer',
  user_archived: 'user_id',
  user_not_managed: 'user_id',
  key_revoked: 'api_key',
  key_expired: 'api_key',
  tenant_suspended: 'api_key',
  ip_not_allowed: 'api_key',
  rule_violated: 'raw_calldata',
  price_missing: 'raw_calldata',
  price_stale: 'raw_calldata',
  price_deviates: 'raw_calldata',
  invalid_amount: 'raw_calldata',
  invalid_parties: 'raw_calldata',
}

/** The parameters that v2 blames, and its own answers for a repeated signature and for another user's data. */
function adapt(failed: Failure, error: DomainError): Failure {
  if (error instanceof SignatureRepeated)
    return { ...failed, status: 400, code: 'BAD_REQUEST', msg: error.message }
  if (error instanceof NotTheDevicesUser) {
    const error_data = [{ parameter: 'user_id', msg: 'is not yours to act for' }]
    return {
      ...failed,
      status: 403,
      code: 'REQUEST_FORBIDDEN',
      msg: 'The request is not allowed.',
      error_data,
    }
  }
  const parameter = BLAMED[error.code]
  return parameter === undefined ? failed : { ...failed, error_data: [{ parameter, msg: error.message }] }
}
