-- Placing an economy needs to know how full each lane is, across tenants: a count, and nothing else of other tenants.
CREATE FUNCTION economies_per_lane()
RETURNS TABLE (lane_id uuid, economies bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.lane_id, count(*) FROM economy e GROUP BY e.lane_id
$$;
REVOKE ALL ON FUNCTION economies_per_lane() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION economies_per_lane() TO ost_app;

-- The API may ask a lane for one kind of call only: a grant of its chain's sandbox faucet, which has caps of its own.
-- Whoever takes over the API cannot have anything else signed.
GRANT INSERT ON chain_submission TO ost_app;
CREATE POLICY api_asks_for_grants_only ON chain_submission AS RESTRICTIVE FOR INSERT TO ost_app WITH CHECK (
  kind = 'faucet_grant' AND status = 'queued' AND cardinality(transaction_ids) = 0
  AND to_address = (SELECT c.contracts ->> 'sandbox_faucet' FROM chain c WHERE c.id = chain_id)
  AND EXISTS (
    SELECT FROM economy e
    WHERE e.id = economy_id AND e.environment = 'sandbox'
      AND e.lane_id = chain_submission.lane_id AND e.chain_id = chain_submission.chain_id)
);
