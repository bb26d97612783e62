-- One row of the log holds all events of one kind that one step wrote, instead of a row per transaction and state
-- (docs/adr/0022-events-by-the-batch.md). Stop api and worker of the version before: they write rows that this takes away.

ALTER TABLE outbox_event RENAME TO outbox_record;
ALTER TABLE outbox_record RENAME COLUMN id TO last_id;
ALTER TABLE outbox_record RENAME CONSTRAINT outbox_event_pkey TO outbox_record_pkey;
ALTER INDEX outbox_event_economy_id_xid_id_idx RENAME TO outbox_record_economy_id_xid_last_id_idx;
DROP TRIGGER outbox_event_append_only ON outbox_record;

ALTER TABLE outbox_record ADD COLUMN "event_ids" UUID[], ADD COLUMN "subject_ids" UUID[];
UPDATE outbox_record SET event_ids = ARRAY[last_id], subject_ids = ARRAY[subject_id];
ALTER TABLE outbox_record
  DROP COLUMN "subject_id",
  ADD CONSTRAINT outbox_record_events CHECK (
    cardinality(event_ids) BETWEEN 1 AND 1000 AND cardinality(subject_ids) = cardinality(event_ids)
    AND event_ids[cardinality(event_ids)] = last_id),
  ALTER COLUMN "event_ids" SET NOT NULL,
  ALTER COLUMN "subject_ids" SET NOT NULL,
  -- Ids hardly compress; the count is asked for more often than they are.
  ALTER COLUMN "event_ids" SET STORAGE EXTERNAL,
  ALTER COLUMN "subject_ids" SET STORAGE EXTERNAL,
  ADD COLUMN "events" SMALLINT NOT NULL GENERATED ALWAYS AS (cardinality(event_ids)) STORED;
CREATE TRIGGER outbox_record_append_only BEFORE UPDATE ON outbox_record FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The events one by one. What is asked for by a place in the log is asked of the records, which are in its order.
CREATE VIEW outbox_event WITH (security_invoker = true) AS
SELECT r.xid, e.id, r.tenant_id, r.economy_id, r.topic, e.subject_id, r.payload, r.created_at
FROM outbox_record r CROSS JOIN LATERAL unnest(r.event_ids, r.subject_ids) AS e(id, subject_id);

-- A single event may be written as one.
CREATE FUNCTION record_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox_record (xid, last_id, tenant_id, economy_id, topic, event_ids, subject_ids, payload, created_at)
  VALUES (coalesce(NEW.xid, pg_current_xact_id()::text::bigint), NEW.id, NEW.tenant_id, NEW.economy_id, NEW.topic, ARRAY[NEW.id],
          ARRAY[NEW.subject_id], NEW.payload, coalesce(NEW.created_at, now()));
  RETURN NEW;
END $$;
CREATE TRIGGER outbox_event_recorded INSTEAD OF INSERT ON outbox_event FOR EACH ROW EXECUTE FUNCTION record_event();

GRANT SELECT, INSERT ON outbox_event TO ost_app, ost_worker;

CREATE OR REPLACE FUNCTION platform_outbox_readers()
RETURNS TABLE (consumer text, xid bigint, event_id uuid, updated_at timestamptz, unread bigint, oldest_unread_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT c.consumer, c.xid, c.event_id, c.updated_at, ahead.unread, ahead.oldest
  FROM outbox_cursor c
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.events), 0)::bigint AS unread, min(e.created_at) AS oldest
    FROM (SELECT created_at, events FROM outbox_record WHERE (xid, last_id) > (c.xid, c.event_id)
          ORDER BY xid, last_id LIMIT 100000) e
  ) ahead
  ORDER BY c.consumer
$$;
