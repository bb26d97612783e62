import { Type } from 'typebox'
import { DRY_RUN_LIMIT_MAX } from '#core/rule/dry-run-token-rule.ts'
import { EXPRESSION_LENGTH_MAX } from '#core/rule/rule-compiler.ts'
import { RULE_MESSAGE_LENGTH_MAX, RULE_NAME_LENGTH_MAX } from '#core/rule/token-rule.ts'
import { Body, Id, ListQuery, Nullable, Timestamp, Units } from './common.ts'

/** Of people: the company may give away as much as it likes. */
const DAILY_LIMIT = 'sender.type == "company" || window.sender.day.sum + tx.total <= tokens("1000")'

const Name = Type.String({
  minLength: 1,
  maxLength: RULE_NAME_LENGTH_MAX,
  description: 'Unique in the economy; refusals name the rule by it.',
  examples: ['Daily limit per user'],
})
const TypeId = Nullable(Id('typ', 'Asked for this transaction type only. Null: for every one.'))
const Expression = Type.String({
  minLength: 1,
  maxLength: EXPRESSION_LENGTH_MAX,
  description:
    'CEL; true lets the transaction pass. Variables: `tx`, `type`, `sender`, `recipient`, `window`. Amounts are written `tokens("1.5")` or `units("1500000000000000000")`.',
  examples: [DAILY_LIMIT],
})
const Message = Type.String({
  minLength: 1,
  maxLength: RULE_MESSAGE_LENGTH_MAX,
  description: 'Shown to the caller when the rule refuses.',
  examples: ['You can send 1,000 tokens a day.'],
})

export const CreateTokenRuleBody = Body(
  {
    name: Name,
    type_id: Type.Optional(TypeId),
    expression: Expression,
    message: Message,
  },
  { name: 'Daily limit per user', expression: DAILY_LIMIT, message: 'You can send 1,000 tokens a day.' },
)

export const UpdateTokenRuleBody = Body(
  {
    name: Type.Optional(Name),
    type_id: Type.Optional(TypeId),
    expression: Type.Optional(Expression),
    message: Type.Optional(Message),
  },
  { message: 'You can send 1,000 tokens a day. Try again tomorrow.' },
  { minProperties: 1 },
)

export const ListTokenRulesQuery = ListQuery({
  status: Type.Optional(Type.Enum(['active', 'archived'])),
  type_id: Type.Optional(Id('typ')),
  name: Type.Optional(Name),
})

export const TokenRuleSchema = Type.Object({
  object: Type.Literal('token_rule'),
  id: Id('rul'),
  name: Name,
  version: Type.Integer({ description: 'Rises with each change of what the rule says or where it applies.' }),
  type_id: TypeId,
  expression: Type.String(),
  message: Type.String(),
  status: Type.Enum(['active', 'archived']),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const ListTokenRuleVersionsQuery = ListQuery({})

export const TokenRuleVersionSchema = Type.Object({
  object: Type.Literal('token_rule_version'),
  rule_id: Id('rul'),
  version: Type.Integer(),
  type_id: TypeId,
  expression: Type.String(),
  message: Type.String(),
  created_at: Timestamp,
})

export const DryRunTokenRuleBody = Body(
  {
    expression: Expression,
    type_id: Type.Optional(TypeId),
    from: Type.Optional({ ...Timestamp, description: 'Transactions from this moment on.' }),
    to: Type.Optional({ ...Timestamp, description: 'Transactions before this moment.' }),
    limit: Type.Integer({
      minimum: 1,
      maximum: DRY_RUN_LIMIT_MAX,
      default: 100,
      description: 'Newest transactions to look at.',
    }),
  },
  { expression: DAILY_LIMIT },
)

export const DryRunTokenRuleSchema = Type.Object({
  object: Type.Literal('token_rule_dry_run'),
  evaluated: Type.Integer(),
  passed: Type.Integer(),
  refused: Type.Integer(),
  failed: Type.Integer({
    description: 'Of those refused: because the expression could not be evaluated.',
  }),
  samples: Type.Array(
    Type.Object({
      transaction_id: Id('txn'),
      created_at: Timestamp,
      amount: Units,
      from_user_id: Id('usr'),
      to_user_id: Id('usr'),
      error: Nullable(Type.String({ description: 'Why it could not be evaluated.' })),
    }),
    { description: 'The newest of those refused.' },
  ),
})
