-- Redemptions by signature: what their senders sign for the token names it, and counts their permits.

-- A name that an economy was given later is not the token's: the audit log knows the first one.
ALTER TABLE "backing" ADD COLUMN "utility_token_name" TEXT;
UPDATE backing SET utility_token_name = coalesce(
  (SELECT a.details ->> 'name' FROM audit_log a
   WHERE a.action = 'economy.created' AND a.subject_id = backing.economy_id::text AND a.details ? 'name' LIMIT 1),
  (SELECT e.name FROM economy e WHERE e.id = backing.economy_id));
ALTER TABLE "backing" ALTER COLUMN "utility_token_name" SET NOT NULL;
GRANT INSERT (utility_token_name) ON backing TO ost_app;

-- A permit holds as long as its intent.
ALTER TABLE "gateway_message" DROP COLUMN "permit_deadline", ADD COLUMN "permit_nonce" DECIMAL(78,0),
  ADD CONSTRAINT gateway_message_permit CHECK (permit_nonce IS NOT NULL OR permit_signature IS NULL);
GRANT SELECT (permit_nonce) ON gateway_message TO ost_app;
