-- Managed wallets redeem: tokens move to the economy's redeemer, whose key signs for them, with the user's consent on record.

ALTER TABLE economy_user DROP CONSTRAINT economy_user_type,
  ADD CONSTRAINT economy_user_type CHECK (type IN ('user', 'company', 'redeemer'));
CREATE UNIQUE INDEX economy_user_one_redeemer ON economy_user (economy_id) WHERE type = 'redeemer';

CREATE TABLE "redeemer" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "key_jwe" TEXT NOT NULL,
    "allowance_signature" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "redeemer_pkey" PRIMARY KEY ("economy_id")
);
CREATE UNIQUE INDEX "redeemer_id_key" ON "redeemer"("id");
CREATE TABLE "unstake_consent" (
    "economy_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "bounty" DECIMAL(78,0) NOT NULL,
    "fee" DECIMAL(78,0) NOT NULL,
    "beneficiary" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "text_hash" TEXT NOT NULL,
    "given_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "unstake_consent_pkey" PRIMARY KEY ("economy_id","message_id")
);
ALTER TABLE "gateway_message" ADD COLUMN "user_id" UUID, ADD COLUMN "transaction_id" UUID;
CREATE UNIQUE INDEX "gateway_message_economy_id_transaction_id_key" ON "gateway_message"("economy_id", "transaction_id");

ALTER TABLE "redeemer" ADD CONSTRAINT "redeemer_economy_id_fkey"
  FOREIGN KEY ("economy_id") REFERENCES "backing"("economy_id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "unstake_consent" ADD CONSTRAINT "unstake_consent_economy_id_message_id_fkey"
  FOREIGN KEY ("economy_id","message_id") REFERENCES "gateway_message"("economy_id","id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE gateway_message
  DROP CONSTRAINT gateway_message_status, DROP CONSTRAINT gateway_message_ended,
  ADD CONSTRAINT gateway_message_status CHECK (status IN (
    'awaiting_signature', 'awaiting_tokens', 'signed', 'declared', 'confirmed', 'progressed', 'completed', 'revoking', 'revoked',
    'expired', 'failed')),
  ADD CONSTRAINT gateway_message_ended CHECK ((status IN ('completed', 'revoked', 'expired', 'failed')) = (ended_at IS NOT NULL)),
  ADD CONSTRAINT gateway_message_managed CHECK ((user_id IS NULL) = (transaction_id IS NULL) AND (user_id IS NULL OR kind = 'redeem'));

-- What a user agreed to is never changed and never removed.
CREATE TRIGGER unstake_consent_append_only BEFORE UPDATE OR DELETE ON unstake_consent FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER unstake_consent_no_truncate BEFORE TRUNCATE ON unstake_consent FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['redeemer', 'unstake_consent']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

-- The API makes a redeemer's key, seals it, and can never read it back.
GRANT INSERT ON redeemer TO ost_app;
GRANT SELECT (economy_id, id, tenant_id, address, created_at) ON redeemer TO ost_app;
GRANT SELECT ON redeemer TO ost_worker;
GRANT UPDATE (key_jwe) ON redeemer TO ost_worker;
GRANT SELECT, INSERT ON unstake_consent TO ost_app;
GRANT SELECT ON unstake_consent TO ost_worker;
GRANT SELECT (user_id, transaction_id) ON gateway_message TO ost_app;
