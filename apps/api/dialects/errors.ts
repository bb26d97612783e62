import type { DomainError, ErrorCode } from '#core/shared/errors.ts'
import type { Failure } from './envelope.ts'

interface OstError {
  status: number
  code: OstCode
  /** The parameter to blame where the error itself names none. */
  parameter?: string
}

type OstCode = keyof typeof MESSAGES

/** What each code says at the top; parameters say the rest. */
const MESSAGES = {
  BAD_REQUEST: 'At least one parameter is invalid or missing. See "err.error_data" array for more details.',
  UNAUTHORIZED:
    'We could not authenticate the request. Please review your credentials and authentication method.',
  REQUEST_FORBIDDEN: 'The request is not allowed.',
  TRANSFER_FORBIDDEN: 'Transfers are not allowed here.',
  NOT_FOUND: 'The requested resource could not be located.',
  ALREADY_EXISTS: 'The resource exists already.',
  INSUFFICIENT_FUNDS: 'There are not enough tokens for this.',
  UNPROCESSABLE_ENTITY: 'The request could not be processed. See "err.error_data" array for more details.',
  TOO_MANY_REQUESTS: 'Too many requests. Please try again later.',
  INTERNAL_SERVER_ERROR: 'Something went wrong.',
  SERVICE_UNAVAILABLE: '',
} as const

const bad = (parameter?: string): OstError => ({
  status: 400,
  code: 'BAD_REQUEST',
  ...(parameter !== undefined && { parameter }),
})
const unprocessable = (parameter?: string): OstError => ({
  status: 422,
  code: 'UNPROCESSABLE_ENTITY',
  ...(parameter !== undefined && { parameter }),
})
const unauthorized: OstError = { status: 401, code: 'UNAUTHORIZED' }
const forbidden: OstError = { status: 403, code: 'REQUEST_FORBIDDEN' }
const missing: OstError = { status: 404, code: 'NOT_FOUND' }
const unavailable: OstError = { status: 503, code: 'SERVICE_UNAVAILABLE' }

/** What each of our codes is in OST's words. Exhaustive: a new code does not compile without its line. */
export const ostErrorOf = {
  invalid_request: bad(),
  invalid_cursor: bad('pagination_identifier'),
  query_too_costly: bad(),
  query_not_listed: bad(),
  persisted_query_not_found: bad(),
  body_too_large: { status: 413, code: 'BAD_REQUEST' },
  media_type_unsupported: { status: 415, code: 'BAD_REQUEST' },
  idempotency_key_missing: bad(),
  idempotency_key_in_progress: { status: 409, code: 'ALREADY_EXISTS' },
  idempotency_key_reused: { status: 409, code: 'ALREADY_EXISTS' },

  unauthenticated: unauthorized,
  key_expired: unauthorized,
  key_revoked: unauthorized,
  sign_in_failed: unauthorized,
  sign_in_delayed: { status: 429, code: 'TOO_MANY_REQUESTS' },
  token_expired: unauthorized,
  session_ended: unauthorized,
  refresh_refused: unauthorized,
  invitation_invalid: unauthorized,
  session_required: forbidden,
  owner_required: forbidden,
  signature_required: unauthorized,
  signature_invalid: unauthorized,
  ip_not_allowed: unauthorized,
  tenant_suspended: unauthorized,
  scope_missing: forbidden,
  economy_required: forbidden,
  environment_mismatch: forbidden,
  sign_up_closed: forbidden,
  rate_limited: { status: 429, code: 'TOO_MANY_REQUESTS' },
  overloaded: unavailable,

  route_not_found: missing,
  tenant_not_found: missing,
  member_not_found: missing,
  session_not_found: missing,
  api_key_not_found: missing,
  economy_not_found: missing,
  user_not_found: missing,
  transaction_type_not_found: missing,
  token_rule_not_found: missing,
  price_point_not_found: missing,
  transaction_not_found: missing,
  airdrop_not_found: missing,
  lane_not_found: missing,
  submission_not_found: missing,
  webhook_not_found: missing,
  webhook_delivery_not_found: missing,
  webhook_url_taken: unprocessable('url'),
  event_not_found: missing,
  sku_not_found: missing,
  redemption_not_found: missing,
  stake_not_found: missing,
  unstake_not_found: missing,

  member_exists: { status: 409, code: 'ALREADY_EXISTS' },
  last_owner: unprocessable(),
  api_key_not_active: unprocessable(),
  economy_symbol_taken: { status: 409, code: 'ALREADY_EXISTS' },
  economy_not_active: unprocessable(),
  economy_state_conflict: unprocessable(),
  production_not_available: unprocessable(),
  no_chain_available: unavailable,
  external_id_taken: bad('id'),
  user_archived: bad('id'),
  company_user_fixed: bad('id'),
  transaction_type_name_taken: bad('name'),
  transaction_type_archived: bad('action_id'),
  token_rule_name_taken: bad('name'),
  token_rule_archived: bad('id'),
  limit_reached: unprocessable(),
  lane_state_conflict: unprocessable(),
  device_exists: { status: 409, code: 'ALREADY_EXISTS' },
  wallet_missing: unprocessable('user_id'),
  sku_inactive: unprocessable(),
  redemption_state_conflict: unprocessable(),
  economy_not_backed: unprocessable(),
  stake_state_conflict: unprocessable(),
  unstake_state_conflict: unprocessable(),
  faucet_not_available: unprocessable(),
  faucet_exhausted: unprocessable(),

  invalid_amount: bad('amount'),
  invalid_commission: bad('commission_percent'),
  invalid_parties: bad('to_user_id'),
  invalid_expression: bad(),
  insufficient_funds: { status: 422, code: 'INSUFFICIENT_FUNDS' },
  rule_violated: unprocessable(),
  price_missing: unprocessable(),
  price_stale: unprocessable(),
  price_deviates: unprocessable(),
  price_from_chain: unprocessable(),
  user_not_managed: unprocessable('from_user_id'),
  airdrop_over_budget: { status: 422, code: 'INSUFFICIENT_FUNDS', parameter: 'amount' },
  no_recipients: unprocessable('airdropped'),
  coin_budget_exceeded: { status: 422, code: 'INSUFFICIENT_FUNDS', parameter: 'amount' },
  coin_transfer_forbidden: { status: 403, code: 'TRANSFER_FORBIDDEN' },
  internal_error: { status: 500, code: 'INTERNAL_SERVER_ERROR' },
} as const satisfies Record<ErrorCode, OstError>

/**
 * An error of ours as the dialects tell it.
 * @param internalId What the caller may quote to the operator: the request's id finds its line in the log.
 */
export function toFailure(error: DomainError, internalId: string): Failure {
  const { status, code, parameter }: OstError = ostErrorOf[error.code]
  const named = error.fields.map(({ pointer, detail }) => ({ parameter: parameterOf(pointer), msg: detail }))
  const blamed = parameter === undefined ? [] : [{ parameter, msg: error.message }]
  return {
    status,
    code,
    msg: MESSAGES[code],
    error_data: named.length > 0 ? named : blamed,
    internal_id: internalId,
  }
}

/** Fields of our use cases that OST's parameters of other names stand for. */
const OST_NAMES = new Map([
  ['recipients', 'airdropped'],
  ['commission', 'commission_percent'],
])

/** `?name` and `/name/0` both are about the parameter `name`. */
function parameterOf(pointer: string): string {
  const [name = ''] = pointer.replace(/^[?/]/, '').split('/', 1)
  return OST_NAMES.get(name) ?? name
}
