-- A transaction's row tells what it moves: the amount, and the commission with whom it goes to. The rows of `transfer` repeated that
-- (docs/adr/0033-movements-in-their-transaction.md); what was a table is a view.
--
-- Locks: ACCESS EXCLUSIVE on transaction and transfer. Both are read once, and each transaction with a commission is written anew (some 75 s
-- per ten million). Api and worker of the version before write to the table: stop them first.
LOCK TABLE transaction, transfer IN ACCESS EXCLUSIVE MODE;

-- ------------------------------------------------------------------------------------------------ whom a commission goes to

ALTER TABLE transaction ADD COLUMN "commission_to_id" UUID;
UPDATE transaction t SET commission_to_id = x.to_account_id
FROM transfer x WHERE x.economy_id = t.economy_id AND x.transaction_id = t.id AND x.position = 1;
ALTER TABLE transaction ADD CONSTRAINT transaction_commission_to CHECK ((commission > 0) = (commission_to_id IS NOT NULL));

-- ------------------------------------------------------------------------------------------------ what it moves

ALTER TABLE transfer RENAME TO transfer_row;

-- Found by a transaction's key it costs one look-up of that.
CREATE VIEW transfer WITH (security_invoker = true) AS
SELECT t.economy_id, t.id AS transaction_id, leg.position, t.tenant_id, leg.kind, t.from_user_id AS from_account_id, leg.to_account_id, leg.amount
FROM transaction t
CROSS JOIN LATERAL (VALUES (0, 'amount', t.to_user_id, t.amount), (1, 'commission', t.commission_to_id, t.commission))
  AS leg(position, kind, to_account_id, amount)
WHERE leg.to_account_id IS NOT NULL;

-- Nothing goes that is not said by what stays.
DO $$
DECLARE other record;
BEGIN
  SELECT economy_id, transaction_id, position INTO other
  FROM transfer_row AS kept FULL JOIN transfer AS told USING (economy_id, transaction_id, position)
  WHERE (kept.tenant_id, kept.kind, kept.from_account_id, kept.to_account_id, kept.amount)
    IS DISTINCT FROM (told.tenant_id, told.kind, told.from_account_id, told.to_account_id, told.amount)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'transfer % of transaction % in economy % is not what its transaction says', other.position, other.transaction_id, other.economy_id;
  END IF;
END $$;
DROP TABLE transfer_row;

-- A new column of transaction stands last in a view that is there.
CREATE OR REPLACE VIEW transaction_state WITH (security_invoker = true) AS
SELECT t.economy_id, t.id, t.tenant_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency, t.amount_fiat, t.price,
       coalesce(s.status, t.status) AS status, t.failure_code, t.failure_reason, t.metadata, t.airdrop_id, t.config_version, t.rules,
       t.submission_id, t.payment_index, coalesce(s.block_number, t.block_number) AS block_number, coalesce(s.tx_hash, t.tx_hash) AS tx_hash,
       t.created_at, t.submitted_at, coalesce(s.settled_at, t.mined_at) AS mined_at, coalesce(s.ended_at, t.ended_at) AS ended_at,
       t.commission_to_id
FROM transaction t
LEFT JOIN chain_submission s ON s.id = t.submission_id AND s.status IN ('mined', 'confirmed')
                            AND t.status = 'submitted' AND t.failure_code IS NULL;

-- ------------------------------------------------------------------------------------------------ who may

GRANT SELECT ON transfer TO ost_app, ost_worker;
