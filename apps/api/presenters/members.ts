import type { Member } from '#core/tenant/member.ts'
import { toWire } from './wire-id.ts'

export function presentMember(member: Member) {
  return {
    object: 'member' as const,
    id: toWire('mem', member.id),
    email: member.email,
    name: member.name,
    role: member.role,
    created_at: member.createdAt.toISOString(),
  }
}
