/** Answers of the API, as far as its own programs read them. Amounts are decimal strings of base units. */

export interface WireProblem {
  code: string
  detail: string
  details?: Readonly<Record<string, unknown>>
}

export interface WirePage<Row> {
  data: Row[]
  next_cursor: string | null
}

export interface WireTenant {
  id: string
  name: string
  status: string
  created_at: string
}

export interface WireMember {
  id: string
  email: string
  name: string
  role: string
  created_at: string
}

export interface WireInvitation {
  member_id: string
  token: string
  expires_at: string
}

export interface WireApiKey {
  id: string
  name: string
  economy_id: string | null
  environment: string
  scopes: string[]
  status: string
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  signing: { algorithm: string; public_key: string | null } | null
}

export interface WireIssuedApiKey extends WireApiKey {
  secret: string
  signing_secret: string | null
}

export interface WireCreatedTenant extends WireTenant {
  owner: WireMember
  api_key: WireIssuedApiKey
}

export interface WireEconomyStep {
  name: string
  status: 'pending' | 'running' | 'done' | 'failed'
  detail: string | null
}

export interface WireEconomy {
  id: string
  name: string
  symbol: string
  decimals: number
  environment: string
  status: 'draft' | 'deploying' | 'active' | 'failed' | 'paused'
  failure_reason: string | null
  chain_id: number
  token_address: string
  token_rules_address: string
  company_user_id: string
  initial_grant: string
  steps: WireEconomyStep[]
  created_at: string
}

export interface WireToken {
  economy_id: string
  economy_status: string
  name: string
  symbol: string
  decimals: number
  chain_id: number
  address: string
  supply: string
  company: { user_id: string; address: string; settled: string; held: string; available: string }
  last_indexed_block: number | null
}

export interface WireUser {
  id: string
  type: 'user' | 'company'
  external_id: string | null
  name: string | null
  is_verified: boolean
  status: string
  wallet: { address: string; custody: string }
  created_at: string
}

export interface WireUserBatch {
  created: number
  refused: number
  data: { index: number; user: WireUser | null; problem: WireProblem | null }[]
}

export interface WireBalance {
  user_id: string
  settled: string
  held: string
  available: string
  pending_in: string
  token: { symbol: string; decimals: number }
}

export interface WireTransactionType {
  id: string
  name: string
  kind: 'user_to_user' | 'company_to_user' | 'user_to_company'
  currency: 'token' | 'USD' | 'EUR' | 'GBP'
  amount: string | null
  commission: { bps: number } | { amount: string } | { arbitrary: true } | null
  status: string
  created_at: string
}

export interface WireTransaction {
  id: string
  status: 'queued' | 'submitted' | 'mined' | 'confirmed' | 'failed'
  type_id: string
  from_user_id: string
  to_user_id: string
  amount: string
  commission: string
  currency: string
  amount_fiat: string | null
  airdrop_id: string | null
  transfers: { kind: 'amount' | 'commission'; from_user_id: string; to_user_id: string; amount: string }[]
  chain: { tx_hash: string; block_number: number | null; fee_wei: string | null } | null
  failure: { code: string; reason: string } | null
  created_at: string
  submitted_at: string | null
  mined_at: string | null
  ended_at: string | null
}

export interface WireTransactionBatch {
  accepted: number
  refused: number
  data: { index: number; transaction: WireTransaction | null; problem: WireProblem | null }[]
}

export interface WireTimeline {
  transaction_id: string
  data: { at: string; kind: string; summary: string }[]
}

export interface WireAirdrop {
  id: string
  status: 'queued' | 'running' | 'completed' | 'failed'
  failure_reason: string | null
  type_id: string
  amount: string
  progress: {
    total: number
    accepted: number
    refused: number
    mined: number
    confirmed: number
    failed: number
  }
  created_at: string
  ended_at: string | null
}

export interface WireReconciliation {
  id: string
  status: 'equal' | 'drift'
  block_number: number
  accounts: number
  differences: { kind: string; address: string | null; expected: string | null; found: string | null }[]
  created_at: string
}

export interface WireReconciliationRequest {
  requested_at: string
}

export interface WireLane {
  id: string
  chain_id: number
  chain_name: string
  chain_status: 'active' | 'halted'
  address: string
  status: 'active' | 'paused'
  pause_reason: string | null
  recovery_requested_at: string | null
  balance_wei: string | null
  base_fee_per_gas: string | null
  priority_fee_per_gas: string | null
  chain_nonce: number | null
  checked_at: string | null
  next_nonce: number | null
  missing_nonces: number[]
  queued_transactions: number
  queued_calls: number
  in_flight: number
  oldest_in_flight_at: string | null
}

export interface WireSubmission {
  id: string
  lane_id: string
  kind: string
  status: 'queued' | 'signed' | 'broadcast' | 'mined' | 'confirmed' | 'reverted' | 'replaced'
  nonce: number | null
  transactions: number
  block_number: number | null
  tx_hash: string | null
  unstick_requested_at: string | null
  attempts: {
    attempt: number
    tx_hash: string
    max_fee_per_gas: string
    broadcasts: number
    last_answer: { verdict: string; reason: string; message: string } | null
  }[]
}

export interface WireOutbox {
  lag_seconds: number
  horizon_xid: string
  readers: {
    consumer: string
    position: { xid: string; event_id: string }
    unread: number
    oldest_unread_at: string | null
    updated_at: string
  }[]
  open_transactions: {
    pid: number | null
    role: string | null
    application: string | null
    state: string | null
    started_at: string | null
    holds_readers: boolean
  }[]
}

export interface WireKeys {
  current_key_id: string
  previous_key_ids: string[]
  outdated: number
  sealed: {
    kind: string
    key_id: string | null
    count: number
    status: 'current' | 'previous' | 'unknown'
  }[]
}

export interface WireEconomyReconciliations {
  data: { economy_id: string; tenant_id: string; symbol: string; newest: WireReconciliation | null }[]
  next_after: string | null
}

export interface WirePlatformReconciliationRequest {
  economies: number
  requested_at: string
}

export interface WireWebhook {
  id: string
  url: string
  description: string | null
  topics: string[]
  mode: 'parallel' | 'ordered'
  status: 'enabled' | 'disabled'
  disabled_reason: string | null
  failing_since: string | null
  created_at: string
}

export interface WireIssuedWebhook extends WireWebhook {
  secret: string
}

export interface WireDelivery {
  event_id: string
  webhook_id: string
  type: string
  subject_id: string
  status: 'pending' | 'delivered' | 'failed'
  attempts: number
  next_attempt_at: string | null
  response_status: number | null
  error: string | null
  created_at: string
}

export interface WireEvent {
  id: string
  type: string
  created_at: string
  data: Readonly<Record<string, unknown>> | null
}

/** A page of the log: it has a cursor at the log's end too. */
export interface WireEventPage extends WirePage<WireEvent> {
  has_more: boolean
}

export interface WireReplay {
  id: string
  webhook_id: string
  from: string
  to: string
  scope: 'undelivered' | 'all'
  status: 'running' | 'done'
  queued: number
}
