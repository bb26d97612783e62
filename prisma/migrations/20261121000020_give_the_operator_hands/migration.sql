-- What the operator's commands ask of the workers, what the workers last saw of each lane, and what the commands show.
ALTER TABLE "lane" ADD COLUMN "chain_nonce" BIGINT,
ADD COLUMN "base_fee_per_gas" DECIMAL(78,0),
ADD COLUMN "priority_fee_per_gas" DECIMAL(78,0),
ADD COLUMN "recovery_requested_at" TIMESTAMPTZ(3);

ALTER TABLE "chain_submission" ADD COLUMN "bump_requested_at" TIMESTAMPTZ(3);

-- Sealed responses are few among the records; sealing them anew must not read all.
CREATE INDEX idempotency_record_sealed ON idempotency_record (scope_id, key) WHERE status IS NOT NULL;
CREATE INDEX lane_recovery_requested ON lane (id) WHERE recovery_requested_at IS NOT NULL;

-- ------------------------------------------------------------------------------------------------ the operator's views
-- The API's role sees one tenant at a time. These functions show it, for the operator's routes only, what concerns the
-- platform: counts, ages, hashes and fees of all tenants, but no payment, no payload and no key.

CREATE FUNCTION platform_lanes()
RETURNS TABLE (id uuid, chain_id bigint, chain_name text, chain_status text, address text, status text, pause_reason text,
               recovery_requested_at timestamptz, balance_wei numeric, checked_at timestamptz, chain_nonce bigint,
               base_fee_per_gas numeric, priority_fee_per_gas numeric, queued_transactions bigint, queued_calls bigint,
               in_flight bigint, oldest_in_flight_at timestamptz, next_nonce bigint, missing_nonces bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT l.id, l.chain_id, c.name, c.status, l.address, l.status, l.pause_reason, l.recovery_requested_at, l.balance_wei,
         l.balance_checked_at, l.chain_nonce, l.base_fee_per_gas, l.priority_fee_per_gas, queued.transactions, queued_calls.calls,
         open.submissions, open.oldest, coalesce(used.highest + 1, l.chain_nonce),
         ARRAY(SELECT n.nonce FROM generate_series(greatest(l.chain_nonce, used.highest - 999), used.highest) AS n(nonce)
               WHERE NOT EXISTS (SELECT FROM chain_submission s WHERE s.lane_id = l.id AND s.nonce = n.nonce)
               ORDER BY 1 LIMIT 20)
  FROM lane l
  JOIN chain c ON c.id = l.chain_id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(waiting.transactions), 0)::bigint AS transactions
    FROM economy e
    CROSS JOIN LATERAL (
      SELECT count(*) AS transactions
      FROM (SELECT FROM open_transaction o WHERE o.economy_id = e.id AND o.is_queued LIMIT 100000) bounded
    ) waiting
    WHERE e.lane_id = l.id
  ) queued
  CROSS JOIN LATERAL (
    SELECT count(*) AS calls FROM chain_submission s WHERE s.lane_id = l.id AND s.status = 'queued'
  ) queued_calls
  CROSS JOIN LATERAL (
    SELECT count(*) AS submissions, min(s.signed_at) AS oldest
    FROM chain_submission s WHERE s.lane_id = l.id AND s.status IN ('signed', 'broadcast')
  ) open
  CROSS JOIN LATERAL (SELECT max(s.nonce) AS highest FROM chain_submission s WHERE s.lane_id = l.id) used
  ORDER BY l.chain_id, l.id
$$;

