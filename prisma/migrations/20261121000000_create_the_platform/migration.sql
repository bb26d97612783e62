-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "tenant" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "member" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "economy_id" UUID,
    "environment" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "ip_allow_list" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "replaced_by_id" UUID,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',
    "ip" TEXT,
    "request_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_record" (
    "scope_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "fingerprint" JSONB NOT NULL,
    "transaction_id" UUID,
    "status" INTEGER,
    "response" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("scope_id","key")
);

-- CreateTable
CREATE TABLE "chain" (
    "id" BIGINT NOT NULL,
    "role" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "block_time_ms" INTEGER NOT NULL,
    "finality_depth" INTEGER NOT NULL,
    "contracts" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'active',
    "halt_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lane" (
    "id" UUID NOT NULL,
    "chain_id" BIGINT NOT NULL,
    "address" TEXT NOT NULL,
    "key_jwe" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "pause_reason" TEXT,
    "balance_wei" DECIMAL(78,0),
    "balance_checked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lane_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "economy" (
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "chain_id" BIGINT NOT NULL,
    "lane_id" UUID NOT NULL,
    "environment" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "decimals" INTEGER NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'draft',
    "failure_reason" TEXT,
    "token_address" TEXT,
    "token_rules_address" TEXT,
    "company_user_id" UUID NOT NULL,
    "initial_grant" DECIMAL(78,0) NOT NULL,
    "config_version" INTEGER NOT NULL DEFAULT 1,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "economy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "economy_step" (
    "economy_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "submission_id" UUID,
    "detail" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "economy_step_pkey" PRIMARY KEY ("economy_id","position")
);

-- CreateTable
CREATE TABLE "economy_user" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "type" TEXT NOT NULL DEFAULT 'user',
    "external_id" TEXT,
    "name" TEXT,
    "is_verified" BOOLEAN NOT NULL DEFAULT false,
    "status" TEXT NOT NULL DEFAULT 'active',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "economy_user_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "wallet" (
    "economy_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "salt" BYTEA NOT NULL,
    "custody" TEXT NOT NULL DEFAULT 'managed',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "wallet_pkey" PRIMARY KEY ("economy_id","user_id")
);

-- CreateTable
CREATE TABLE "transaction_type" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'token',
    "allows_arbitrary_amount" BOOLEAN NOT NULL,
    "amount_units" DECIMAL(78,0),
    "amount_fiat" DECIMAL(38,6),
    "allows_arbitrary_commission" BOOLEAN NOT NULL DEFAULT false,
    "commission_bps" INTEGER,
    "commission_units" DECIMAL(78,0),
    "commission_fiat" DECIMAL(38,6),
    "status" TEXT NOT NULL DEFAULT 'active',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "transaction_type_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "token_rule" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "type_id" UUID,
    "expression" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_rule_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "token_rule_version" (
    "economy_id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "type_id" UUID,
    "expression" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_rule_version_pkey" PRIMARY KEY ("economy_id","rule_id","version")
);

-- CreateTable
CREATE TABLE "price_point" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "currency" TEXT NOT NULL,
    "price" DECIMAL(38,18) NOT NULL,
    "source" TEXT NOT NULL,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_point_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "activity" (
    "economy_id" UUID NOT NULL,
    "subject_id" UUID NOT NULL,
    "hour" TIMESTAMPTZ(0) NOT NULL,
    "tenant_id" UUID NOT NULL,
    "count" BIGINT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,

    CONSTRAINT "activity_pkey" PRIMARY KEY ("economy_id","subject_id","hour")
);

-- CreateTable
CREATE TABLE "account" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "settled" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "held" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "pending_in" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "entry" (
    "economy_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "block_number" BIGINT NOT NULL,
    "log_index" INTEGER NOT NULL,
    "side" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "is_reversal" BOOLEAN NOT NULL DEFAULT false,
    "tenant_id" UUID NOT NULL,
    "block_hash" TEXT NOT NULL,
    "tx_hash" TEXT NOT NULL,
    "counter_account_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "transaction_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "entry_pkey" PRIMARY KEY ("economy_id","account_id","block_number","log_index","side","block_hash","generation","is_reversal")
);

