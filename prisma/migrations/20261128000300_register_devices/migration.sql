-- Devices of users, and what the wallets' contracts know of sessions, device managers and recovery owners. A token gets a number,
-- by which the OST API v2 names it.

CREATE SEQUENCE "economy_token_number_seq" AS integer START WITH 1001;
ALTER TABLE "economy" ADD COLUMN "token_number" INTEGER NOT NULL DEFAULT nextval('economy_token_number_seq');
ALTER SEQUENCE "economy_token_number_seq" OWNED BY "economy"."token_number";
CREATE UNIQUE INDEX "economy_token_number_key" ON "economy"("token_number");
GRANT USAGE ON SEQUENCE economy_token_number_seq TO ost_app;

CREATE TABLE "device" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "api_signer_address" TEXT NOT NULL,
    "linked_address" TEXT,
    "status" TEXT NOT NULL DEFAULT 'registered',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "device_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE TABLE "wallet_session" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "expiration_height" BIGINT NOT NULL,
    "spending_limit" DECIMAL(78,0) NOT NULL,
    "nonce" BIGINT NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "wallet_session_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE TABLE "device_manager" (
    "economy_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "requirement" INTEGER NOT NULL,
    "nonce" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "device_manager_pkey" PRIMARY KEY ("economy_id","user_id")
);
CREATE TABLE "recovery_owner" (
    "economy_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "recovery_owner_pkey" PRIMARY KEY ("economy_id","user_id","address")
);
CREATE UNIQUE INDEX "device_economy_id_address_key" ON "device"("economy_id", "address");
CREATE INDEX "device_economy_id_user_id_id_idx" ON "device"("economy_id", "user_id", "id");
CREATE UNIQUE INDEX "wallet_session_economy_id_address_key" ON "wallet_session"("economy_id", "address");
CREATE INDEX "wallet_session_economy_id_user_id_id_idx" ON "wallet_session"("economy_id", "user_id", "id");

ALTER TABLE "device" ADD CONSTRAINT "device_economy_id_user_id_fkey"
  FOREIGN KEY ("economy_id","user_id") REFERENCES "economy_user"("economy_id","id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE device
  ADD CONSTRAINT device_address CHECK (address ~ '^0x[0-9a-f]{40}$' AND api_signer_address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT device_status CHECK (status IN ('registered', 'authorizing', 'authorized', 'revoking', 'revoked', 'recovering', 'aborting'));
ALTER TABLE wallet_session
  ADD CONSTRAINT wallet_session_address CHECK (address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT wallet_session_limits CHECK (spending_limit >= 0 AND expiration_height >= 0 AND nonce >= 0),
  ADD CONSTRAINT wallet_session_status CHECK (status IN ('initializing', 'authorized', 'revoking', 'revoked'));
ALTER TABLE device_manager
  ADD CONSTRAINT device_manager_address CHECK (address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT device_manager_status CHECK (status IN ('activating', 'activated'));
ALTER TABLE recovery_owner
  ADD CONSTRAINT recovery_owner_address CHECK (address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT recovery_owner_status CHECK (status IN ('authorization_failed', 'authorizing', 'authorized', 'revoking', 'revoked'));

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['device', 'wallet_session', 'device_manager', 'recovery_owner']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

-- The API registers devices; what a wallet's contract decides is the follower's to write.
GRANT SELECT, INSERT ON device TO ost_app;
GRANT SELECT ON wallet_session, device_manager, recovery_owner TO ost_app;
GRANT SELECT, INSERT, UPDATE ON device, wallet_session, device_manager, recovery_owner TO ost_worker;

-- A device signs requests before a tenant is known: this look-up by all that its key names may cross tenants.
CREATE FUNCTION authenticate_device(of_token integer, of_user uuid, of_device text)
RETURNS TABLE (tenant_id uuid, economy_id uuid, environment text, api_signer_address text, device_status text, user_status text, tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.tenant_id, e.id, e.environment, d.api_signer_address, d.status, u.status, t.status
  FROM economy e JOIN tenant t ON t.id = e.tenant_id
  JOIN economy_user u ON u.economy_id = e.id AND u.id = of_user
  JOIN device d ON d.economy_id = e.id AND d.user_id = u.id AND d.address = of_device
  WHERE e.token_number = of_token
$$;
REVOKE ALL ON FUNCTION authenticate_device(integer, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_device(integer, uuid, text) TO ost_app;

-- A browser asks without a key whether its page may use a token's wallet: one question, about what the business says in public.
CREATE FUNCTION token_domains(of_token integer, of_environment text)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.metadata ->> 'browser_wallet_domains' FROM economy e WHERE e.token_number = of_token AND e.environment = of_environment
$$;
REVOKE ALL ON FUNCTION token_domains(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION token_domains(integer, text) TO ost_app;
