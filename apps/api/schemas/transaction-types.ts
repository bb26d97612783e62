import { Type } from 'typebox'
import { FIAT_CURRENCIES } from '#core/rule/currency.ts'
import {
  COMMISSION_BPS_MAX,
  type CommissionDefinition,
  TYPE_NAME_LENGTH_MAX,
} from '#core/rule/transaction-type.ts'
import { Body, Id, ListQuery, Nullable, Strict, Timestamp } from './common.ts'
import { MetadataSchema } from './metadata.ts'

const Name = Type.String({
  minLength: 1,
  maxLength: TYPE_NAME_LENGTH_MAX,
  description: 'Unique in the economy; transactions may name their type so.',
  examples: ['tip'],
})
const Kind = Type.Enum(['user_to_user', 'company_to_user', 'user_to_company'], {
  description: 'Who pays whom; the company is the economy itself.',
})
const Currency = Type.Enum(['token', ...FIAT_CURRENCIES], {
  description:
    'token: amounts in base units. Otherwise decimal amounts of that currency, converted by the latest price point.',
})
const Amount = Nullable(
  Type.String({
    maxLength: 80,
    description:
      'Base units, or a decimal with at most 6 places where the currency is not the token. Null: each transaction names its own.',
    examples: ['1500000000000000000'],
  }),
)
const BPS = { minimum: 1, maximum: COMMISSION_BPS_MAX, description: 'Basis points of the amount.' }
const Commission = Type.Unsafe<CommissionDefinition>(
  Type.Union(
    [
      Strict({ bps: Type.Integer(BPS) }),
      Strict({
        amount: Type.String({ maxLength: 80, description: 'Fixed, in the currency of the amount.' }),
      }),
      Strict({ arbitrary: Type.Literal(true, { description: 'Each transaction names its own.' }) }),
      Type.Null(),
    ],
    {
      description:
        'What the payer pays on top of the amount, to the company. Only where users pay each other.',
    },
  ),
)

export const CreateTransactionTypeBody = Body(
  {
    name: Name,
    kind: Kind,
    currency: Type.Enum(['token', ...FIAT_CURRENCIES], { default: 'token' }),
    amount: Type.Optional(Amount),
    commission: Type.Optional(Commission),
    metadata: Type.Optional(MetadataSchema),
  },
  { name: 'coffee', kind: 'user_to_company', amount: '3500000000000000000' },
)

export const UpdateTransactionTypeBody = Body(
  {
    name: Type.Optional(Name),
    amount: Type.Optional(Amount),
    commission: Type.Optional(Commission),
    metadata: Type.Optional(MetadataSchema),
  },
  { metadata: { label: 'On the house' } },
  { minProperties: 1 },
)

export const ListTransactionTypesQuery = ListQuery({
  status: Type.Optional(Type.Enum(['active', 'archived'])),
  kind: Type.Optional(Kind),
  name: Type.Optional(Name),
})

export const TransactionTypeSchema = Type.Object({
  object: Type.Literal('transaction_type'),
  id: Id('typ'),
  name: Name,
  kind: Kind,
  currency: Currency,
  amount: Amount,
  commission: Commission,
  status: Type.Enum(['active', 'archived']),
  metadata: MetadataSchema,
  created_at: Timestamp,
  updated_at: Timestamp,
})
