-- What happens to a whole submission is kept once, on its row (docs/adr/0031-state-once-per-submission.md).
-- Stop the workers of the version before: they write, and count, transactions that say of themselves that they are mined.

-- ------------------------------------------------------------------------------------------------ when we settled it

-- By our clock; mined_at is the block's time. Old transactions that were confirmed keep their own.
ALTER TABLE chain_submission ADD COLUMN "settled_at" TIMESTAMPTZ(3);
UPDATE chain_submission s
SET settled_at = coalesce((SELECT max(t.mined_at) FROM unnest(s.transaction_ids) AS payment(id)
                           CROSS JOIN LATERAL (SELECT mined_at FROM transaction WHERE economy_id = s.economy_id AND id = payment.id OFFSET 0) AS t),
                          s.mined_at)
WHERE s.status IN ('mined', 'confirmed', 'reverted');

-- ------------------------------------------------------------------------------------------------ transactions

-- Those that are mined and not yet final say so through their submission from now on.
UPDATE transaction t SET status = 'submitted', block_number = NULL, tx_hash = NULL, mined_at = NULL
FROM chain_submission s CROSS JOIN LATERAL unnest(s.transaction_ids) AS payment(id)
WHERE s.status = 'mined' AND t.economy_id = s.economy_id AND t.id = payment.id AND t.submission_id = s.id AND t.status = 'mined';

-- A transaction is mined because its submission is. Not checked of the rows that are there: that would read all of them.
ALTER TABLE transaction
  DROP CONSTRAINT transaction_status,
  ADD CONSTRAINT transaction_status CHECK (status IN ('queued', 'submitted', 'confirmed', 'failed')) NOT VALID;

-- One update instead of three, which adds little to the row. But a batch changes all rows of a page before any of the old ones can be cleared
-- away: with less than half of the page left free the others write anew into every index (with 70: six of ten).
ALTER TABLE transaction SET (fillfactor = 45);

-- The one place that says how far a transaction is. While its row says "submitted" and no failure is recorded, its submission tells the
-- rest; the row of one that has failed, that recovery has ended, or that was confirmed before this migration, speaks for itself.
-- A new column of transaction has to be named here.
CREATE VIEW transaction_state WITH (security_invoker = true) AS
SELECT t.economy_id, t.id, t.tenant_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency, t.amount_fiat, t.price,
       coalesce(s.status, t.status) AS status, t.failure_code, t.failure_reason, t.metadata, t.airdrop_id, t.config_version, t.rules,
       t.submission_id, t.payment_index, coalesce(s.block_number, t.block_number) AS block_number, coalesce(s.tx_hash, t.tx_hash) AS tx_hash,
       t.created_at, t.submitted_at, coalesce(s.settled_at, t.mined_at) AS mined_at, coalesce(s.ended_at, t.ended_at) AS ended_at
FROM transaction t
LEFT JOIN chain_submission s ON s.id = t.submission_id AND s.status IN ('mined', 'confirmed')
                            AND t.status = 'submitted' AND t.failure_code IS NULL;

CREATE OR REPLACE VIEW hold WITH (security_invoker = true) AS
SELECT economy_id, id AS transaction_id, tenant_id, from_user_id AS account_id, amount + commission AS amount,
       CASE WHEN status IN ('queued', 'submitted') THEN 'pending' WHEN status = 'failed' THEN 'voided' ELSE 'posted' END AS status,
       created_at, CASE WHEN status = 'failed' THEN ended_at WHEN status NOT IN ('queued', 'submitted') THEN mined_at END AS ended_at
FROM transaction_state;

-- As before, with states from the view. That something has failed stands in its row.
CREATE OR REPLACE FUNCTION airdropped_balance(economy uuid, holder uuid, before uuid DEFAULT NULL) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH first AS MATERIALIZED (
    SELECT t.id FROM transaction_state t
    WHERE t.economy_id = economy AND t.to_user_id = holder AND t.airdrop_id IS NOT NULL AND t.status IN ('mined', 'confirmed')
    ORDER BY t.id LIMIT 1
  ), moves AS (
    SELECT t.id, t.amount AS change FROM first CROSS JOIN transaction_state t
    WHERE t.economy_id = economy AND t.to_user_id = holder AND t.airdrop_id IS NOT NULL AND t.status IN ('mined', 'confirmed')
      AND t.id >= first.id AND (before IS NULL OR t.id < before)
    UNION ALL
    SELECT t.id, -(t.amount + t.commission) FROM first CROSS JOIN transaction t
    WHERE t.economy_id = economy AND t.from_user_id = holder AND t.status <> 'failed'
      AND t.id > first.id AND (before IS NULL OR t.id < before)
  ), running AS (
    SELECT sum(change) OVER (ORDER BY id) AS total, change FROM moves
  )
  SELECT coalesce(sum(change) - least(0, min(total)), 0) FROM running
$$;

-- ------------------------------------------------------------------------------------------------ what is on its way

-- Of an economy: its submissions that are not final carry the transactions that are submitted or mined.
CREATE INDEX chain_submission_carrying ON chain_submission (economy_id, status)
  WHERE kind = 'transfer_batch' AND status IN ('signed', 'broadcast', 'mined');

-- ------------------------------------------------------------------------------------------------ the queue

-- A row while a transaction waits to be signed, and no longer. Policies, privileges, statistics and what autovacuum does stay with it.
DROP TRIGGER transaction_open_new ON transaction;
DROP FUNCTION open_new_transactions();
ALTER TABLE open_transaction RENAME TO queued_transaction;
DELETE FROM queued_transaction WHERE NOT is_queued;
ALTER TABLE queued_transaction DROP COLUMN "is_queued";
ALTER TABLE queued_transaction ADD CONSTRAINT "queued_transaction_pkey" PRIMARY KEY ("economy_id", "transaction_id");
-- Its rows are not changed any more.
ALTER TABLE queued_transaction RESET (fillfactor);

CREATE FUNCTION queue_new_transactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id)
  SELECT economy_id, id, tenant_id FROM new_row WHERE status = 'queued';
  RETURN NULL;
END $$;
CREATE TRIGGER transaction_queued_new AFTER INSERT ON transaction
  REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT EXECUTE FUNCTION queue_new_transactions();

CREATE OR REPLACE FUNCTION platform_lanes()
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
      FROM (SELECT FROM queued_transaction q WHERE q.economy_id = e.id LIMIT 100000) bounded
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

-- ------------------------------------------------------------------------------------------------ who may

GRANT SELECT ON transaction_state TO ost_app, ost_worker;
