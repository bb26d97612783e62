-- Keys that sign requests (RFC 9421) instead of sending their secret. Of an HMAC key the shared secret is kept sealed, of an
-- Ed25519 key the public key.
ALTER TABLE api_key
  ADD COLUMN signing_algorithm text CHECK (signing_algorithm IN ('hmac-sha256', 'ed25519')),
  ADD COLUMN signing_key text,
  ADD COLUMN requires_signature boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT api_key_signing_whole CHECK ((signing_algorithm IS NULL) = (signing_key IS NULL)),
  ADD CONSTRAINT api_key_signature_possible CHECK (NOT requires_signature OR signing_algorithm IS NOT NULL);

DROP FUNCTION authenticate_api_key(uuid);
CREATE FUNCTION authenticate_api_key(key_id uuid)
RETURNS TABLE (id uuid, tenant_id uuid, economy_id uuid, environment text, secret_hash bytea, scopes text[], ip_allow_list text[],
               expires_at timestamptz, revoked_at timestamptz, signing_algorithm text, signing_key text, requires_signature boolean,
               tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.id, k.tenant_id, k.economy_id, k.environment, k.secret_hash, k.scopes, k.ip_allow_list, k.expires_at, k.revoked_at,
         k.signing_algorithm, k.signing_key, k.requires_signature, t.status
  FROM api_key k JOIN tenant t ON t.id = k.tenant_id WHERE k.id = key_id
$$;
REVOKE ALL ON FUNCTION authenticate_api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key(uuid) TO ost_app;

-- Shared secrets are sealed anew with everything else when the key-encryption key changes.
GRANT SELECT (id, signing_algorithm, signing_key), UPDATE (signing_key) ON api_key TO ost_worker;
CREATE OR REPLACE FUNCTION platform_sealed_values()
RETURNS TABLE (kind text, key_id text, sealed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT 'relayer_key', jwe_key_id(l.key_jwe), count(*) FROM lane l GROUP BY 2
  UNION ALL
  SELECT sealed.kind, substring(sealed.value FROM '^([A-Za-z0-9_-]+)\.'), count(*)
  FROM (SELECT 'stored_response', response #>> '{}' FROM idempotency_record WHERE status IS NOT NULL
        UNION ALL SELECT 'webhook_secret', secret FROM webhook_endpoint
        UNION ALL SELECT 'webhook_secret', previous_secret FROM webhook_endpoint WHERE previous_secret IS NOT NULL
        UNION ALL SELECT 'signing_secret', signing_key FROM api_key WHERE signing_algorithm = 'hmac-sha256') AS sealed(kind, value)
  GROUP BY 1, 2
$$;