CREATE FUNCTION platform_submission(submission uuid)
RETURNS TABLE (id uuid, chain_id bigint, lane_id uuid, kind text, status text, nonce bigint, transactions bigint,
               block_number bigint, tx_hash text, bump_requested_at timestamptz, created_at timestamptz, signed_at timestamptz,
               mined_at timestamptz, attempts jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.id, s.chain_id, s.lane_id, s.kind, s.status, s.nonce, coalesce(cardinality(s.transaction_ids), 0), s.block_number,
         s.tx_hash, s.bump_requested_at, s.created_at, s.signed_at, s.mined_at,
         coalesce((SELECT jsonb_agg(jsonb_build_object(
           'attempt', a.attempt, 'tx_hash', a.tx_hash, 'max_fee_per_gas', a.max_fee_per_gas::text,
           'max_priority_fee_per_gas', a.max_priority_fee_per_gas::text, 'broadcasts', a.broadcasts, 'signed_at', a.signed_at,
           'last_answer', a.answers -> -1) ORDER BY a.attempt)
           FROM submission_attempt a WHERE a.submission_id = s.id), '[]')
  FROM chain_submission s WHERE s.id = submission
$$;

-- Asks the worker to send a submission's stored bytes now. Nothing but this mark is within the API's reach.
CREATE FUNCTION platform_request_bump(submission uuid, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE chain_submission SET bump_requested_at = at WHERE id = submission AND status IN ('signed', 'broadcast')
$$;

-- Ends a pause that a person has to end. A lane that found payments of its key which this database does not know is not
-- resumed but asked to match them first; the worker resumes it when that is done. Null: no such lane. Else what is done:
-- resumed · recovery_requested · active (it was not paused) · needs_after_restore · passes_by_itself.
CREATE FUNCTION platform_resume_lane(lane_id uuid, after_restore boolean, at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE paused lane%ROWTYPE;
BEGIN
  SELECT * INTO paused FROM lane WHERE id = lane_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF paused.status = 'active' THEN RETURN 'active'; END IF;
  IF paused.pause_reason = 'unknown_payments' THEN
    IF NOT after_restore THEN RETURN 'needs_after_restore'; END IF;
    UPDATE lane SET recovery_requested_at = coalesce(recovery_requested_at, at) WHERE id = lane_id;
    RETURN 'recovery_requested';
  END IF;
  IF paused.pause_reason IN ('out_of_gas', 'rejected') THEN RETURN 'passes_by_itself'; END IF;
  UPDATE lane SET status = 'active', pause_reason = NULL WHERE id = lane_id;
  RETURN 'resumed';
END $$;

CREATE FUNCTION platform_outbox_readers()
RETURNS TABLE (consumer text, xid bigint, event_id uuid, updated_at timestamptz, unread bigint, oldest_unread_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.consumer, c.xid, c.event_id, c.updated_at, ahead.unread, ahead.oldest
  FROM outbox_cursor c
  CROSS JOIN LATERAL (
    SELECT count(*) AS unread, min(e.created_at) AS oldest
    FROM (SELECT created_at FROM outbox_event WHERE (xid, id) > (c.xid, c.event_id) ORDER BY xid, id LIMIT 100000) e
  ) ahead
  ORDER BY c.consumer
$$;

-- Database transactions that write and are still open: no reader of the outbox reads past the oldest of them. When they began
-- is known where the schema's owner may see other roles' sessions (pg_read_all_stats).
CREATE FUNCTION platform_open_transactions()
RETURNS TABLE (pid integer, role text, application text, state text, started_at timestamptz, xid bigint, holds_readers boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT a.pid, a.usename::text, a.application_name, a.state, a.xact_start, a.backend_xid::text::bigint,
         a.backend_xid::text::bigint = (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint % 4294967296
  FROM pg_stat_activity a WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()
  UNION ALL
  SELECT NULL, p.owner::text, 'prepared transaction ' || p.gid, 'prepared', p.prepared, p.transaction::text::bigint,
         p.transaction::text::bigint = (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint % 4294967296
  FROM pg_prepared_xacts p
  ORDER BY 5 NULLS LAST, 1 LIMIT 100
$$;

-- The id in a JWE's header of the key it was made with; null for what is no JWE.
CREATE FUNCTION jwe_key_id(jwe text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE header text := translate(split_part(jwe, '.', 1), '-_', '+/');
BEGIN
  RETURN convert_from(decode(rpad(header, (length(header) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'kid';
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;

-- Webhook secrets are counted once the table of a later migration is there.
CREATE FUNCTION platform_sealed_values()
RETURNS TABLE (kind text, key_id text, sealed bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  RETURN QUERY SELECT 'relayer_key', jwe_key_id(l.key_jwe), count(*) FROM lane l GROUP BY 2;
  RETURN QUERY SELECT 'stored_response', substring(r.response #>> '{}' FROM '^([A-Za-z0-9_-]+)\.'), count(*)
    FROM idempotency_record r WHERE r.status IS NOT NULL GROUP BY 2;
  IF to_regclass('webhook_endpoint') IS NOT NULL THEN
    RETURN QUERY EXECUTE $q$
      SELECT 'webhook_secret', substring(s.secret FROM '^([A-Za-z0-9_-]+)\.'), count(*)
      FROM webhook_endpoint e CROSS JOIN LATERAL (VALUES (e.secret), (e.previous_secret)) AS s(secret)
      WHERE s.secret IS NOT NULL GROUP BY 2 $q$;
  END IF;
END $$;

-- Live economies with their newest comparison of ledger and chain.
CREATE FUNCTION platform_reconciliations(after uuid, at_most integer)
RETURNS TABLE (economy_id uuid, tenant_id uuid, symbol text, chain_id bigint, id uuid, status text, block_number bigint,
               block_hash text, accounts integer, differences jsonb, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.id, e.tenant_id, e.symbol, e.chain_id, newest.id, newest.status, newest.block_number, newest.block_hash,
         newest.accounts, newest.differences, newest.created_at
  FROM economy e
  LEFT JOIN LATERAL (
    SELECT r.* FROM reconciliation r WHERE r.economy_id = e.id ORDER BY r.id DESC LIMIT 1
  ) newest ON true
  WHERE e.status IN ('active', 'paused') AND (after IS NULL OR e.id > after)
  ORDER BY e.id LIMIT at_most
$$;

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['platform_lanes()', 'platform_submission(uuid)', 'platform_request_bump(uuid, timestamptz)',
    'platform_resume_lane(uuid, boolean, timestamptz)', 'platform_outbox_readers()', 'platform_open_transactions()',
    'platform_sealed_values()', 'platform_reconciliations(uuid, integer)']
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ost_app', f);
  END LOOP;
END $$;
