-- What SQL can say and Prisma cannot: CHECKs, append-only triggers, the queue's indexes, row-level security and the
-- privileges of the two roles that run the platform. Neither role owns a table.
-- The roles ost_app and ost_worker must exist (scripts/migrate.ts creates them on the embedded server).

-- ------------------------------------------------------------------------------------------------ checks

ALTER TABLE tenant ADD CONSTRAINT tenant_status CHECK (status IN ('active', 'suspended'));
ALTER TABLE member ADD CONSTRAINT member_role CHECK (role IN ('owner', 'admin', 'developer', 'viewer'));
ALTER TABLE api_key
  ADD CONSTRAINT api_key_environment CHECK (environment IN ('sandbox', 'production')),
  ADD CONSTRAINT api_key_secret_hash CHECK (octet_length(secret_hash) = 32);
ALTER TABLE chain
  ADD CONSTRAINT chain_role CHECK (role IN ('value', 'utility')),
  ADD CONSTRAINT chain_status CHECK (status IN ('active', 'halted')),
  ADD CONSTRAINT chain_finality CHECK (finality_depth >= 0);
ALTER TABLE lane
  ADD CONSTRAINT lane_status CHECK (status IN ('active', 'paused')),
  ADD CONSTRAINT lane_address CHECK (address ~ '^0x[0-9a-f]{40}$');
ALTER TABLE economy
  ADD CONSTRAINT economy_status CHECK (status IN ('draft', 'deploying', 'active', 'failed', 'paused')),
  ADD CONSTRAINT economy_environment CHECK (environment IN ('sandbox', 'production')),
  ADD CONSTRAINT economy_decimals CHECK (decimals BETWEEN 0 AND 18),
  ADD CONSTRAINT economy_initial_grant CHECK (initial_grant >= 0),
  ADD CONSTRAINT economy_deployed CHECK (status NOT IN ('active', 'paused') OR (token_address IS NOT NULL AND token_rules_address IS NOT NULL));
ALTER TABLE economy_step ADD CONSTRAINT economy_step_status CHECK (status IN ('pending', 'running', 'done', 'failed'));
ALTER TABLE economy_user
  ADD CONSTRAINT economy_user_type CHECK (type IN ('user', 'company')),
  ADD CONSTRAINT economy_user_status CHECK (status IN ('active', 'archived'));
