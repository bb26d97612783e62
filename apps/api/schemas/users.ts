import { type Static, Type } from 'typebox'
import { EXTERNAL_ID_LENGTH_MAX, USER_NAME_LENGTH_MAX, USERS_BATCH_MAX } from '#core/user/user.ts'
import { Address, Body, Id, ListQuery, Nullable, Strict, Timestamp } from './common.ts'
import { MetadataSchema } from './metadata.ts'

const ExternalId = Type.String({
  minLength: 1,
  maxLength: EXTERNAL_ID_LENGTH_MAX,
  description: 'Your own id of the person; unique in the economy.',
  examples: ['customer-4711'],
})
const Name = Type.String({ minLength: 1, maxLength: USER_NAME_LENGTH_MAX, examples: ['Ada'] })
const IsVerified = Type.Boolean({ description: 'You know who it is; token rules may ask for it.' })

export const CreateUserBody = Body(
  {
    external_id: Type.Optional(Nullable(ExternalId)),
    name: Type.Optional(Nullable(Name)),
    is_verified: Type.Optional(IsVerified),
    metadata: Type.Optional(MetadataSchema),
  },
  { external_id: 'customer-4711', name: 'Ada', is_verified: true },
)
export type CreateUserBody = Static<typeof CreateUserBody>

export const CreateUsersBody = Body(
  {
    users: Type.Array(CreateUserBody, { minItems: 1, maxItems: USERS_BATCH_MAX }),
  },
  {
    users: [
      { external_id: 'customer-4712', name: 'Grace' },
      { external_id: 'customer-4713', name: 'Linus' },
    ],
  },
)

/** A batch before its items were looked at: each is judged on its own. */
export const AnyUsersBody = Strict({
  users: Type.Array(Type.Unknown(), { minItems: 1, maxItems: USERS_BATCH_MAX }),
})

export const UpdateUserBody = Body(
  CreateUserBody.properties,
  { name: 'Ada Lovelace', metadata: { favourite: 'flat white' } },
  { minProperties: 1 },
)

const UserType = Type.Enum(['user', 'company', 'redeemer'], {
  description:
    'company: the economy itself; there is one, and it is created with the economy · redeemer: where tokens of managed wallets are while they are redeemed; there is one at most, from the first of them on.',
})
const UserStatus = Type.Enum(['active', 'archived'])

export const ListUsersQuery = ListQuery({
  external_id: Type.Optional(ExternalId),
  status: Type.Optional(UserStatus),
  type: Type.Optional(UserType),
  name_prefix: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: USER_NAME_LENGTH_MAX,
      description: 'The name begins so, whatever the case.',
    }),
  ),
})

export const UserSchema = Type.Object({
  object: Type.Literal('user'),
  id: Id('usr'),
  type: UserType,
  external_id: Nullable(Type.String()),
  name: Nullable(Type.String()),
  is_verified: IsVerified,
  status: UserStatus,
  metadata: MetadataSchema,
  wallet: Type.Object({
    address: { ...Address, description: 'Known from the start; nothing needs to be deployed to receive.' },
    custody: Type.Enum(['managed', 'self_custody'], {
      description: "managed: moved by the economy's rules · self_custody: by the user's own signatures only",
    }),
  }),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const UserBatchSchema = Type.Object({
  object: Type.Literal('user_batch'),
  created: Type.Integer(),
  refused: Type.Integer(),
  data: Type.Array(
    Type.Object({
      index: Type.Integer(),
      user: Nullable(UserSchema),
      problem: Nullable(
        Type.Object({ code: Type.String(), detail: Type.String() }, { additionalProperties: true }),
      ),
    }),
    { description: 'One result per item, in order: a user, or the problem why not.' },
  ),
})
