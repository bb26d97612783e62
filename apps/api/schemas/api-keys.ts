import { Type } from 'typebox'
import {
  IP_ALLOW_LIST_MAX,
  ROTATION_OVERLAP_DEFAULT,
  ROTATION_OVERLAP_MAX,
  SIGNING_ALGORITHMS,
} from '#core/tenant/api-key.ts'
import { SCOPES } from '#core/tenant/scopes.ts'
import { ENVIRONMENTS } from '#core/tenant/tenant.ts'
import { Body, Id, ListQuery, Nullable, Timestamp } from './common.ts'

const Name = Type.String({ minLength: 1, maxLength: 200, examples: ['Game server'] })
const Scopes = Type.Array(Type.Enum([...SCOPES]), { minItems: 1, maxItems: SCOPES.length, uniqueItems: true })
const Environment = Type.Enum([...ENVIRONMENTS])
const Algorithm = Type.Enum([...SIGNING_ALGORITHMS], {
  description:
    'hmac-sha256: with a secret that we share · ed25519: with a private key that only you hold · ost-v1, ost-v2: as the OST SDKs of 2018 and 2019 do',
})
const PublicKey = {
  maxLength: 64,
  description:
    'Ed25519: the 32 bytes of the public key in base64url. Answers about ost-v1 and ost-v2: the API key to give to the SDK.',
}
const IsRequired = { description: 'True: the key is refused as a bearer token.' }

export const CreateApiKeyBody = Body(
  {
    name: Name,
    economy_id: Type.Optional(Id('eco', 'Of one economy; left out: of the whole tenant.')),
    environment: Type.Enum([...ENVIRONMENTS], { default: 'sandbox' }),
    scopes: Scopes,
    ip_allow_list: Type.Array(Type.String({ maxLength: 64, examples: ['203.0.113.0/24'] }), {
      maxItems: IP_ALLOW_LIST_MAX,
      default: [],
      description: 'Addresses and CIDR ranges it works from; empty: from everywhere.',
    }),
    expires_at: Type.Optional(Timestamp),
    signing: Type.Optional(
      Type.Object(
        {
          algorithm: Algorithm,
          public_key: Type.Optional(Type.String(PublicKey)),
          required: Type.Boolean({ default: false, ...IsRequired }),
        },
        {
          additionalProperties: false,
          description:
            'Lets the key sign requests (RFC 9421, or as an OST SDK does) instead of being sent with them.',
        },
      ),
    ),
  },
  { name: 'Game server', scopes: ['users:read', 'users:write', 'transactions:read', 'transactions:write'] },
)

export const RotateApiKeyBody = Body(
  {
    overlap_seconds: Type.Integer({
      minimum: 0,
      maximum: ROTATION_OVERLAP_MAX,
      default: ROTATION_OVERLAP_DEFAULT,
      description: 'How long the old key still works.',
    }),
  },
  { overlap_seconds: 3_600 },
)

export const ListApiKeysQuery = ListQuery({ economy_id: Type.Optional(Id('eco')) })

export const ApiKeySchema = Type.Object({
  object: Type.Literal('api_key'),
  id: Id('key'),
  name: Name,
  economy_id: Nullable(Id('eco')),
  environment: Environment,
  scopes: Type.Array(Type.Enum([...SCOPES])),
  ip_allow_list: Type.Array(Type.String()),
  status: Type.Enum(['active', 'expired', 'revoked']),
  created_at: Timestamp,
  expires_at: Nullable(Timestamp),
  last_used_at: Nullable({ ...Timestamp, description: 'To the minute.' }),
  revoked_at: Nullable(Timestamp),
  replaced_by_id: Nullable(Id('key')),
  signing: Nullable(
    Type.Object({
      algorithm: Algorithm,
      public_key: Nullable(Type.String(PublicKey)),
      required: Type.Boolean(IsRequired),
    }),
  ),
})

export const IssuedApiKeySchema = Type.Object(
  {
    ...ApiKeySchema.properties,
    secret: Type.String({
      description: 'The key itself. Shown this once: keep it now.',
      examples: ['ost_test_01k0g2qz5me93tnsy1xq2zc7ah_…_4tK9bQ'],
    }),
    signing_secret: Nullable(
      Type.String({
        description:
          'What an hmac-sha256, ost-v1 or ost-v2 key signs with. Shown this once too; null for other keys.',
      }),
    ),
  },
  { title: 'IssuedApiKey' },
)
