import type pg from 'pg'
import type { NewBundle } from '#core/bundle/bundle.ts'
import type { NewRedemption } from '#core/redemption/redemption.ts'
import type { AcceptedAttachment } from '#core/transaction/attachment.ts'

const INSERT_BUNDLES = `
WITH item AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS item(
    economy_id uuid, id uuid, tenant_id uuid, rule text, call jsonb, meta_name text, meta_type text, meta_details text, members jsonb)
), new_bundle AS (
  INSERT INTO transaction_bundle (economy_id, id, tenant_id, rule, call, meta_name, meta_type, meta_details, created_at)
  SELECT economy_id, id, tenant_id, rule, call, meta_name, meta_type, meta_details, $2::timestamptz FROM item
)
INSERT INTO bundle_member (economy_id, transaction_id, tenant_id, bundle_id, position)
SELECT item.economy_id, member.id::uuid, item.tenant_id, item.id, member.position - 1
FROM item CROSS JOIN LATERAL jsonb_array_elements_text(item.members) WITH ORDINALITY AS member(id, position)`

/** The event shares the order's id: it is the first and only one of its kind. */
const INSERT_REDEMPTIONS = `
WITH item AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS item(
    economy_id uuid, id uuid, tenant_id uuid, user_id uuid, sku_id uuid, transaction_id uuid, amount_fiat numeric,
    country_iso_code text, currency_iso_code text, email text)
), new_event AS (
  INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, created_at)
  SELECT id, tenant_id, economy_id, 'redemption.created', id, $2::timestamptz FROM item
)
INSERT INTO redemption (economy_id, id, tenant_id, user_id, sku_id, transaction_id, amount_fiat, country_iso_code,
                        currency_iso_code, email, created_at)
SELECT economy_id, id, tenant_id, user_id, sku_id, transaction_id, amount_fiat, country_iso_code, currency_iso_code, email,
       $2::timestamptz
FROM item`

/** Writes what came with a batch's transactions: one statement per kind. */
export async function writeAttachments(
  client: Pick<pg.PoolClient, 'query'>,
  attachments: readonly AcceptedAttachment[],
  now: Date,
): Promise<void> {
  const bundles = attachments.flatMap((accepted) =>
    accepted.attachment.kind === 'bundle' ? [toBundleItem(accepted, accepted.attachment.bundle)] : [],
  )
  const redemptions = attachments.flatMap((accepted) =>
    accepted.attachment.kind === 'redemption'
      ? [toRedemptionItem(accepted, accepted.attachment.redemption)]
      : [],
  )
  if (bundles.length > 0) {
    const values = [JSON.stringify(bundles), now]
    await client.query({ name: 'accept_bundles', text: INSERT_BUNDLES, values })
  }
  if (redemptions.length > 0) {
    const values = [JSON.stringify(redemptions), now]
    await client.query({ name: 'accept_redemptions', text: INSERT_REDEMPTIONS, values })
  }
}

function toBundleItem({ tenantId, economyId, transactionIds }: AcceptedAttachment, bundle: NewBundle) {
  const { id, rule, call, meta } = bundle
  return {
    economy_id: economyId,
    id,
    tenant_id: tenantId,
    rule,
    call,
    meta_name: meta.name,
    meta_type: meta.type,
    meta_details: meta.details,
    members: transactionIds,
  }
}

function toRedemptionItem(accepted: AcceptedAttachment, redemption: NewRedemption) {
  return {
    economy_id: accepted.economyId,
    id: redemption.id,
    tenant_id: accepted.tenantId,
    user_id: redemption.userId,
    sku_id: redemption.skuId,
    transaction_id: accepted.transactionIds[0],
    amount_fiat: redemption.amountFiat,
    country_iso_code: redemption.countryIsoCode,
    currency_iso_code: redemption.currencyIsoCode,
    email: redemption.email,
  }
}
