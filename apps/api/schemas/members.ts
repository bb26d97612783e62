import { Type } from 'typebox'
import { MEMBER_ROLES } from '#core/tenant/member.ts'
import { Body, Id, ListQuery, Timestamp } from './common.ts'

export const Email = Type.String({ format: 'email', maxLength: 254, examples: ['ada@example.com'] })
export const PersonName = Type.String({ minLength: 1, maxLength: 200, examples: ['Ada Lovelace'] })

const Role = Type.Enum([...MEMBER_ROLES], { description: 'owner · admin · developer · viewer' })

export const CreateMemberBody = Body(
  { email: Email, name: PersonName, role: Role },
  { email: 'grace@example.com', name: 'Grace Hopper', role: 'developer' },
)
export const UpdateMemberBody = Body({ role: Role }, { role: 'admin' })
export const ListMembersQuery = ListQuery({})

export const MemberSchema = Type.Object({
  object: Type.Literal('member'),
  id: Id('mem'),
  email: Type.String(),
  name: Type.String(),
  role: Role,
  created_at: Timestamp,
})
