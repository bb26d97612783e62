/**
 * Every expected failure of the platform by its stable code. Codes are part of the API: they are never renamed.
 * The edges map them exhaustively (apps/api/plugins/error-handler.ts), so a new code cannot be forgotten there.
 */
export type ErrorCode =
  // the request
  | 'invalid_request'
  | 'invalid_cursor'
  | 'body_too_large'
  | 'media_type_unsupported'
  | 'idempotency_key_missing'
  | 'idempotency_key_in_progress'
  | 'idempotency_key_reused'
  // who asks
  | 'unauthenticated'
  | 'key_expired'
  | 'key_revoked'
  | 'sign_in_failed'
  | 'sign_in_delayed'
  | 'token_expired'
  | 'session_ended'
  | 'session_required'
  | 'refresh_refused'
  | 'invitation_invalid'
  | 'owner_required'
  | 'signature_required'
  | 'signature_invalid'
  | 'ip_not_allowed'
  | 'scope_missing'
  | 'economy_required'
  | 'environment_mismatch'
  | 'tenant_suspended'
  | 'sign_up_closed'
  | 'rate_limited'
  | 'query_too_costly'
  | 'query_not_listed'
  | 'persisted_query_not_found'
  | 'overloaded'
  // things that are not there (another tenant's answers the same)
  | 'route_not_found'
  | 'tenant_not_found'
  | 'member_not_found'
  | 'session_not_found'
  | 'api_key_not_found'
  | 'economy_not_found'
  | 'user_not_found'
  | 'transaction_type_not_found'
  | 'token_rule_not_found'
  | 'price_point_not_found'
  | 'transaction_not_found'
  | 'airdrop_not_found'
  | 'lane_not_found'
  | 'submission_not_found'
  | 'webhook_not_found'
  | 'webhook_url_taken'
  | 'webhook_delivery_not_found'
  | 'event_not_found'
  | 'sku_not_found'
  | 'redemption_not_found'
  | 'stake_not_found'
  | 'unstake_not_found'
  // conflicts with what is there
  | 'member_exists'
  | 'last_owner'
  | 'api_key_not_active'
  | 'economy_symbol_taken'
  | 'economy_not_active'
  | 'economy_state_conflict'
  | 'production_not_available'
  | 'no_chain_available'
  | 'external_id_taken'
  | 'user_archived'
  | 'company_user_fixed'
  | 'transaction_type_name_taken'
  | 'transaction_type_archived'
  | 'token_rule_name_taken'
  | 'token_rule_archived'
  | 'limit_reached'
  | 'lane_state_conflict'
  | 'device_exists'
  | 'wallet_missing'
  | 'sku_inactive'
  | 'redemption_state_conflict'
  | 'economy_not_backed'
  | 'stake_state_conflict'
  | 'unstake_state_conflict'
  | 'faucet_not_available'
  | 'faucet_exhausted'
  // the money path
  | 'invalid_amount'
  | 'invalid_commission'
  | 'invalid_parties'
  | 'invalid_expression'
  | 'insufficient_funds'
  | 'rule_violated'
  | 'price_missing'
  | 'price_stale'
  | 'price_deviates'
  | 'price_from_chain'
  | 'user_not_managed'
  | 'airdrop_over_budget'
  | 'no_recipients'
  | 'coin_budget_exceeded'
  | 'coin_transfer_forbidden'
  | 'internal_error'

/** One wrong field of a request. `pointer` is an RFC 6901 JSON pointer into the body, or `?name` for a query parameter. */
export interface FieldError {
  pointer: string
  detail: string
}

/**
 * An expected failure. Thrown, so that the unit of work rolls back. `message` says in words what is wrong and what to do.
 */
export class DomainError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly fields: readonly FieldError[]

  constructor(
    code: ErrorCode,
    message: string,
    details: Record<string, unknown> = {},
    fields: FieldError[] = [],
  ) {
    super(message)
    this.name = new.target.name
    this.code = code
    this.details = details
    this.fields = fields
  }
}

/** A field of the request does not fit; names every wrong field. */
export class InvalidRequest extends DomainError {
  constructor(fields: FieldError[]) {
    super(
      'invalid_request',
      fields.map((field) => `${field.pointer}: ${field.detail}`).join('; '),
      {},
      fields,
    )
  }
}

/**
 * The process, or what it stands on, cannot take the request now: more is waiting than it takes, it cannot keep up, or the
 * database is out of reach. The same request may succeed in a moment.
 */
export class Overloaded extends DomainError {
  constructor(cause?: unknown) {
    super(
      'overloaded',
      'The service cannot take this now. Repeat it in a moment, with the same Idempotency-Key.',
    )
    if (cause !== undefined) this.cause = cause
  }
}