-- CreateTable
CREATE TABLE "hold" (
    "economy_id" UUID NOT NULL,
    "transaction_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "hold_pkey" PRIMARY KEY ("economy_id","transaction_id")
);

-- CreateTable
CREATE TABLE "reconciliation" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "block_number" BIGINT NOT NULL,
    "block_hash" TEXT NOT NULL,
    "accounts" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "differences" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reconciliation_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "transaction" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "type_id" UUID NOT NULL,
    "from_user_id" UUID NOT NULL,
    "to_user_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "commission" DECIMAL(78,0) NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'token',
    "amount_fiat" DECIMAL(38,6),
    "price" DECIMAL(38,18),
    "status" TEXT NOT NULL DEFAULT 'queued',
    "failure_code" TEXT,
    "failure_reason" TEXT,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "airdrop_id" UUID,
    "config_version" INTEGER NOT NULL,
    "rules" JSONB NOT NULL DEFAULT '[]',
    "submission_id" UUID,
    "payment_index" INTEGER,
    "block_number" BIGINT,
    "tx_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "submitted_at" TIMESTAMPTZ(3),
    "mined_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "transaction_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "transfer" (
    "economy_id" UUID NOT NULL,
    "transaction_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "tenant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "from_account_id" UUID NOT NULL,
    "to_account_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,

    CONSTRAINT "transfer_pkey" PRIMARY KEY ("economy_id","transaction_id","position")
);

-- CreateTable
CREATE TABLE "airdrop" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "type_id" UUID NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "selection" JSONB NOT NULL,
    "recipient_ids" UUID[],
    "status" TEXT NOT NULL DEFAULT 'queued',
    "failure_reason" TEXT,
    "total" INTEGER NOT NULL,
    "accepted" INTEGER NOT NULL DEFAULT 0,
    "refused" INTEGER NOT NULL DEFAULT 0,
    "cursor" UUID,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "airdrop_pkey" PRIMARY KEY ("economy_id","id")
);

