import { Type } from 'typebox'
import { AUDIT_SUBJECTS } from '#core/tenant/audit-entry.ts'
import { ListQuery, Nullable, Timestamp } from './common.ts'

export const ListAuditLogQuery = ListQuery({
  action: Type.Optional(Type.String({ maxLength: 64, examples: ['api_key.revoked'] })),
  subject_type: Type.Optional(Type.Enum([...AUDIT_SUBJECTS])),
  subject_id: Type.Optional(Type.String({ maxLength: 64, examples: ['key_01k0g2qz5me93tnsy1xq2zc7ah'] })),
  since: Type.Optional({ ...Timestamp, description: 'From this moment on.' }),
  until: Type.Optional({ ...Timestamp, description: 'Before this moment.' }),
})

export const AuditEntrySchema = Type.Object({
  object: Type.Literal('audit_entry'),
  id: Type.String({ examples: ['aud_01k0g2qz5me93tnsy1xq2zc7ah'] }),
  action: Type.String({ examples: ['api_key.revoked'] }),
  actor: Type.Object({
    type: Type.Enum(['api_key', 'member', 'operator', 'system']),
    id: Type.String({ description: 'Of an API key or a member: its id.' }),
  }),
  subject: Type.Object({ type: Type.Enum([...AUDIT_SUBJECTS]), id: Type.String() }),
  details: Type.Record(Type.String(), Type.Unknown()),
  ip: Nullable(Type.String()),
  request_id: Nullable(Type.String()),
  created_at: Timestamp,
})
