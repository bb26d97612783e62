-- Keys of one economy that sign as OST's own SDKs of 2018 and 2019 do. They are found by the name that travels in a request.
ALTER TABLE api_key
  ADD COLUMN dialect_key text,
  DROP CONSTRAINT api_key_signing_algorithm_check,
  ADD CONSTRAINT api_key_signing_algorithm CHECK (signing_algorithm IN ('hmac-sha256', 'ed25519', 'ost-v1', 'ost-v2')),
  ADD CONSTRAINT api_key_dialect CHECK (
    CASE signing_algorithm WHEN 'ost-v1' THEN dialect_key ~ '^[0-9a-f]{20}$' WHEN 'ost-v2' THEN dialect_key ~ '^[a-z0-9]{32}$'
         ELSE dialect_key IS NULL END
    AND (dialect_key IS NULL OR economy_id IS NOT NULL)),
  ADD CONSTRAINT api_key_dialect_named CHECK (signing_algorithm NOT IN ('ost-v1', 'ost-v2') OR dialect_key IS NOT NULL);
CREATE UNIQUE INDEX api_key_dialect_key_key ON api_key (dialect_key);

CREATE FUNCTION authenticate_dialect_key(travelling_key text)
RETURNS TABLE (id uuid, tenant_id uuid, economy_id uuid, environment text, secret_hash bytea, scopes text[], ip_allow_list text[],
               expires_at timestamptz, revoked_at timestamptz, signing_algorithm text, signing_key text, requires_signature boolean,
               tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT found.* FROM api_key k CROSS JOIN LATERAL authenticate_api_key(k.id) found WHERE k.dialect_key = travelling_key
$$;
REVOKE ALL ON FUNCTION authenticate_dialect_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_dialect_key(text) TO ost_app;

-- Their shared secrets are sealed anew with the others.
CREATE OR REPLACE FUNCTION platform_sealed_values()
RETURNS TABLE (kind text, key_id text, sealed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT 'relayer_key', jwe_key_id(l.key_jwe), count(*) FROM lane l GROUP BY 2
  UNION ALL
  SELECT sealed.kind, substring(sealed.value FROM '^([A-Za-z0-9_-]+)\.'), count(*)
  FROM (SELECT 'stored_response', response #>> '{}' FROM idempotency_record WHERE status IS NOT NULL
        UNION ALL SELECT 'webhook_secret', secret FROM webhook_endpoint
        UNION ALL SELECT 'webhook_secret', previous_secret FROM webhook_endpoint WHERE previous_secret IS NOT NULL
        UNION ALL SELECT 'signing_secret', signing_key FROM api_key WHERE signing_algorithm <> 'ed25519') AS sealed(kind, value)
  GROUP BY 1, 2
$$;
