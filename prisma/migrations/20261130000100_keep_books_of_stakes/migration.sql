-- What backs a token is posted from the gateways' logs, double entry, instead of being what the chains last showed. The logs are read from the
-- beginning of each chain, so that stakes of before are in the books as well.

ALTER TABLE "backing" DROP CONSTRAINT backing_seen,
  DROP COLUMN "staked", DROP COLUMN "in_flight", DROP COLUMN "supply";
UPDATE backing SET value_block = NULL, value_block_hash = NULL, utility_block = NULL, utility_block_hash = NULL, seen_at = NULL;

CREATE TABLE "backing_account" (
    "economy_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "balance" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "backing_account_pkey" PRIMARY KEY ("economy_id","name")
);
CREATE TABLE "backing_entry" (
    "economy_id" UUID NOT NULL,
    "account" TEXT NOT NULL,
    "block_number" BIGINT NOT NULL,
    "log_index" INTEGER NOT NULL,
    "block_hash" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "is_reversal" BOOLEAN NOT NULL DEFAULT false,
    "tenant_id" UUID NOT NULL,
    "tx_hash" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "message_hash" TEXT,
    "counter_account" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "backing_entry_pkey" PRIMARY KEY ("economy_id","account","block_number","log_index","block_hash","generation","is_reversal")
);
CREATE TABLE "backing_message" (
    "economy_id" UUID NOT NULL,
    "message_hash" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "in_flight" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "vault" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "supply" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "redeeming" DECIMAL(78,0) NOT NULL DEFAULT 0,

    CONSTRAINT "backing_message_pkey" PRIMARY KEY ("economy_id","message_hash")
);
ALTER TABLE "backing_account" ADD CONSTRAINT "backing_account_economy_id_fkey"
  FOREIGN KEY ("economy_id") REFERENCES "backing"("economy_id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE backing
  ADD CONSTRAINT backing_positions CHECK ((value_block IS NULL) = (value_block_hash IS NULL) AND (utility_block IS NULL) = (utility_block_hash IS NULL));
ALTER TABLE backing_account
  ADD CONSTRAINT backing_account_name CHECK (name IN ('outside', 'in_flight', 'vault', 'issuance', 'supply', 'redeeming')),
  ADD CONSTRAINT backing_account_balance CHECK (CASE WHEN name IN ('outside', 'issuance') THEN balance <= 0 ELSE balance >= 0 END);
ALTER TABLE backing_entry ADD CONSTRAINT backing_entry_sides CHECK (account <> counter_account AND amount <> 0);
CREATE INDEX backing_message_open ON backing_message (economy_id) WHERE in_flight <> 0 OR redeeming <> 0;

CREATE TRIGGER backing_entry_append_only BEFORE UPDATE OR DELETE ON backing_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER backing_entry_no_truncate BEFORE TRUNCATE ON backing_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['backing_account', 'backing_entry', 'backing_message']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

GRANT SELECT ON backing_account, backing_entry, backing_message TO ost_app;
GRANT SELECT, INSERT, UPDATE ON backing_account, backing_message TO ost_worker;
GRANT SELECT, INSERT ON backing_entry TO ost_worker;