CREATE UNIQUE INDEX economy_user_one_company ON economy_user (economy_id) WHERE type = 'company';
ALTER TABLE wallet
  ADD CONSTRAINT wallet_custody CHECK (custody IN ('managed', 'self_custody')),
  ADD CONSTRAINT wallet_address CHECK (address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT wallet_salt CHECK (octet_length(salt) = 12);
ALTER TABLE transaction_type
  ADD CONSTRAINT transaction_type_kind CHECK (kind IN ('user_to_user', 'company_to_user', 'user_to_company')),
  ADD CONSTRAINT transaction_type_currency CHECK (currency IN ('token', 'USD', 'EUR', 'GBP')),
  ADD CONSTRAINT transaction_type_status CHECK (status IN ('active', 'archived')),
  ADD CONSTRAINT transaction_type_amount CHECK (
    CASE WHEN allows_arbitrary_amount THEN amount_units IS NULL AND amount_fiat IS NULL
         WHEN currency = 'token' THEN amount_units > 0 AND amount_fiat IS NULL
         ELSE amount_fiat > 0 AND amount_units IS NULL END),
  ADD CONSTRAINT transaction_type_commission CHECK (
    num_nonnulls(commission_bps, commission_units, commission_fiat) + allows_arbitrary_commission::int <= 1
    AND (commission_bps IS NULL OR commission_bps BETWEEN 1 AND 10000)
    AND (commission_units IS NULL OR (commission_units > 0 AND currency = 'token'))
    AND (commission_fiat IS NULL OR (commission_fiat > 0 AND currency <> 'token'))),
  ADD CONSTRAINT transaction_type_commission_kind CHECK (
    kind = 'user_to_user' OR (num_nonnulls(commission_bps, commission_units, commission_fiat) = 0 AND NOT allows_arbitrary_commission));
ALTER TABLE token_rule
  ADD CONSTRAINT token_rule_status CHECK (status IN ('active', 'archived')),
  ADD CONSTRAINT token_rule_version_positive CHECK (version > 0);
ALTER TABLE price_point
  ADD CONSTRAINT price_point_currency CHECK (currency IN ('USD', 'EUR', 'GBP')),
  ADD CONSTRAINT price_point_price CHECK (price > 0),
  ADD CONSTRAINT price_point_source CHECK (source IN ('admin', 'feed'));
ALTER TABLE account
  ADD CONSTRAINT account_kind CHECK (kind IN ('wallet', 'external', 'issuance')),
  ADD CONSTRAINT account_address CHECK (address ~ '^0x[0-9a-f]{40}$'),
  ADD CONSTRAINT account_settled CHECK (CASE WHEN kind = 'issuance' THEN settled <= 0 ELSE settled >= 0 END),
  ADD CONSTRAINT account_held CHECK (held >= 0),
  ADD CONSTRAINT account_pending_in CHECK (pending_in >= 0);
ALTER TABLE entry
  ADD CONSTRAINT entry_side CHECK (side IN ('debit', 'credit')),
  ADD CONSTRAINT entry_sign CHECK (CASE WHEN (side = 'debit') <> is_reversal THEN amount < 0 ELSE amount > 0 END);
ALTER TABLE hold
  ADD CONSTRAINT hold_amount CHECK (amount > 0),
  ADD CONSTRAINT hold_status CHECK (status IN ('pending', 'posted', 'voided')),
  ADD CONSTRAINT hold_ended CHECK ((status = 'pending') = (ended_at IS NULL));
ALTER TABLE reconciliation ADD CONSTRAINT reconciliation_status CHECK (status IN ('equal', 'drift'));
ALTER TABLE transaction
  ADD CONSTRAINT transaction_status CHECK (status IN ('queued', 'submitted', 'mined', 'confirmed', 'failed')),
  ADD CONSTRAINT transaction_amount CHECK (amount > 0),
  ADD CONSTRAINT transaction_commission CHECK (commission >= 0),
  ADD CONSTRAINT transaction_parties CHECK (from_user_id <> to_user_id),
  ADD CONSTRAINT transaction_submission CHECK (status = 'queued' OR submission_id IS NOT NULL),
  ADD CONSTRAINT transaction_failure CHECK ((status = 'failed') <= (failure_code IS NOT NULL)),
  ADD CONSTRAINT transaction_metadata CHECK (jsonb_typeof(metadata) = 'object');
ALTER TABLE transfer
  ADD CONSTRAINT transfer_kind CHECK (kind IN ('amount', 'commission')),
  ADD CONSTRAINT transfer_amount CHECK (amount > 0);
ALTER TABLE airdrop
  ADD CONSTRAINT airdrop_status CHECK (status IN ('queued', 'running', 'completed', 'failed')),
  ADD CONSTRAINT airdrop_counts CHECK (amount > 0 AND total >= 0 AND accepted >= 0 AND refused >= 0 AND accepted + refused <= total);
ALTER TABLE chain_submission
  ADD CONSTRAINT chain_submission_status CHECK (status IN ('queued', 'signed', 'broadcast', 'mined', 'confirmed', 'reverted', 'replaced')),
  ADD CONSTRAINT chain_submission_nonce CHECK ((status = 'queued') = (nonce IS NULL)),
  ADD CONSTRAINT chain_submission_mined CHECK (status NOT IN ('mined', 'confirmed', 'reverted') OR (block_number IS NOT NULL AND tx_hash IS NOT NULL));
ALTER TABLE chain_block ADD CONSTRAINT chain_block_status CHECK (status IN ('canonical', 'orphaned'));
CREATE UNIQUE INDEX chain_block_one_canonical ON chain_block (chain_id, number) WHERE status = 'canonical';
ALTER TABLE idempotency_record
  ADD CONSTRAINT idempotency_record_key CHECK (octet_length(key) BETWEEN 1 AND 255);

-- ------------------------------------------------------------------------------------------------ append-only

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER token_rule_version_append_only BEFORE UPDATE OR DELETE ON token_rule_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER outbox_event_append_only BEFORE UPDATE ON outbox_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ------------------------------------------------------------------------------------------------ hot indexes

-- The queue, and every list by a status other than the final common one.
CREATE INDEX transaction_open ON transaction (economy_id, status, id) WHERE status <> 'confirmed';
CREATE INDEX transaction_metadata_search ON transaction USING gin (metadata jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX transaction_airdrop ON transaction (economy_id, airdrop_id, id) WHERE airdrop_id IS NOT NULL;
CREATE INDEX chain_submission_open ON chain_submission (lane_id, status, nonce) WHERE status IN ('queued', 'signed', 'broadcast', 'mined');
CREATE INDEX chain_submission_block ON chain_submission (chain_id, block_number) WHERE block_number IS NOT NULL;
CREATE INDEX entry_block ON entry (economy_id, block_number);
CREATE INDEX entry_transaction ON entry (economy_id, transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX economy_token ON economy (chain_id, token_address) WHERE token_address IS NOT NULL;
CREATE INDEX economy_token_rules ON economy (chain_id, token_rules_address) WHERE token_rules_address IS NOT NULL;
CREATE INDEX economy_unfinished ON economy (status, id) WHERE status IN ('draft', 'deploying');
CREATE INDEX airdrop_unfinished ON airdrop (economy_id, status, id) WHERE status IN ('queued', 'running');
ALTER TABLE account SET (fillfactor = 70);
ALTER TABLE transaction SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- ------------------------------------------------------------------------------------------------ row-level security

-- The tenants this connection acts for: a request sets one, the acceptor those of its batch. The policy reads it once per
-- statement (a scalar sub-query), not once per row.
CREATE FUNCTION ost_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT string_to_array(nullif(current_setting('ost.tenant_ids', true), ''), ',')::uuid[]
$$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['member', 'api_key', 'audit_log', 'idempotency_record', 'economy', 'economy_step', 'economy_user',
    'wallet', 'transaction_type', 'token_rule', 'token_rule_version', 'price_point', 'activity', 'account', 'entry', 'hold',
    'reconciliation', 'transaction', 'transfer', 'airdrop', 'chain_submission', 'submission_attempt', 'outbox_event']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON tenant TO ost_app USING (id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (id = ANY ((SELECT ost_tenants())::uuid[]));
CREATE POLICY all_tenants ON tenant TO ost_worker USING (true) WITH CHECK (true);

-- Authentication happens before a tenant is known: this one look-up by a key's id may cross tenants.
CREATE FUNCTION authenticate_api_key(key_id uuid)
RETURNS TABLE (id uuid, tenant_id uuid, economy_id uuid, environment text, secret_hash bytea, scopes text[], ip_allow_list text[],
               expires_at timestamptz, revoked_at timestamptz, tenant_status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.id, k.tenant_id, k.economy_id, k.environment, k.secret_hash, k.scopes, k.ip_allow_list, k.expires_at, k.revoked_at, t.status
  FROM api_key k JOIN tenant t ON t.id = k.tenant_id WHERE k.id = key_id
$$;
REVOKE ALL ON FUNCTION authenticate_api_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key(uuid) TO ost_app;

-- ------------------------------------------------------------------------------------------------ privileges

GRANT USAGE ON SCHEMA public TO ost_app, ost_worker;

-- The API reserves money and never settles it: of an account it may change the reservations only.
GRANT SELECT, INSERT, UPDATE ON tenant, member, api_key, economy, economy_step, economy_user, transaction_type, token_rule,
  airdrop, activity, idempotency_record TO ost_app;
GRANT SELECT, INSERT ON audit_log, token_rule_version, price_point, wallet, account, hold, transaction, transfer, outbox_event TO ost_app;
GRANT UPDATE (held, pending_in, updated_at) ON account TO ost_app;
GRANT SELECT ON entry, reconciliation, chain, chain_cursor, chain_block, chain_submission, submission_attempt TO ost_app;
GRANT SELECT (id, chain_id, address, status, pause_reason, balance_wei, balance_checked_at, created_at) ON lane TO ost_app;

GRANT SELECT, INSERT, UPDATE ON tenant, economy, economy_step, economy_user, wallet, transaction_type, activity, airdrop, idempotency_record,
  account, hold, transaction, chain, lane, chain_submission, submission_attempt, chain_cursor, chain_block, outbox_cursor TO ost_worker;
GRANT SELECT, INSERT ON transfer, entry, reconciliation, outbox_event, audit_log, price_point TO ost_worker;
GRANT SELECT ON token_rule, token_rule_version TO ost_worker;
GRANT DELETE ON idempotency_record, outbox_event TO ost_worker;
