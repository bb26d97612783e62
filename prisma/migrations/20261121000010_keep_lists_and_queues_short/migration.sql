-- What grew with an economy's past, and what its rows cost (docs/adr/0009-open-transactions-apart.md).
-- Takes locks on "transaction" while it copies open transactions and labels: run it when little is being written.

-- ------------------------------------------------------------------------------------------------ labels

-- Lists by a label of the metadata. Row-level security keeps jsonb's @> away from any index, for it could leak a value; equality
-- of text is free of that.
CREATE TABLE "transaction_label" (
    "economy_id" UUID NOT NULL,
    "label" TEXT NOT NULL,
    "transaction_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,

    CONSTRAINT "transaction_label_pkey" PRIMARY KEY ("economy_id","label","transaction_id")
);

INSERT INTO transaction_label (economy_id, label, transaction_id, tenant_id)
SELECT t.economy_id, pair.key || '=' || pair.value, t.id, t.tenant_id
FROM transaction t CROSS JOIN LATERAL jsonb_each_text(t.metadata) AS pair WHERE t.metadata <> '{}'
ON CONFLICT DO NOTHING;

DROP INDEX transaction_metadata_search;

-- ------------------------------------------------------------------------------------------------ open transactions

-- The queue, and the lists of what is on its way. It stands apart because a status that an index mentions makes every change of
-- status write anew into every index of the table, however much history they hold.
CREATE TABLE "open_transaction" (
    "economy_id" UUID NOT NULL,
    "is_queued" BOOLEAN NOT NULL,
    "transaction_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,

    CONSTRAINT "open_transaction_pkey" PRIMARY KEY ("economy_id","is_queued","transaction_id")
);

CREATE FUNCTION open_new_transactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO open_transaction (economy_id, is_queued, transaction_id, tenant_id)
  SELECT economy_id, status = 'queued', id, tenant_id FROM new_row WHERE status IN ('queued', 'submitted', 'mined');
  RETURN NULL;
END $$;
CREATE TRIGGER transaction_open_new AFTER INSERT ON transaction
  REFERENCING NEW TABLE AS new_row FOR EACH STATEMENT EXECUTE FUNCTION open_new_transactions();

CREATE FUNCTION follow_open_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status IN ('confirmed', 'failed') THEN
    DELETE FROM open_transaction o
    WHERE o.economy_id = OLD.economy_id AND o.is_queued = (OLD.status = 'queued') AND o.transaction_id = OLD.id;
  ELSIF OLD.status IN ('confirmed', 'failed') THEN
    INSERT INTO open_transaction (economy_id, is_queued, transaction_id, tenant_id)
    VALUES (NEW.economy_id, NEW.status = 'queued', NEW.id, NEW.tenant_id);
  ELSE
    UPDATE open_transaction o SET is_queued = (NEW.status = 'queued')
    WHERE o.economy_id = OLD.economy_id AND o.is_queued = (OLD.status = 'queued') AND o.transaction_id = OLD.id;
  END IF;
  RETURN NULL;
END $$;
-- From submitted to mined nothing changes here, and the trigger is not called.
CREATE TRIGGER transaction_open_moved AFTER UPDATE ON transaction FOR EACH ROW
  WHEN ((OLD.status = 'queued') <> (NEW.status = 'queued')
     OR (OLD.status IN ('confirmed', 'failed')) <> (NEW.status IN ('confirmed', 'failed')))
  EXECUTE FUNCTION follow_open_transaction();

INSERT INTO open_transaction (economy_id, is_queued, transaction_id, tenant_id)
SELECT economy_id, status = 'queued', id, tenant_id FROM transaction WHERE status IN ('queued', 'submitted', 'mined');

DROP INDEX transaction_open;
-- A failure's code is set once, and never on the way that most transactions go.
CREATE INDEX transaction_failed ON transaction (economy_id, id) WHERE failure_code IS NOT NULL;
-- Reconciliation reads the pending ones of an economy.
CREATE INDEX hold_pending ON hold (economy_id, transaction_id) WHERE status = 'pending';

-- ------------------------------------------------------------------------------------------------ rows

-- A transfer is written by the statement that writes its transaction, and neither is ever deleted: the check cost more than the row.
ALTER TABLE "transfer" DROP CONSTRAINT "transfer_economy_id_transaction_id_fkey";

-- Room on the page for the three changes of status, which grow the row by half.
ALTER TABLE transaction SET (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- Turned over all the time. Its file is not cut off when it is empty for a moment: that takes an exclusive lock, and an empty file
-- would tempt the planner to read it from end to end.
ALTER TABLE open_transaction SET (fillfactor = 70, vacuum_truncate = false, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
ALTER TABLE hold SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE account SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE activity SET (fillfactor = 80);

-- ------------------------------------------------------------------------------------------------ who may

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['transaction_label', 'open_transaction'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON transaction_label, open_transaction TO ost_app, ost_worker;
GRANT UPDATE, DELETE ON open_transaction TO ost_worker;
