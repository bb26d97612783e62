-- Acceptance and settlement no longer write the same rows (docs/adr/0021-two-writers-two-rows.md).
-- Stop api and worker of the version before: they write columns that this takes away. It rewrites no table, but counts what is held.

-- ------------------------------------------------------------------------------------------------ reserved apart from settled

-- A wallet's reservations only ever grow, by the acceptor: `reserved` by what its transactions may take, `announced` by what is
-- promised to it. An account's releases follow, by the indexer: held = reserved − released, on its way = announced − arrived.
ALTER TABLE wallet
  ADD COLUMN "reserved" DECIMAL(78,0) NOT NULL DEFAULT 0,
  ADD COLUMN "announced" DECIMAL(78,0) NOT NULL DEFAULT 0,
  ADD COLUMN "reserved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  ADD CONSTRAINT wallet_reserved CHECK (reserved >= 0),
  ADD CONSTRAINT wallet_announced CHECK (announced >= 0);
UPDATE wallet SET reserved = account.held, announced = account.pending_in
FROM account WHERE account.economy_id = wallet.economy_id AND account.id = wallet.user_id
               AND (account.held <> 0 OR account.pending_in <> 0);
ALTER TABLE account
  ADD COLUMN "released" DECIMAL(78,0) NOT NULL DEFAULT 0,
  ADD COLUMN "arrived" DECIMAL(78,0) NOT NULL DEFAULT 0,
  DROP COLUMN "held",
  DROP COLUMN "pending_in";
-- Both are written anew with every transfer: room on the page, so that no index hears of it.
ALTER TABLE wallet SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE account SET (fillfactor = 60);

-- What the ledger says of each account. A snapshot of both tables is consistent: whatever changes both changes them in one commit.
CREATE VIEW account_balance WITH (security_invoker = true) AS
SELECT account.economy_id, account.id, account.tenant_id, account.kind, account.address, account.settled,
       coalesce(wallet.reserved, 0) - account.released AS held, coalesce(wallet.announced, 0) - account.arrived AS pending_in,
       greatest(account.updated_at, wallet.reserved_at) AS updated_at
FROM account LEFT JOIN wallet ON wallet.economy_id = account.economy_id AND wallet.user_id = account.id;

-- ------------------------------------------------------------------------------------------------ holds

-- A transaction and its hold were two rows that always said the same: the hold is read from the transaction now.
DROP TABLE hold;
CREATE VIEW hold WITH (security_invoker = true) AS
SELECT economy_id, id AS transaction_id, tenant_id, from_user_id AS account_id, amount + commission AS amount,
       CASE WHEN status IN ('queued', 'submitted') THEN 'pending' WHEN status = 'failed' THEN 'voided' ELSE 'posted' END AS status,
       created_at, CASE WHEN status = 'failed' THEN ended_at WHEN status NOT IN ('queued', 'submitted') THEN mined_at END AS ended_at
FROM transaction;

-- ------------------------------------------------------------------------------------------------ the queue

-- Moved by the statements that move the transactions, a batch at a time: a trigger for each row cost more than the rows.
DROP TRIGGER transaction_open_moved ON transaction;
DROP FUNCTION follow_open_transaction();

-- ------------------------------------------------------------------------------------------------ what is only ever looked up by age

DROP INDEX "idempotency_record_created_at_idx";
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record" USING BRIN ("created_at");

-- ------------------------------------------------------------------------------------------------ who may

REVOKE UPDATE ON account FROM ost_app;
GRANT UPDATE (reserved, announced, reserved_at) ON wallet TO ost_app;
GRANT SELECT ON account_balance, hold TO ost_app, ost_worker;
