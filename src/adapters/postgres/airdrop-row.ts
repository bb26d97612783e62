import type { Airdrop, AirdropStatus, RecipientFilter, Recipients } from '#core/airdrop/airdrop.ts'
import type { Metadata } from '#core/shared/metadata.ts'

/** An airdrop's columns; numbers as text, as both ways to Postgres give them when asked to. */
export interface AirdropRow {
  economy_id: string
  id: string
  tenant_id: string
  type_id: string
  amount: string
  selection: Selection
  recipient_ids: string[]
  status: AirdropStatus
  failure_reason: string | null
  total: number
  accepted: number
  refused: number
  cursor: string | null
  metadata: Metadata
  created_at: Date
  ended_at: Date | null
}

/** The `selection` column. */
export interface Selection {
  kind: Recipients['kind']
  filter: RecipientFilter | null
  amount: string | null
  lastUserId: string | null
}

/** Selects an {@link AirdropRow}; `a` is the airdrop. */
export const AIRDROP_COLUMNS = `a.economy_id, a.id, a.tenant_id, a.type_id, a.amount::text, a.selection, a.recipient_ids, a.status,
  a.failure_reason, a.total, a.accepted, a.refused, a.cursor, a.metadata, a.created_at, a.ended_at`

export function toAirdrop(row: AirdropRow): Airdrop {
  const { selection } = row
  return {
    id: row.id,
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    typeId: row.type_id,
    amount: BigInt(row.amount),
    amountText: selection.amount,
    recipients: toRecipients(selection, row.recipient_ids),
    lastUserId: selection.lastUserId,
    status: row.status,
    failureReason: row.failure_reason,
    total: row.total,
    accepted: row.accepted,
    refused: row.refused,
    cursor: row.cursor,
    metadata: row.metadata,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }
}

function toRecipients(selection: Selection, userIds: string[]): Recipients {
  switch (selection.kind) {
    case 'all':
      return { kind: 'all' }
    case 'filter':
      return { kind: 'filter', filter: selection.filter ?? {} }
    case 'list':
      return { kind: 'list', userIds }
  }
}

export function toSelection(airdrop: Airdrop): Selection {
  const { recipients } = airdrop
  return {
    kind: recipients.kind,
    filter: recipients.kind === 'filter' ? recipients.filter : null,
    amount: airdrop.amountText,
    lastUserId: airdrop.lastUserId,
  }
}

/**
 * The active users `u` of an economy that match, as a condition whose parameters stand after those in `values`, which it
 * extends.
 */
export function matchingUsers(economyId: string, filter: RecipientFilter, values: unknown[]): string {
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const conditions = [
    `u.economy_id = ${parameter(economyId)}::uuid`,
    "u.type = 'user'",
    "u.status = 'active'",
  ]
  if (filter.isVerified !== undefined)
    conditions.push(`u.is_verified = ${parameter(filter.isVerified)}::boolean`)
  if (filter.metadata) conditions.push(`u.metadata @> ${parameter(JSON.stringify(filter.metadata))}::jsonb`)
  const airdropped = `EXISTS (SELECT FROM transaction t WHERE t.economy_id = u.economy_id AND t.to_user_id = u.id
      AND t.airdrop_id IS NOT NULL AND t.status <> 'failed')`
  if (filter.neverAirdropped) conditions.push(`NOT ${airdropped}`)
  if (filter.everAirdropped) conditions.push(airdropped)
  return conditions.join(' AND ')
}
