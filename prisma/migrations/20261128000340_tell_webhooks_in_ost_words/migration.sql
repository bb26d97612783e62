-- Webhooks of the OST API v2: told in its words, signed by one secret per economy, each address once.

ALTER TABLE "webhook_endpoint" ADD COLUMN "format" TEXT NOT NULL DEFAULT 'v3';

-- ------------------------------------------------------------------------------------------------ what Prisma cannot say

ALTER TABLE webhook_endpoint ADD CONSTRAINT webhook_endpoint_format CHECK (format IN ('v3', 'ost-v2'));
-- A digest, since an address may be longer than an index entry.
CREATE UNIQUE INDEX webhook_endpoint_ost_url ON webhook_endpoint (economy_id, md5(url)) WHERE format = 'ost-v2' AND deleted_at IS NULL;
