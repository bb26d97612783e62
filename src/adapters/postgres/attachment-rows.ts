import type pg from 'pg'
import type { NewBundle } from '#core/bundle/bundle.ts'
import type { NewManagedUnstake } from '#core/gateway/message.ts'
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

/** Message, steps, consent and audit entry of an unstake: its first event shares its id. */
const INSERT_UNSTAKES = `
WITH item AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS item(
    economy_id uuid, id uuid, tenant_id uuid, kind text, status text, message_hash text, sender text, beneficiary text, amount numeric,
    bounty numeric, fee numeric, nonce numeric, hash_lock text, deadline bigint, secret_jwe text, user_id uuid, transaction_id uuid,
    steps jsonb, consent jsonb, audit jsonb)
), new_event AS (
  INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, created_at)
  SELECT id, tenant_id, economy_id, 'unstake.created', id, $2::timestamptz FROM item
), new_message AS (
  INSERT INTO gateway_message (economy_id, id, tenant_id, kind, status, message_hash, sender, beneficiary, amount, bounty, fee, nonce,
                               hash_lock, deadline, secret_jwe, user_id, transaction_id, look_at, created_at, updated_at)
  SELECT economy_id, id, tenant_id, kind, status, message_hash, sender, beneficiary, amount, bounty, fee, nonce,
         hash_lock, deadline, secret_jwe, user_id, transaction_id, $2::timestamptz, $2::timestamptz, $2::timestamptz
  FROM item
), new_step AS (
  INSERT INTO gateway_message_step (economy_id, message_id, position, tenant_id, name)
  SELECT item.economy_id, item.id, step.position, item.tenant_id, step.name
  FROM item CROSS JOIN LATERAL jsonb_array_elements_text(item.steps) WITH ORDINALITY AS step(name, position)
), new_consent AS (
  INSERT INTO unstake_consent (economy_id, message_id, tenant_id, user_id, amount, bounty, fee, beneficiary, text, text_hash, given_at,
                               created_at)
  SELECT economy_id, id, tenant_id, user_id, amount, bounty, fee, beneficiary, consent ->> 'text', consent ->> 'textHash',
         (consent ->> 'givenAt')::timestamptz, $2::timestamptz
  FROM item WHERE jsonb_typeof(consent) = 'object'
)
INSERT INTO audit_log (tenant_id, id, actor_type, actor_id, action, subject_type, subject_id, details, ip, request_id, created_at)
SELECT item.tenant_id, act.id, act."actorType", act."actorId", act.action, act."subjectType", act."subjectId", act.details, act.ip,
       act."requestId", act."createdAt"
FROM item CROSS JOIN LATERAL jsonb_to_record(item.audit) AS act(
  id uuid, "actorType" text, "actorId" text, action text, "subjectType" text, "subjectId" text, details jsonb, ip text,
  "requestId" text, "createdAt" timestamptz)`

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
  const unstakes = attachments.flatMap((accepted) =>
    accepted.attachment.kind === 'unstake' ? [toUnstakeItem(accepted, accepted.attachment.unstake)] : [],
  )
  if (unstakes.length > 0) {
    const values = [JSON.stringify(unstakes), now]
    await client.query({ name: 'accept_unstakes', text: INSERT_UNSTAKES, values })
  }
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

function toUnstakeItem(
  accepted: AcceptedAttachment,
  { message, secretJwe, userId, consent, audit }: NewManagedUnstake,
) {
  const { intent } = message
  return {
    economy_id: accepted.economyId,
    id: message.id,
    tenant_id: accepted.tenantId,
    kind: message.kind,
    status: message.status,
    message_hash: message.messageHash,
    sender: intent.sender,
    beneficiary: intent.beneficiary,
    amount: intent.amount.toString(),
    bounty: intent.bounty.toString(),
    fee: intent.fee.toString(),
    nonce: intent.nonce.toString(),
    hash_lock: intent.hashLock,
    deadline: intent.deadline.toString(),
    secret_jwe: secretJwe,
    user_id: userId,
    transaction_id: accepted.transactionIds[0],
    steps: message.steps.map((step) => step.name),
    consent,
    audit,
  }
}
