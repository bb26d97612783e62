import { STATUS_CODES } from 'node:http'
import { Type } from 'typebox'
import type { ErrorCode } from '#core/shared/errors.ts'

interface WireError {
  status: ProblemStatus
  title: string
  /** The same request may succeed later without a change. */
  retryable?: true
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 503

/** What each code is on the wire. Exhaustive: a new code does not compile without its line. */
export const wireErrorOf = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not valid' },
  idempotency_key_missing: { status: 400, title: 'An idempotency key is needed' },
  economy_required: { status: 400, title: 'An economy must be named' },
  query_too_costly: { status: 400, title: 'The operation costs too much' },
  query_not_listed: { status: 400, title: 'The document is not listed' },
  persisted_query_not_found: { status: 400, title: 'The document is not known by its hash' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The media type is not supported' },

  unauthenticated: { status: 401, title: 'Not authenticated' },
  key_expired: { status: 401, title: 'The API key has expired' },
  key_revoked: { status: 401, title: 'The API key was revoked' },
  sign_in_failed: { status: 401, title: 'Not signed in' },
  token_expired: { status: 401, title: 'The access token has expired' },
  session_ended: { status: 401, title: 'The session has ended' },
  refresh_refused: { status: 401, title: 'The refresh token is refused' },
  invitation_invalid: { status: 401, title: 'The invitation is not valid' },
  session_required: { status: 403, title: 'A session is needed' },
  owner_required: { status: 403, title: 'An owner is needed' },
  signature_required: { status: 401, title: 'The API key must sign' },
  signature_invalid: { status: 401, title: 'The signature does not hold' },
  ip_not_allowed: { status: 403, title: 'The address is not allowed' },
  scope_missing: { status: 403, title: 'The API key lacks a scope' },
  environment_mismatch: { status: 403, title: 'The environment does not match' },
  tenant_suspended: { status: 403, title: 'The tenant is suspended' },
  sign_up_closed: { status: 403, title: 'Sign-up is closed' },
  coin_transfer_forbidden: { status: 403, title: 'Coins are not sent here' },

  route_not_found: { status: 404, title: 'No such route' },
  tenant_not_found: { status: 404, title: 'No such tenant' },
  member_not_found: { status: 404, title: 'No such member' },
  session_not_found: { status: 404, title: 'No such session' },
  api_key_not_found: { status: 404, title: 'No such API key' },
  economy_not_found: { status: 404, title: 'No such economy' },
  user_not_found: { status: 404, title: 'No such user' },
  transaction_type_not_found: { status: 404, title: 'No such transaction type' },
  token_rule_not_found: { status: 404, title: 'No such token rule' },
  price_point_not_found: { status: 404, title: 'No such price point' },
  transaction_not_found: { status: 404, title: 'No such transaction' },
  airdrop_not_found: { status: 404, title: 'No such airdrop' },
  lane_not_found: { status: 404, title: 'No such lane' },
  submission_not_found: { status: 404, title: 'No such submission' },
  webhook_not_found: { status: 404, title: 'No such webhook' },
  event_not_found: { status: 404, title: 'No such event' },
  sku_not_found: { status: 404, title: 'No such redeemable SKU' },
  redemption_not_found: { status: 404, title: 'No such redemption' },
  webhook_url_taken: { status: 409, title: 'The URL is taken' },
  stake_not_found: { status: 404, title: 'No such stake' },
  unstake_not_found: { status: 404, title: 'No such unstake' },
  webhook_delivery_not_found: { status: 404, title: 'No such delivery' },

  idempotency_key_in_progress: { status: 409, title: 'The first request is still running', retryable: true },
  member_exists: { status: 409, title: 'The member exists' },
  last_owner: { status: 409, title: 'The last owner stays' },
  api_key_not_active: { status: 409, title: 'The API key is not active' },
  economy_symbol_taken: { status: 409, title: 'The symbol is taken' },
  economy_not_active: { status: 409, title: 'The economy is not active' },
  economy_state_conflict: { status: 409, title: "The economy's status does not allow it" },
  external_id_taken: { status: 409, title: 'The external id is taken' },
  user_archived: { status: 409, title: 'The user is archived' },
  company_user_fixed: { status: 409, title: 'The company user is fixed' },
  transaction_type_name_taken: { status: 409, title: 'The name is taken' },
  transaction_type_archived: { status: 409, title: 'The transaction type is archived' },
  token_rule_name_taken: { status: 409, title: 'The name is taken' },
  token_rule_archived: { status: 409, title: 'The token rule is archived' },
  lane_state_conflict: { status: 409, title: "The lane's pause does not end this way" },
  device_exists: { status: 409, title: 'The device is registered' },
  wallet_missing: { status: 409, title: 'The user has no wallet contract' },
  sku_inactive: { status: 409, title: 'The redeemable SKU is inactive' },
  economy_not_backed: { status: 409, title: 'The token is not backed by stakes' },
  faucet_not_available: { status: 409, title: 'The value chain has no faucet' },
  stake_state_conflict: { status: 409, title: "The stake's status does not allow it" },
  unstake_state_conflict: { status: 409, title: "The unstake's status does not allow it" },
  redemption_state_conflict: { status: 409, title: "The redemption's status does not allow it" },
  price_from_chain: { status: 409, title: 'The price comes from the chain' },
  limit_reached: { status: 409, title: 'The limit is reached' },
  user_not_managed: { status: 409, title: "The user's wallet is in self-custody" },

  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  production_not_available: { status: 422, title: 'Production is not available' },
  invalid_amount: { status: 422, title: 'The amount is not valid' },
  invalid_commission: { status: 422, title: 'The commission is not valid' },
  invalid_parties: { status: 422, title: 'The parties do not fit' },
  invalid_expression: { status: 422, title: 'The expression is not valid' },
  insufficient_funds: { status: 422, title: 'Not enough funds' },
  rule_violated: { status: 422, title: 'A rule refuses the transaction' },
  price_missing: { status: 422, title: 'There is no price' },
  price_stale: { status: 422, title: 'The price is too old' },
  price_deviates: { status: 422, title: 'The price jumped' },
  airdrop_over_budget: { status: 422, title: 'The airdrop is over budget' },
  no_recipients: { status: 422, title: 'Nobody would receive anything' },
  faucet_exhausted: { status: 422, title: 'The faucet gives no more today' },
  coin_budget_exceeded: { status: 422, title: 'The budget of coins is used up' },

  sign_in_delayed: { status: 429, title: 'Too many failed attempts', retryable: true },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  overloaded: { status: 503, title: 'Overloaded', retryable: true },
  no_chain_available: { status: 503, title: 'No chain is available', retryable: true },
  internal_error: { status: 500, title: 'Something broke on our side', retryable: true },
} as const satisfies Record<ErrorCode, WireError>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'Where the code is explained.' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable: never renamed.' }),
    detail: Type.String({ description: 'What is wrong and what to do next.' }),
    instance: Type.String(),
    request_id: Type.String(),
    retryable: Type.Boolean({ description: 'The same request may succeed later without a change.' }),
    errors: Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), {
      description: 'Every wrong field, by JSON pointer; query parameters as ?name.',
    }),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Problem', title: 'Problem' },
)

