import { Type } from 'typebox'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '#core/session/password.ts'
import { ACCESS_TOKEN_SECONDS } from '#core/session/session.ts'
import { MEMBER_ROLES } from '#core/tenant/member.ts'
import { Body, exampleId, Id, Nullable, Timestamp } from './common.ts'
import { Email } from './members.ts'

const NewPassword = Type.String({
  minLength: PASSWORD_LENGTH_MIN,
  maxLength: PASSWORD_LENGTH_MAX,
  description: 'Several words; length is what counts.',
  examples: ['correct horse battery staple'],
})
/** One that is not set here: any text may be tried, and is wrong. */
const Password = Type.String({
  minLength: 1,
  maxLength: PASSWORD_LENGTH_MAX,
  description: 'The password.',
  examples: ['correct horse battery staple'],
})
const Token = { minLength: 1, maxLength: 128 }

export const SignInBody = Body(
  {
    email: Email,
    password: Password,
    tenant_id: Type.Optional(Id('ten', 'Needed by who belongs to several tenants.')),
  },
  { email: 'ada@example.com', password: 'correct horse battery staple', tenant_id: exampleId('ten') },
)
export const RefreshBody = Body(
  {
    refresh_token: Type.String({
      ...Token,
      description: 'The one of the last sign-in or refresh. Each works once.',
      examples: [`ost_refresh_${'x'.repeat(43)}`],
    }),
  },
  { refresh_token: `ost_refresh_${'x'.repeat(43)}` },
)
export const AcceptInvitationBody = Body(
  {
    token: Type.String({
      ...Token,
      description: 'The invitation.',
      examples: [`ost_invite_${'x'.repeat(43)}`],
    }),
    password: NewPassword,
  },
  { token: `ost_invite_${'x'.repeat(43)}`, password: 'correct horse battery staple' },
)
export const SignOutBody = Body(
  { everywhere: Type.Boolean({ default: false, description: 'True: every session of yours ends.' }) },
  { everywhere: true },
)
export const ChangePasswordBody = Body(
  { current_password: Password, new_password: NewPassword },
  { current_password: 'correct horse battery staple', new_password: 'a different set of words' },
)

const Role = Type.Enum([...MEMBER_ROLES], { description: 'owner · admin · developer · viewer' })

export const AccessGrantSchema = Type.Object({
  object: Type.Literal('access_grant'),
  access_token: Type.String({ description: 'Send it as `Authorization: Bearer …`.' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({
    description: `Seconds for which the access token works: ${ACCESS_TOKEN_SECONDS}.`,
  }),
  refresh_token: Type.String({ description: 'Gets the next pair, once. Keep it as you keep a password.' }),
  refresh_expires_at: Type.String({
    ...Timestamp,
    description: 'Until when it works, if it is not used before.',
  }),
  session_id: Id('ses'),
  member_id: Id('mem'),
  role: Role,
})

export const SessionSchema = Type.Object({
  object: Type.Literal('session'),
  id: Id('ses'),
  is_current: Type.Boolean({ description: 'The one that asks.' }),
  ip: Nullable(Type.String({ description: 'Where it was begun.' })),
  user_agent: Nullable(Type.String({ description: 'What the client called itself.' })),
  created_at: Timestamp,
  refreshed_at: Type.String({ ...Timestamp, description: 'When it was last refreshed.' }),
  expires_at: Type.String({ ...Timestamp, description: 'When it ends without a refresh.' }),
})
/** All of them: there are few. */
export const SessionsSchema = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(SessionSchema),
})

export const InvitationSchema = Type.Object({
  object: Type.Literal('invitation'),
  member_id: Id('mem'),
  token: Type.String({ description: 'Shown this once: the person sets a password with it.' }),
  expires_at: Timestamp,
})

export const KeySetSchema = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.Literal('OKP'),
      crv: Type.Literal('Ed25519'),
      alg: Type.Literal('EdDSA'),
      use: Type.Literal('sig'),
      kid: Type.String(),
      x: Type.String(),
    }),
  ),
})
