-- Submissions that send the utility chain's own coin: OST's dialect of 2018 has transfers of it.
ALTER TABLE chain_submission
  ADD COLUMN value numeric(78,0) NOT NULL DEFAULT 0,
  -- A submission that was queued again under a new id still answers to its first one.
  ADD COLUMN origin_id uuid,
  ADD CONSTRAINT chain_submission_value CHECK (CASE WHEN kind = 'coin_transfer' THEN value > 0 ELSE value = 0 END),
  DROP CONSTRAINT chain_submission_status,
  ADD CONSTRAINT chain_submission_status CHECK (
    status IN ('queued', 'signed', 'broadcast', 'mined', 'confirmed', 'reverted', 'replaced', 'refused')),
  DROP CONSTRAINT chain_submission_nonce,
  ADD CONSTRAINT chain_submission_nonce CHECK ((status IN ('queued', 'refused')) = (nonce IS NULL));
CREATE INDEX chain_submission_coins ON chain_submission (economy_id, id) WHERE kind = 'coin_transfer';

-- The API may ask a lane for two kinds of call only: a grant of its chain's sandbox faucet, which has caps of its own, and a
-- transfer of coins of a sandbox economy, bounded each and limited for all of an economy's by the API; the worker keeps a reserve.
DROP POLICY api_asks_for_grants_only ON chain_submission;
CREATE POLICY api_asks_for_two_calls_only ON chain_submission AS RESTRICTIVE FOR INSERT TO ost_app WITH CHECK (
  status = 'queued' AND cardinality(transaction_ids) = 0 AND origin_id IS NULL
  AND (kind = 'faucet_grant' AND to_address = (SELECT c.contracts ->> 'sandbox_faucet' FROM chain c WHERE c.id = chain_id)
       OR kind = 'coin_transfer' AND calldata = '' AND value > 0 AND value < 100000000000000000000 AND gas_limit <= 100000)
  AND EXISTS (
    SELECT FROM economy e
    WHERE e.id = economy_id AND e.environment = 'sandbox'
      AND e.lane_id = chain_submission.lane_id AND e.chain_id = chain_submission.chain_id)
);
