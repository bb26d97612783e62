-- The faucet of a sandbox's value chain: OST and gas for who tries stakes out. A chain has one where its contracts name a
-- `value_faucet`, the token that its facilitator may grant.
ALTER TABLE chain_submission
  DROP CONSTRAINT chain_submission_value,
  ADD CONSTRAINT chain_submission_value CHECK (CASE WHEN kind IN ('coin_transfer', 'value_gas') THEN value > 0 ELSE value = 0 END);
CREATE INDEX chain_submission_value_gas ON chain_submission (tenant_id, created_at) WHERE kind = 'value_gas';

-- The API may ask a facilitator's lane for these two calls, and only for an economy whose token is backed on that chain.
DROP POLICY api_asks_for_two_calls_only ON chain_submission;
CREATE POLICY api_asks_for_four_calls_only ON chain_submission AS RESTRICTIVE FOR INSERT TO ost_app WITH CHECK (
  status = 'queued' AND cardinality(transaction_ids) = 0 AND origin_id IS NULL
  AND ((kind = 'faucet_grant' AND to_address = (SELECT c.contracts ->> 'sandbox_faucet' FROM chain c WHERE c.id = chain_id)
        OR kind = 'coin_transfer' AND calldata = '' AND value > 0 AND value < 100000000000000000000 AND gas_limit <= 100000)
       AND EXISTS (
         SELECT FROM economy e
         WHERE e.id = economy_id AND e.environment = 'sandbox'
           AND e.lane_id = chain_submission.lane_id AND e.chain_id = chain_submission.chain_id)
    OR EXISTS (
         SELECT FROM backing b JOIN chain c ON c.id = b.value_chain_id JOIN lane l ON l.chain_id = c.id
         WHERE b.economy_id = chain_submission.economy_id AND c.id = chain_submission.chain_id
           AND l.id = chain_submission.lane_id AND l.purpose = 'facilitator'
           AND (kind = 'value_grant' AND to_address = c.contracts ->> 'value_faucet'
                OR kind = 'value_gas' AND c.contracts ? 'value_faucet' AND calldata = '' AND gas_limit <= 100000
                   AND value <= 1000000000000000000)))
);
