-- People sign in: a member's password, the invitation that sets it, sessions with rotating refresh tokens, the keys that sign access
-- tokens, and how often signing in failed. Of every secret there is a hash or a sealed text, never the secret.

CREATE TABLE "member_credential" (
    "member_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "password_hash" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "member_credential_pkey" PRIMARY KEY ("member_id")
);
CREATE TABLE "member_invitation" (
    "member_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "member_invitation_pkey" PRIMARY KEY ("member_id")
);
CREATE TABLE "member_session" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "generation" INTEGER NOT NULL,
    "parent_generation" INTEGER NOT NULL,
    "rotated_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "ip" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "member_session_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "refresh_token" (
    "token_hash" BYTEA NOT NULL,
    "session_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "generation" INTEGER NOT NULL,

    CONSTRAINT "refresh_token_pkey" PRIMARY KEY ("token_hash")
);
CREATE TABLE "sign_in_tally" (
    "key" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "last_failed_at" TIMESTAMPTZ(3),
    "blocked_until" TIMESTAMPTZ(3),
    "trusted_until" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_tally_pkey" PRIMARY KEY ("key")
);
CREATE TABLE "token_signing_key" (
    "id" UUID NOT NULL,
    "public_key" TEXT NOT NULL,
    "private_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,
    "signs_until" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "token_signing_key_pkey" PRIMARY KEY ("id")
);

-- Signing in finds a person by the address before a tenant is known.
CREATE INDEX "member_email_idx" ON "member"("email");
CREATE UNIQUE INDEX "member_invitation_token_hash_key" ON "member_invitation"("token_hash");
CREATE INDEX "member_session_tenant_id_member_id_id_idx" ON "member_session"("tenant_id", "member_id", "id");
CREATE INDEX "member_session_expires_at_idx" ON "member_session"("expires_at");
CREATE UNIQUE INDEX "refresh_token_session_id_generation_key" ON "refresh_token"("session_id", "generation");
CREATE INDEX "sign_in_tally_updated_at_idx" ON "sign_in_tally"("updated_at");

ALTER TABLE "member_credential" ADD CONSTRAINT "member_credential_member_id_fkey"
  FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "member_invitation" ADD CONSTRAINT "member_invitation_member_id_fkey"
  FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "member_session" ADD CONSTRAINT "member_session_member_id_fkey"
  FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "refresh_token" ADD CONSTRAINT "refresh_token_session_id_fkey"
  FOREIGN KEY ("session_id") REFERENCES "member_session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE member_credential ADD CONSTRAINT member_credential_hash CHECK (password_hash LIKE '$argon2id$%');
ALTER TABLE member_invitation ADD CONSTRAINT member_invitation_hash CHECK (octet_length(token_hash) = 32);
ALTER TABLE refresh_token ADD CONSTRAINT refresh_token_hash CHECK (octet_length(token_hash) = 32);
ALTER TABLE member_session
  ADD CONSTRAINT member_session_generations CHECK (parent_generation >= 0 AND generation > parent_generation),
  ADD CONSTRAINT member_session_end CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  ADD CONSTRAINT member_session_end_reason
    CHECK (end_reason IN ('signed_out', 'ended_by_member', 'token_reused', 'password_changed', 'crowded_out', 'exhausted'));
ALTER TABLE token_signing_key
  ADD CONSTRAINT token_signing_key_times CHECK (signs_from < signs_until AND signs_until < expires_at);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['member_credential', 'member_invitation', 'member_session', 'refresh_token']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON member_credential, member_session TO ost_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON member_invitation TO ost_app;
GRANT SELECT, INSERT ON refresh_token TO ost_app;
-- Neither belongs to a tenant: tallies are named by digests, and the keys sign for everybody.
GRANT SELECT, INSERT, UPDATE ON sign_in_tally TO ost_app;
GRANT SELECT, INSERT ON token_signing_key TO ost_app;
GRANT SELECT, DELETE ON member_session, sign_in_tally, member_invitation TO ost_worker;
GRANT SELECT, UPDATE (private_key), DELETE ON token_signing_key TO ost_worker;

-- The questions that are asked before a tenant is known.
CREATE FUNCTION find_sign_in(of_email text, of_tenant uuid)
RETURNS TABLE (tenant_id uuid, member_id uuid, password_hash text, tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT m.tenant_id, m.id, c.password_hash, t.status
  FROM member m JOIN member_credential c ON c.member_id = m.id JOIN tenant t ON t.id = m.tenant_id
  WHERE m.email = of_email AND m.removed_at IS NULL AND (of_tenant IS NULL OR m.tenant_id = of_tenant)
  LIMIT 2
$$;
CREATE FUNCTION find_invitation(of_hash bytea)
RETURNS TABLE (tenant_id uuid, member_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.tenant_id, i.member_id FROM member_invitation i WHERE i.token_hash = of_hash
$$;
CREATE FUNCTION find_refresh_token(of_hash bytea)
RETURNS TABLE (tenant_id uuid, session_id uuid, generation integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.tenant_id, r.session_id, r.generation FROM refresh_token r WHERE r.token_hash = of_hash
$$;
CREATE FUNCTION authenticate_session(of_session uuid)
RETURNS TABLE (tenant_id uuid, member_id uuid, role text, expires_at timestamptz, ended_at timestamptz, removed_at timestamptz, tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.tenant_id, s.member_id, m.role, s.expires_at, s.ended_at, m.removed_at, t.status
  FROM member_session s JOIN member m ON m.id = s.member_id JOIN tenant t ON t.id = s.tenant_id
  WHERE s.id = of_session
$$;
REVOKE ALL ON FUNCTION find_sign_in(text, uuid), find_invitation(bytea), find_refresh_token(bytea), authenticate_session(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_sign_in(text, uuid), find_invitation(bytea), find_refresh_token(bytea), authenticate_session(uuid) TO ost_app;

-- What signs access tokens is sealed anew with everything else when the key-encryption key changes.
CREATE OR REPLACE FUNCTION platform_sealed_values()
RETURNS TABLE (kind text, key_id text, sealed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT 'relayer_key', jwe_key_id(l.key_jwe), count(*) FROM lane l GROUP BY 2
  UNION ALL
  SELECT sealed.kind, substring(sealed.value FROM '^([A-Za-z0-9_-]+)\.'), count(*)
  FROM (SELECT 'stored_response', response #>> '{}' FROM idempotency_record WHERE status IS NOT NULL
        UNION ALL SELECT 'webhook_secret', secret FROM webhook_endpoint
        UNION ALL SELECT 'webhook_secret', previous_secret FROM webhook_endpoint WHERE previous_secret IS NOT NULL
        UNION ALL SELECT 'signing_secret', signing_key FROM api_key WHERE signing_algorithm <> 'ed25519'
        UNION ALL SELECT 'token_signing_key', private_key FROM token_signing_key) AS sealed(kind, value)
  GROUP BY 1, 2
$$;