-- CreateTable
CREATE TABLE "chain_submission" (
    "id" UUID NOT NULL,
    "chain_id" BIGINT NOT NULL,
    "lane_id" UUID NOT NULL,
    "economy_id" UUID,
    "tenant_id" UUID,
    "kind" TEXT NOT NULL,
    "to_address" TEXT NOT NULL,
    "calldata" BYTEA NOT NULL,
    "gas_limit" BIGINT NOT NULL,
    "nonce" BIGINT,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "transaction_ids" UUID[],
    "block_number" BIGINT,
    "block_hash" TEXT,
    "tx_hash" TEXT,
    "gas_used" BIGINT,
    "effective_gas_price" DECIMAL(78,0),
    "revert_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "signed_at" TIMESTAMPTZ(3),
    "mined_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "chain_submission_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "submission_attempt" (
    "submission_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "tenant_id" UUID,
    "raw_tx" BYTEA NOT NULL,
    "tx_hash" TEXT NOT NULL,
    "max_fee_per_gas" DECIMAL(78,0) NOT NULL,
    "max_priority_fee_per_gas" DECIMAL(78,0) NOT NULL,
    "signed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "broadcast_at" TIMESTAMPTZ(3),
    "broadcasts" INTEGER NOT NULL DEFAULT 0,
    "answers" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "submission_attempt_pkey" PRIMARY KEY ("submission_id","attempt")
);

-- CreateTable
CREATE TABLE "chain_cursor" (
    "chain_id" BIGINT NOT NULL,
    "block_number" BIGINT NOT NULL,
    "block_hash" TEXT NOT NULL,
    "head_number" BIGINT NOT NULL,
    "final_number" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_cursor_pkey" PRIMARY KEY ("chain_id")
);

-- CreateTable
CREATE TABLE "chain_block" (
    "chain_id" BIGINT NOT NULL,
    "number" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "parent_hash" TEXT NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'canonical',
    "mined_at" TIMESTAMPTZ(3) NOT NULL,
    "indexed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chain_block_pkey" PRIMARY KEY ("chain_id","number","hash")
);

-- CreateTable
CREATE TABLE "outbox_event" (
    "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "economy_id" UUID,
    "topic" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "payload" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_event_pkey" PRIMARY KEY ("xid","id")
);

-- CreateTable
CREATE TABLE "outbox_cursor" (
    "consumer" TEXT NOT NULL,
    "xid" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_cursor_pkey" PRIMARY KEY ("consumer")
);

-- CreateIndex
CREATE UNIQUE INDEX "member_tenant_id_email_key" ON "member"("tenant_id", "email");

-- CreateIndex
CREATE INDEX "api_key_tenant_id_id_idx" ON "api_key"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "idempotency_record_created_at_idx" ON "idempotency_record"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "lane_chain_id_address_key" ON "lane"("chain_id", "address");

-- CreateIndex
CREATE INDEX "economy_tenant_id_id_idx" ON "economy"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "economy_lane_id_idx" ON "economy"("lane_id");

-- CreateIndex
CREATE UNIQUE INDEX "economy_tenant_id_environment_symbol_key" ON "economy"("tenant_id", "environment", "symbol");

-- CreateIndex
CREATE UNIQUE INDEX "economy_user_economy_id_external_id_key" ON "economy_user"("economy_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "wallet_economy_id_address_key" ON "wallet"("economy_id", "address");

-- CreateIndex
CREATE UNIQUE INDEX "wallet_economy_id_salt_key" ON "wallet"("economy_id", "salt");

-- CreateIndex
CREATE UNIQUE INDEX "transaction_type_economy_id_name_key" ON "transaction_type"("economy_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "token_rule_economy_id_name_key" ON "token_rule"("economy_id", "name");

-- CreateIndex
CREATE INDEX "price_point_economy_id_currency_as_of_idx" ON "price_point"("economy_id", "currency", "as_of" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "account_economy_id_address_key" ON "account"("economy_id", "address");

-- CreateIndex
CREATE INDEX "transaction_economy_id_from_user_id_id_idx" ON "transaction"("economy_id", "from_user_id", "id");

-- CreateIndex
CREATE INDEX "transaction_economy_id_to_user_id_id_idx" ON "transaction"("economy_id", "to_user_id", "id");

-- CreateIndex
CREATE INDEX "transaction_economy_id_type_id_id_idx" ON "transaction"("economy_id", "type_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "chain_submission_lane_id_nonce_key" ON "chain_submission"("lane_id", "nonce");

-- CreateIndex
CREATE UNIQUE INDEX "submission_attempt_tx_hash_key" ON "submission_attempt"("tx_hash");

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lane" ADD CONSTRAINT "lane_chain_id_fkey" FOREIGN KEY ("chain_id") REFERENCES "chain"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "economy" ADD CONSTRAINT "economy_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "economy" ADD CONSTRAINT "economy_chain_id_fkey" FOREIGN KEY ("chain_id") REFERENCES "chain"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "economy" ADD CONSTRAINT "economy_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "lane"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "economy_step" ADD CONSTRAINT "economy_step_economy_id_fkey" FOREIGN KEY ("economy_id") REFERENCES "economy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "economy_user" ADD CONSTRAINT "economy_user_economy_id_fkey" FOREIGN KEY ("economy_id") REFERENCES "economy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wallet" ADD CONSTRAINT "wallet_economy_id_user_id_fkey" FOREIGN KEY ("economy_id", "user_id") REFERENCES "economy_user"("economy_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "token_rule_version" ADD CONSTRAINT "token_rule_version_economy_id_rule_id_fkey" FOREIGN KEY ("economy_id", "rule_id") REFERENCES "token_rule"("economy_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "transfer" ADD CONSTRAINT "transfer_economy_id_transaction_id_fkey" FOREIGN KEY ("economy_id", "transaction_id") REFERENCES "transaction"("economy_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "chain_submission" ADD CONSTRAINT "chain_submission_lane_id_fkey" FOREIGN KEY ("lane_id") REFERENCES "lane"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "submission_attempt" ADD CONSTRAINT "submission_attempt_submission_id_fkey" FOREIGN KEY ("submission_id") REFERENCES "chain_submission"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

