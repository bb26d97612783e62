import { Type } from 'typebox'
import { MetadataSchema } from './metadata.ts'

/** Most transactions of one batch request. */
export const BATCH_TRANSACTIONS_MAX = 1_000

const Amount = Type.String({
  maxLength: 60,
  description:
    'Only where the transaction type leaves it open. Base units of the token, or a decimal amount where the type is in USD, EUR or GBP.',
  examples: ['1500000000000000000'],
})

/** One execution of a transaction type. */
export const ExecuteTransactionBody = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 120, description: 'The transaction type: its name, or its id (`typ_…`).', examples: ['tip'] }),
    from_user_id: Type.Optional(Type.String({ description: 'The payer. May be left out where the type makes the company pay.' })),
    to_user_id: Type.Optional(Type.String({ description: 'The recipient. May be left out where the type pays the company.' })),
    amount: Type.Optional(Amount),
    commission: Type.Optional(Amount),
    metadata: Type.Optional(MetadataSchema),
  },
  { additionalProperties: false },
)

/** Many executions under one idempotency key; each is decided on its own. */
export const ExecuteBatchBody = Type.Object(
  { transactions: Type.Array(ExecuteTransactionBody, { minItems: 1, maxItems: BATCH_TRANSACTIONS_MAX }) },
  { additionalProperties: false },
)

const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()])
const Timestamp = Type.String({ format: 'date-time' })

export const TransactionStatusSchema = Type.Union(
  (['queued', 'submitted', 'mined', 'confirmed', 'failed'] as const).map((status) => Type.Literal(status)),
  { description: 'queued: funds held · submitted: signed for the chain · mined: settled · confirmed: final · failed: funds released' },
)

/** A transaction as it stands. */
export const TransactionSchema = Type.Object({
  object: Type.Literal('transaction'),
  id: Type.String({ examples: ['txn_01k0000000e0080000000000000'] }),
  status: TransactionStatusSchema,
  type_id: Type.String(),
  from_user_id: Type.String(),
  to_user_id: Type.String(),
  amount: Type.String({ description: 'Base units.' }),
  commission: Type.String({ description: 'Base units, paid on top of the amount.' }),
  currency: Type.String(),
  amount_fiat: Nullable(Type.String()),
  price: Nullable(Type.String()),
  metadata: MetadataSchema,
  airdrop_id: Nullable(Type.String()),
  transfers: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('amount'), Type.Literal('commission')]),
      from_user_id: Type.String(),
      to_user_id: Type.String(),
      amount: Type.String(),
    }),
  ),
  chain: Type.Union([
    Type.Object({
      tx_hash: Type.String(),
      block_number: Type.Union([Type.Integer(), Type.Null()]),
      fee_wei: Nullable(Type.String({ description: "The transaction's share of its batch's cost." })),
    }),
    Type.Null(),
  ]),
  failure: Type.Union([Type.Object({ code: Type.String(), reason: Type.String() }), Type.Null()]),
  created_at: Timestamp,
  submitted_at: Nullable(Timestamp),
  mined_at: Nullable(Timestamp),
  ended_at: Nullable(Timestamp),
})
