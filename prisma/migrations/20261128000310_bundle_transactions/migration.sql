-- Bundles: transactions that were accepted together or not at all, with what the caller asked for.

CREATE TABLE "transaction_bundle" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "rule" TEXT NOT NULL,
    "call" JSONB NOT NULL,
    "meta_name" TEXT,
    "meta_type" TEXT,
    "meta_details" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "transaction_bundle_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE TABLE "bundle_member" (
    "economy_id" UUID NOT NULL,
    "transaction_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "bundle_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "bundle_member_pkey" PRIMARY KEY ("economy_id","transaction_id")
);
CREATE UNIQUE INDEX "bundle_member_economy_id_bundle_id_position_key" ON "bundle_member"("economy_id", "bundle_id", "position");

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE transaction_bundle ADD CONSTRAINT transaction_bundle_rule CHECK (rule IN ('direct_transfer', 'pricer'));
ALTER TABLE bundle_member ADD CONSTRAINT bundle_member_position CHECK (position >= 0);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['transaction_bundle', 'bundle_member']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON transaction_bundle, bundle_member TO ost_app;
GRANT SELECT ON transaction_bundle, bundle_member TO ost_worker;
