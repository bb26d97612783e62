-- Webhooks: who is told (endpoints), what (events, each body once), how far that came (deliveries, their tries), and ranges
-- that are told again (replays). Nothing of this is written on the way of a transaction: a reader of the outbox does it later.

CREATE TABLE "webhook_endpoint" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "topics" TEXT[],
    "mode" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'enabled',
    "disabled_reason" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "lease_token" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "retry_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("economy_id","id")
);

CREATE TABLE "webhook_event" (
    "economy_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "topic" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_event_pkey" PRIMARY KEY ("economy_id","event_id")
);

CREATE TABLE "webhook_delivery" (
    "economy_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "first_due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_attempt_at" TIMESTAMPTZ(3),
    "status_code" INTEGER,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("economy_id","endpoint_id","event_id")
);

CREATE TABLE "webhook_attempt" (
    "economy_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "attempted_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "status_code" INTEGER,
    "response_body" TEXT,
    "error" TEXT,

    CONSTRAINT "webhook_attempt_pkey" PRIMARY KEY ("economy_id","endpoint_id","event_id","id")
);

CREATE TABLE "webhook_replay" (
    "economy_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "tenant_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "scope" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'running',
    "cursor_xid" BIGINT NOT NULL DEFAULT 0,
    "cursor_id" UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid,
    "queued" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_replay_pkey" PRIMARY KEY ("economy_id","id")
);

ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_economy_id_fkey"
  FOREIGN KEY ("economy_id") REFERENCES "economy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_replay" ADD CONSTRAINT "webhook_replay_economy_id_endpoint_id_fkey"
  FOREIGN KEY ("economy_id","endpoint_id") REFERENCES "webhook_endpoint"("economy_id","id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE INDEX "webhook_event_economy_id_subject_id_idx" ON "webhook_event"("economy_id", "subject_id");
CREATE INDEX "webhook_event_created_at_idx" ON "webhook_event"("created_at");
-- One economy's part of the log in the log's order: GET /v3/events, and replays.
CREATE INDEX "outbox_event_economy_id_xid_id_idx" ON "outbox_event"("economy_id", "xid", "id");

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE webhook_endpoint
  ADD CONSTRAINT webhook_endpoint_mode CHECK (mode IN ('parallel', 'ordered')),
  ADD CONSTRAINT webhook_endpoint_status CHECK (status IN ('enabled', 'disabled')),
  ADD CONSTRAINT webhook_endpoint_disabled CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
  ADD CONSTRAINT webhook_endpoint_lease CHECK ((lease_token IS NULL) = (lease_until IS NULL)),
  ADD CONSTRAINT webhook_endpoint_previous CHECK ((previous_secret IS NULL) = (previous_secret_expires_at IS NULL));
ALTER TABLE webhook_delivery
  ADD CONSTRAINT webhook_delivery_status CHECK (status IN ('pending', 'delivered', 'failed')),
  ADD CONSTRAINT webhook_delivery_attempts CHECK (attempts >= 0);
ALTER TABLE webhook_replay
  ADD CONSTRAINT webhook_replay_scope CHECK (scope IN ('undelivered', 'all')),
  ADD CONSTRAINT webhook_replay_status CHECK (status IN ('running', 'done')),
  ADD CONSTRAINT webhook_replay_range CHECK (from_at < to_at);

-- Endpoint ids are UUIDv7 and unique by themselves, so what is due can be found without the economy.
CREATE INDEX webhook_endpoint_enabled ON webhook_endpoint (id) WHERE status = 'enabled' AND deleted_at IS NULL;
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_attempt_at, position) WHERE status = 'pending';
CREATE INDEX webhook_delivery_in_order ON webhook_delivery (endpoint_id, position) WHERE status = 'pending';
CREATE INDEX webhook_delivery_failed ON webhook_delivery (economy_id, endpoint_id, event_id) WHERE status = 'failed';
CREATE INDEX webhook_replay_running ON webhook_replay (id) WHERE status = 'running';
ALTER TABLE webhook_delivery SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE webhook_endpoint SET (fillfactor = 50);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook_endpoint', 'webhook_event', 'webhook_delivery', 'webhook_attempt', 'webhook_replay']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_only ON %I TO ost_app USING (tenant_id = ANY ((SELECT ost_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT ost_tenants())::uuid[]))', t);
    EXECUTE format('CREATE POLICY all_tenants ON %I TO ost_worker USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON webhook_endpoint, webhook_delivery TO ost_app;
GRANT SELECT, INSERT ON webhook_event, webhook_replay TO ost_app;
GRANT SELECT ON webhook_attempt TO ost_app;
GRANT SELECT, UPDATE ON webhook_endpoint, webhook_replay TO ost_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO ost_worker;
GRANT SELECT, INSERT, DELETE ON webhook_event, webhook_attempt TO ost_worker;
GRANT USAGE ON SEQUENCE webhook_delivery_position_seq TO ost_app, ost_worker;
