/** What core and adapters count and measure through the Observer port, so that it is exposed from the first scrape on. */
interface KnownMetric {
  kind: 'counter' | 'gauge'
  help: string
  labels: readonly string[]
}

const counter = (help: string, ...labels: string[]): KnownMetric => ({ kind: 'counter', help, labels })
const gauge = (help: string, ...labels: string[]): KnownMetric => ({ kind: 'gauge', help, labels })

/** By name without prefix. `test/e2e/operation.test.ts` proves that none is missing. */
export const KNOWN_METRICS: Readonly<Record<string, KnownMetric>> = {
  // the way to the chain's nodes
  chain_rpc_unavailable_total: counter('Requests to a node without a usable answer.', 'chain', 'endpoint'),
  chain_endpoint_usable: gauge('1 while a node may be asked, 0 while it is out.', 'chain', 'endpoint'),
  chain_endpoint_head: gauge("A node's newest block, where several are compared.", 'chain', 'endpoint'),
  chain_endpoint_blocks_behind: gauge('Blocks that a node lags behind the best one.', 'chain', 'endpoint'),
  chain_endpoint_taken_out_total: counter(
    'Times a node was taken out because it lagged (stale) or contradicted the others (lying).',
    'chain',
    'endpoint',
    'reason',
  ),
  // lanes and what they send
  chain_broadcasts_total: counter("Broadcasts by the node's verdict.", 'chain', 'verdict', 'reason'),
  chain_rebroadcasts_total: counter('Stored bytes that were sent again because no node had them.', 'chain'),
  chain_fee_bumps_total: counter('Higher fees offered for stuck submissions.', 'chain'),
  chain_fee_cap_reached_total: counter('Times a stuck submission waits at the highest fee we pay.', 'chain'),
  chain_submissions_replaced_total: counter(
    'Submissions whose nonce somebody else used; queued once more.',
    'chain',
  ),
  lane_pauses_total: counter('Times a lane stopped signing.', 'chain', 'reason'),
  lane_nonce_gaps_total: counter('Gaps between the chain and a lane that were worked on.', 'chain'),
  lane_foreign_nonces_total: counter('Times a key was found to be used elsewhere.', 'chain'),
  gateway_calls_total: counter('Calls queued for messages between the chains.', 'call'),
  lane_unknown_nonces_total: counter('Times a key had paid on the chain what no row knows.', 'chain'),
  economies_held_back_total: counter("Times an economy's rules began to refuse batches.", 'chain'),
  // the ledger
  chain_halts_total: counter('Times a chain was halted because it contradicts the ledger.', 'chain'),
  ledger_indexed_block: gauge('Newest block in the ledger.', 'chain'),
  ledger_final_block: gauge('Newest block that is final for us.', 'chain'),
  ledger_blocks_behind: gauge(
    'Blocks of the node that were not in the ledger after the last settlement.',
    'chain',
  ),
  ledger_block_age_seconds: gauge('Age of the newest block when it was settled.', 'chain'),
  ledger_blocks_settled_total: counter('Blocks settled.', 'chain'),
  ledger_movements_total: counter('Token movements settled.', 'chain'),
  ledger_transactions_confirmed_total: counter('Transactions that became final.', 'chain'),
  ledger_transactions_failed_total: counter('Transactions that failed for good.', 'chain'),
  ledger_reorgs_total: counter('Re-orgs that the ledger followed.', 'chain'),
  ledger_reorged_blocks_total: counter('Blocks that the ledger took back.', 'chain'),
  ledger_reconciliations_total: counter('Comparisons of ledger and chain, by outcome.', 'status'),
  // the rest
  airdrop_refused_total: counter('Recipients that an airdrop could not pay.', 'code'),
  price_feed_failures_total: counter('Price feeds that gave no price.'),
  wakes_failed_total: counter('Wake-ups that did not reach Redis; the sweeper finds the work.', 'queue'),
  webhook_deliveries_total: counter('Tries to deliver an event, by outcome.', 'outcome'),
  webhooks_disabled_total: counter('Webhooks that were switched off after their last failure.', 'reason'),
  keys_outdated: gauge('Sealed values that still need an old key-encryption key.', 'kind'),
}
