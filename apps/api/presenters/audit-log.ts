import type { AuditEntry, AuditSubject } from '#core/tenant/audit-entry.ts'
import { type IdPrefix, toWire } from './wire-id.ts'

const PREFIX_OF: Record<AuditSubject, IdPrefix> = {
  tenant: 'ten',
  member: 'mem',
  api_key: 'key',
  economy: 'eco',
  user: 'usr',
  transaction_type: 'typ',
  token_rule: 'rul',
  price_point: 'prc',
  airdrop: 'air',
  webhook: 'whk',
  redeemable_sku: 'sku',
  redemption: 'rdm',
  stake: 'stk',
  unstake: 'ust',
}

/** The prefix of ids of such subjects. */
export function prefixOfSubject(type: AuditSubject): IdPrefix {
  return PREFIX_OF[type]
}

export function presentAuditEntry(entry: AuditEntry) {
  return {
    object: 'audit_entry' as const,
    id: toWire('aud', entry.id),
    action: entry.action,
    actor: {
      type: entry.actorType,
      id: actorIdOf(entry),
    },
    subject: { type: entry.subjectType, id: toWire(PREFIX_OF[entry.subjectType], entry.subjectId) },
    details: { ...entry.details },
    ip: entry.ip,
    request_id: entry.requestId,
    created_at: entry.createdAt.toISOString(),
  }
}

function actorIdOf({ actorType, actorId }: AuditEntry): string {
  if (actorType === 'api_key') return toWire('key', actorId)
  return actorType === 'member' ? toWire('mem', actorId) : actorId
}
