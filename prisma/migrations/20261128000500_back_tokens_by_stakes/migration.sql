-- Value backs utility: the terms of production economies, the messages between the gateways, and who carries them.

-- A facilitator's lane carries messages between the chains; economies are placed on relayers only.
ALTER TABLE lane ADD COLUMN purpose text NOT NULL DEFAULT 'relayer',
  ADD CONSTRAINT lane_purpose CHECK (purpose IN ('relayer', 'facilitator'));
GRANT SELECT (purpose) ON lane TO ost_app;

CREATE TABLE "backing" (
    "economy_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "terms_id" TEXT NOT NULL,
    "value_chain_id" BIGINT NOT NULL,
    "utility_chain_id" BIGINT NOT NULL,
    "gateway" TEXT NOT NULL,
    "co_gateway" TEXT NOT NULL,
    "value_token" TEXT NOT NULL,
    "value_token_name" TEXT NOT NULL,
    "value_decimals" INTEGER NOT NULL,
    "utility_token" TEXT NOT NULL,
    "utility_decimals" INTEGER NOT NULL,
    "rate" DECIMAL(78,0) NOT NULL,
    "rate_decimals" INTEGER NOT NULL,
    "holder_factory" TEXT NOT NULL,
    "holder_init_code_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "staked" DECIMAL(78,0),
    "in_flight" DECIMAL(78,0),
    "value_block" BIGINT,
    "value_block_hash" TEXT,
    "supply" DECIMAL(78,0),
    "utility_block" BIGINT,
    "utility_block_hash" TEXT,
    "seen_at" TIMESTAMPTZ(3),

    CONSTRAINT "backing_pkey" PRIMARY KEY ("economy_id")
);
CREATE TABLE "gateway_message" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "message_hash" TEXT NOT NULL,
    "sender" TEXT NOT NULL,
    "beneficiary" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "bounty" DECIMAL(78,0) NOT NULL,
    "fee" DECIMAL(78,0) NOT NULL,
    "nonce" DECIMAL(78,0) NOT NULL,
    "hash_lock" TEXT NOT NULL,
    "deadline" BIGINT NOT NULL,
    "secret_jwe" TEXT NOT NULL,
    "signature" TEXT,
    "permit_signature" TEXT,
    "permit_deadline" BIGINT,
    "sent_tx_hash" TEXT,
    "submission_id" UUID,
    "submission_step" TEXT,
    "root_chain_id" BIGINT,
    "root_height" BIGINT,
    "problem" TEXT,
    "refusals" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,
    "look_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "gateway_message_pkey" PRIMARY KEY ("economy_id","id")
);
CREATE UNIQUE INDEX "gateway_message_id_key" ON "gateway_message"("id");
CREATE UNIQUE INDEX "gateway_message_message_hash_key" ON "gateway_message"("message_hash");
CREATE TABLE "gateway_message_step" (
    "economy_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "tx_hash" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "gateway_message_step_pkey" PRIMARY KEY ("economy_id","message_id","position")
);
CREATE TABLE "anchor_key" (
    "id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "key_jwe" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "anchor_key_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "anchor_key_address_key" ON "anchor_key"("address");
CREATE TABLE "anchoring" (
    "chain_id" BIGINT NOT NULL,
    "submission_id" UUID,
    "height" BIGINT,
    "anchored_at" TIMESTAMPTZ(3),
    "looked_at" TIMESTAMPTZ(3),

    CONSTRAINT "anchoring_pkey" PRIMARY KEY ("chain_id")
);

ALTER TABLE "backing" ADD CONSTRAINT "backing_economy_id_fkey"
  FOREIGN KEY ("economy_id") REFERENCES "economy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "gateway_message" ADD CONSTRAINT "gateway_message_economy_id_fkey"
  FOREIGN KEY ("economy_id") REFERENCES "backing"("economy_id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "gateway_message_step" ADD CONSTRAINT "gateway_message_step_economy_id_message_id_fkey"
  FOREIGN KEY ("economy_id","message_id") REFERENCES "gateway_message"("economy_id","id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE backing
  ADD CONSTRAINT backing_rate CHECK (rate > 0 AND rate_decimals BETWEEN 0 AND 5),
  ADD CONSTRAINT backing_seen CHECK (num_nulls(staked, in_flight, value_block, value_block_hash, supply, utility_block,
                                               utility_block_hash, seen_at) IN (0, 8));
ALTER TABLE gateway_message
  ADD CONSTRAINT gateway_message_kind CHECK (kind IN ('stake', 'redeem')),
  ADD CONSTRAINT gateway_message_status CHECK (status IN (
    'awaiting_signature', 'signed', 'declared', 'confirmed', 'progressed', 'completed', 'revoking', 'revoked', 'expired')),
  ADD CONSTRAINT gateway_message_amount CHECK (amount > 0 AND bounty >= 0 AND fee >= 0),
  ADD CONSTRAINT gateway_message_ended CHECK ((status IN ('completed', 'revoked', 'expired')) = (ended_at IS NOT NULL)),
  ADD CONSTRAINT gateway_message_look CHECK ((ended_at IS NULL) = (look_at IS NOT NULL)),
  ADD CONSTRAINT gateway_message_root CHECK ((root_chain_id IS NULL) = (root_height IS NULL)),
  ADD CONSTRAINT gateway_message_submission CHECK ((submission_id IS NULL) = (submission_step IS NULL));
ALTER TABLE gateway_message_step ADD CONSTRAINT gateway_message_step_status CHECK (status IN ('pending', 'running', 'done'));
CREATE INDEX gateway_message_due ON gateway_message (look_at) WHERE ended_at IS NULL;
CREATE INDEX gateway_message_roots ON gateway_message (root_chain_id) WHERE root_chain_id IS NOT NULL AND ended_at IS NULL;
CREATE INDEX gateway_message_list ON gateway_message (economy_id, kind, id);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['backing', 'gateway_message', 'gateway_message_step']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

-- The API writes a message with its sealed secret and can never read the secret back. What the chains say of it is the worker's.
GRANT SELECT ON backing, gateway_message_step TO ost_app;
GRANT INSERT (economy_id, tenant_id, terms_id, value_chain_id, utility_chain_id, gateway, co_gateway, value_token, value_token_name,
              value_decimals, utility_token, utility_decimals, rate, rate_decimals, holder_factory, holder_init_code_hash, created_at)
  ON backing TO ost_app;
GRANT INSERT ON gateway_message TO ost_app;
GRANT INSERT (economy_id, message_id, position, tenant_id, name) ON gateway_message_step TO ost_app;
GRANT SELECT (economy_id, id, tenant_id, kind, status, message_hash, sender, beneficiary, amount, bounty, fee, nonce, hash_lock, deadline,
              signature, permit_signature, permit_deadline, sent_tx_hash, problem, version, created_at, updated_at, ended_at)
  ON gateway_message TO ost_app;
GRANT UPDATE (status, signature, permit_signature, permit_deadline, sent_tx_hash, look_at, version, problem, updated_at) ON gateway_message TO ost_app;
GRANT SELECT, UPDATE ON backing, gateway_message, gateway_message_step TO ost_worker;
GRANT SELECT, INSERT, UPDATE ON anchor_key, anchoring TO ost_worker;

-- A message names the submission that was made for it; one that was queued again is found by its first id.
CREATE INDEX chain_submission_origin ON chain_submission (origin_id) WHERE origin_id IS NOT NULL;
