-- What users get for their tokens, and their orders of it.

CREATE TABLE "redeemable_sku" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "images" JSONB NOT NULL DEFAULT '{}',
    "availability" JSONB NOT NULL DEFAULT '[]',
    "status" TEXT NOT NULL DEFAULT 'active',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "redeemable_sku_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE TABLE "redemption" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "sku_id" UUID NOT NULL,
    "transaction_id" UUID NOT NULL,
    "amount_fiat" DECIMAL(38,6) NOT NULL,
    "country_iso_code" TEXT NOT NULL,
    "currency_iso_code" TEXT NOT NULL,
    "email" TEXT,
    "decision" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "redemption_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE UNIQUE INDEX "redeemable_sku_number_key" ON "redeemable_sku"("number");
CREATE UNIQUE INDEX "redemption_economy_id_transaction_id_key" ON "redemption"("economy_id", "transaction_id");
CREATE INDEX "redemption_economy_id_user_id_id_idx" ON "redemption"("economy_id", "user_id", "id");

ALTER TABLE "redemption" ADD CONSTRAINT "redemption_economy_id_sku_id_fkey"
  FOREIGN KEY ("economy_id","sku_id") REFERENCES "redeemable_sku"("economy_id","id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE redeemable_sku ADD CONSTRAINT redeemable_sku_status CHECK (status IN ('active', 'inactive'));
ALTER TABLE redemption
  ADD CONSTRAINT redemption_amount CHECK (amount_fiat > 0),
  ADD CONSTRAINT redemption_currency CHECK (currency_iso_code IN ('USD', 'EUR', 'GBP')),
  ADD CONSTRAINT redemption_country CHECK (country_iso_code ~ '^[A-Z]{2,3}$'),
  ADD CONSTRAINT redemption_decision CHECK (decision IN ('fulfilled', 'cancelled')),
  ADD CONSTRAINT redemption_decided CHECK ((decision IS NULL) = (decided_at IS NULL));

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['redeemable_sku', 'redemption']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON redeemable_sku TO ost_app;
GRANT SELECT, INSERT, UPDATE (decision, decided_at) ON redemption TO ost_app;
GRANT USAGE ON SEQUENCE redeemable_sku_number_seq TO ost_app;
GRANT SELECT ON redeemable_sku, redemption TO ost_worker;
