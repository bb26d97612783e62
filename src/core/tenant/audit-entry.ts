import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'

/** An administrative act: who did what to which thing. Never changed, never removed. */
export interface AuditEntry {
  id: string
  actorType: Actor['type']
  actorId: string
  /** `<noun>.<past participle>`: `api_key.revoked`. */
  action: string
  subjectType: AuditSubject
  subjectId: string
  /** What changed. Never a secret. */
  details: Readonly<Record<string, unknown>>
  ip: string | null
  requestId: string | null
  createdAt: Date
}

/** The kinds of things that are administered. */
export const AUDIT_SUBJECTS = [
  'tenant',
  'member',
  'api_key',
  'economy',
  'user',
  'transaction_type',
  'token_rule',
  'price_point',
  'airdrop',
  'webhook',
  'redeemable_sku',
  'redemption',
  'stake',
  'unstake',
] as const
export type AuditSubject = (typeof AUDIT_SUBJECTS)[number]

interface Act {
  action: string
  subjectType: AuditSubject
  subjectId: string
  details?: Readonly<Record<string, unknown>>
}

/** The log's entry for an act of `actor`, to be appended in the unit of work that holds the act itself. */
export function auditEntry(deps: { clock: Clock; ids: Ids }, actor: Actor, act: Act): AuditEntry {
  return {
    id: deps.ids.next(),
    actorType: actor.type,
    actorId: actor.id,
    action: act.action,
    subjectType: act.subjectType,
    subjectId: act.subjectId,
    details: act.details ?? {},
    ip: actor.ip ?? null,
    requestId: actor.requestId ?? null,
    createdAt: deps.clock.now(),
  }
}
