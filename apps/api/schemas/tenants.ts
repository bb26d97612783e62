import { Type } from 'typebox'
import { ENVIRONMENTS } from '#core/tenant/tenant.ts'
import { IssuedApiKeySchema } from './api-keys.ts'
import { Body, Id, Strict, Timestamp } from './common.ts'
import { Email, MemberSchema, PersonName } from './members.ts'

export const CreateTenantBody = Body(
  {
    name: Type.String({ minLength: 1, maxLength: 200, examples: ['Acme Coffee'] }),
    owner: Strict({ email: Email, name: PersonName }),
    environment: Type.Enum([...ENVIRONMENTS], { default: 'sandbox', description: 'Of the first key.' }),
  },
  { name: 'Acme Coffee', owner: { email: 'ada@example.com', name: 'Ada Lovelace' } },
)

export const TenantSchema = Type.Object({
  object: Type.Literal('tenant'),
  id: Id('ten'),
  name: Type.String(),
  status: Type.Enum(['active', 'suspended']),
  created_at: Timestamp,
})

export const CreatedTenantSchema = Type.Object(
  { ...TenantSchema.properties, owner: MemberSchema, api_key: IssuedApiKeySchema },
  { title: 'CreatedTenant' },
)
