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
}

export interface WireIssuedApiKey extends WireApiKey {
  secret: string
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