type ProblemResponses = { [Status in ProblemStatus]?: typeof ProblemSchema }

/** The codes that a declared response stands for. */
const codesOf = new WeakMap<object, readonly ErrorCode[]>()

/**
 * The error responses of a route's schema, from the codes that are its own. What routes of its kind may answer anyway (wrong
 * bodies, keys, limits) is added by the route contract.
 */
export function problems(...codes: ErrorCode[]): ProblemResponses {
  const byStatus = Map.groupBy(new Set(codes), (code) => wireErrorOf[code].status)
  const responses = [...byStatus].map(([status, listed]) => [status, toResponse(status, listed)])
  // The media type and the reference are for Fastify and OpenAPI; to a handler each of them is a Problem.
  return Object.fromEntries(responses) as ProblemResponses
}

/** The responses of a route, with the problems that `codes` stand for besides its own. */
export function withProblems(declared: object, codes: readonly ErrorCode[]): object {
  const own = Object.values(declared).flatMap((response: object) => codesOf.get(response) ?? [])
  const responses: Record<string, object> = { ...problems(...own, ...codes) }
  for (const [status, response] of Object.entries(declared) as [string, object][]) {
    if (codesOf.has(response)) continue
    const problem = responses[status]
    responses[status] = problem ? besides(response, problem) : response
  }
  return responses
}

/** A status with an answer of the route's own beside a problem: the media type tells them apart. */
function besides(schema: object, problem: object): object {
  const { content, ...rest } = problem as ReturnType<typeof toResponse>
  return { ...rest, content: { 'application/json': { schema }, ...content } }
}

function toResponse(status: ProblemStatus, codes: readonly ErrorCode[]) {
  const response = {
    description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: 'Problem#' } } },
  }
  codesOf.set(response, codes)
  return response
}
