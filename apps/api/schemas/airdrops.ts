import { type Static, Type } from 'typebox'
import { LISTED_RECIPIENTS_MAX } from '#core/airdrop/airdrop.ts'
import { Body, Id, ListQuery, Nullable, Strict, Timestamp, Units } from './common.ts'
import { MetadataSchema } from './metadata.ts'

const Filter = Strict({
  is_verified: Type.Optional(Type.Boolean()),
  metadata: Type.Optional({
    ...MetadataSchema,
    description: 'Every key must be among the user’s metadata with this value.',
  }),
  never_airdropped: Type.Optional(
    Type.Boolean({ description: 'true: only users to whom no airdrop has given anything yet.' }),
  ),
})

/** Exactly one of the three ways to say who receives. */
const RecipientsBody = Type.Object(
  {
    all: Type.Optional(Type.Literal(true, { description: 'Every active user.' })),
    filter: Type.Optional(Filter),
    user_ids: Type.Optional(
      Type.Array(Id('usr'), {
        minItems: 1,
        maxItems: LISTED_RECIPIENTS_MAX,
        description: 'These users; one named twice receives once.',
      }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'Who receives: one of `all`, `filter` and `user_ids`.',
    examples: [{ filter: { is_verified: true, never_airdropped: true } }],
  },
)

export const CreateAirdropBody = Body(
  {
    type: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'The transaction type, of kind `company_to_user`: its name, or its id (`typ_…`).',
      examples: ['reward'],
    }),
    amount: Type.Optional(
      Type.String({
        maxLength: 60,
        description:
          'For each recipient; only where the type leaves it open. Base units, or a decimal amount where the type is in USD, EUR or GBP.',
        examples: ['1000000000000000000'],
      }),
    ),
    recipients: RecipientsBody,
    metadata: Type.Optional(MetadataSchema),
  },
  { type: 'reward', amount: '1000000000000000000', recipients: { all: true } },
)
export type CreateAirdropBody = Static<typeof CreateAirdropBody>

export const ListAirdropsQuery = ListQuery({})

const Count = Type.Integer({ minimum: 0 })

/** An airdrop and how far it is. */
export const AirdropSchema = Type.Object({
  object: Type.Literal('airdrop'),
  id: Id('air'),
  status: Type.Enum(['queued', 'running', 'completed', 'failed'], {
    description:
      'queued · running: recipients become transactions · completed: every recipient was accepted or refused · failed: nothing more will be',
  }),
  failure_reason: Nullable(Type.String()),
  type_id: Id('typ'),
  amount: { ...Units, description: 'Base units per recipient, at the price of the moment it was created.' },
  recipients: Type.Object({
    kind: Type.Enum(['all', 'filter', 'list']),
    filter: Nullable(Filter),
  }),
  progress: Type.Object(
    { total: Count, accepted: Count, refused: Count, mined: Count, confirmed: Count, failed: Count },
    {
      description:
        'accepted and refused count recipients; mined, confirmed and failed what became of the accepted transactions.',
    },
  ),
  metadata: MetadataSchema,
  created_at: Timestamp,
  ended_at: Nullable(Timestamp),
})
