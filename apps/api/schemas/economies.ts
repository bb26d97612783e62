import { Type } from 'typebox'
import { ECONOMY_CALL_STATUSES } from '#core/chain/economy-call.ts'
import { DEPLOYMENT_STEPS, ECONOMY_STATUSES } from '#core/economy/economy.ts'
import { ENVIRONMENTS } from '#core/tenant/tenant.ts'
import { Address, Body, Id, ListQuery, Nullable, Timestamp, Units } from './common.ts'
import { MetadataSchema } from './metadata.ts'

const Name = Type.String({ minLength: 1, maxLength: 100, examples: ['Acme Coffee'] })
const Symbol = Type.String({ pattern: '^[A-Z0-9]{2,10}$', examples: ['ACME'] })
const Environment = Type.Enum([...ENVIRONMENTS])
const Status = Type.Enum([...ECONOMY_STATUSES], {
  description:
    'deploying: its contracts are on their way · active: takes transactions · failed: deployment stopped, can be retried · paused',
})

export const CreateEconomyBody = Body(
  {
    name: Name,
    symbol: Symbol,
    decimals: Type.Integer({ minimum: 0, maximum: 18, default: 18 }),
    environment: Type.Enum([...ENVIRONMENTS], { default: 'sandbox' }),
    initial_grant: Type.Optional({
      ...Units,
      description:
        'Sandbox only. Base units of play money that the company starts with; left out: a million whole tokens.',
    }),
    rate: Type.Optional(
      Type.String({
        pattern: '^[0-9]{1,29}(\\.[0-9]{1,5})?$',
        description:
          'Production only, and needed there: whole tokens for one whole value token, fixed for good.',
        examples: ['100'],
      }),
    ),
    metadata: Type.Optional(MetadataSchema),
  },
  { name: 'Acme Coffee', symbol: 'ACME' },
)

export const UpdateEconomyBody = Body(
  { name: Type.Optional(Name), metadata: Type.Optional(MetadataSchema) },
  { name: 'Acme Coffee Club' },
  { minProperties: 1 },
)

export const GrantTokensBody = Body({ amount: Units }, { amount: '1000000000000000000000' })

export const ListEconomiesQuery = ListQuery({
  status: Type.Optional(Type.Enum([...ECONOMY_STATUSES])),
  environment: Type.Optional(Environment),
})

export const EconomySchema = Type.Object({
  object: Type.Literal('economy'),
  id: Id('eco'),
  name: Type.String(),
  symbol: Type.String(),
  decimals: Type.Integer(),
  environment: Environment,
  status: Status,
  failure_reason: Nullable(Type.String()),
  chain_id: Type.Integer({ examples: [31_002] }),
  token_address: {
    ...Address,
    description: 'Known from the start; the contract is there once the economy is active.',
  },
  token_rules_address: Address,
  company_user_id: { ...Id('usr'), description: 'The business itself as a user of its economy.' },
  initial_grant: Units,
  metadata: MetadataSchema,
  steps: Type.Array(
    Type.Object({
      name: Type.Enum([...DEPLOYMENT_STEPS]),
      status: Type.Enum(['pending', 'running', 'done', 'failed']),
      detail: Nullable(Type.String()),
      started_at: Nullable(Timestamp),
      finished_at: Nullable(Timestamp),
    }),
  ),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const TokenGrantSchema = Type.Object({
  object: Type.Literal('token_grant'),
  id: Id('sub'),
  economy_id: Id('eco'),
  amount: Units,
  status: Type.Enum([...ECONOMY_CALL_STATUSES], {
    description: 'In the answer: queued. Events tell of the others.',
  }),
  failure_reason: Nullable(Type.String({ description: 'Why it failed.' })),
  transaction_hash: Nullable(Type.String({ description: 'On the utility chain, once it is signed.' })),
  block_number: Nullable(Type.Integer()),
  created_at: Timestamp,
})
