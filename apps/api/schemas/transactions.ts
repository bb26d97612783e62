import { type Static, Type } from 'typebox'
import { Body, exampleId, Id, ListQuery, Nullable, Timestamp, Units } from './common.ts'
import { MetadataSchema } from './metadata.ts'

/** Most transactions of one batch request. */
export const BATCH_TRANSACTIONS_MAX = 1_000
/** Seconds that `Prefer: wait` may hold an answer. */
export const WAIT_SECONDS_MAX = 30

const OpenAmount = Type.String({
  maxLength: 60,
  description:
    'Only where the transaction type leaves it open. Base units of the token, or a decimal amount where the type is in USD, EUR or GBP.',
  examples: ['1500000000000000000'],
})

const [ALICE, BOB] = [exampleId('usr'), exampleId('usr', 'other')]
const TIP = { type: 'tip', from_user_id: ALICE, to_user_id: BOB, amount: '1500000000000000000' }

export const ExecuteTransaction = Body(
  {
    type: Type.String({
      minLength: 1,
      maxLength: 120,
      description: 'The transaction type: its name, or its id.',
      examples: ['tip'],
    }),
    from_user_id: Type.Optional(Id('usr', 'Who pays. Left out where the type says that it is the company.')),
    to_user_id: Type.Optional(Id('usr', 'Who is paid. Left out where the type says that it is the company.')),
    amount: Type.Optional(OpenAmount),
    commission: Type.Optional(OpenAmount),
    metadata: Type.Optional(MetadataSchema),
  },
  TIP,
)
export type ExecuteTransactionBody = Static<typeof ExecuteTransaction>

export const ExecuteBatch = Body(
  {
    transactions: Type.Array(ExecuteTransaction, { minItems: 1, maxItems: BATCH_TRANSACTIONS_MAX }),
  },
  {
    transactions: [
      { type: 'reward', to_user_id: ALICE, amount: '5000000000000000000' },
      TIP,
      { type: 'purchase', from_user_id: ALICE, amount: '3500000000000000000' },
    ],
  },
)

export const TransactionStatus = Type.Enum(['queued', 'submitted', 'mined', 'confirmed', 'failed'], {
  description:
    'queued: funds held · submitted: signed for the chain · mined: settled in the ledger · confirmed: final · failed: funds released',
})

export const TransactionSchema = Type.Object({
  object: Type.Literal('transaction'),
  id: Id('txn'),
  status: TransactionStatus,
  type_id: Id('typ'),
  from_user_id: Id('usr'),
  to_user_id: Id('usr'),
  amount: Units,
  commission: Type.String({ description: 'Base units, paid on top of the amount, to the company.' }),
  currency: Type.Enum(['token', 'USD', 'EUR', 'GBP']),
  amount_fiat: Nullable(Type.String()),
  price: Nullable(Type.String({ description: 'Fiat per whole token that the amount was converted with.' })),
  metadata: MetadataSchema,
  airdrop_id: Nullable(Id('air')),
  transfers: Type.Array(
    Type.Object({
      kind: Type.Enum(['amount', 'commission']),
      from_user_id: Id('usr'),
      to_user_id: Id('usr'),
      amount: Units,
    }),
  ),
  chain: Nullable(
    Type.Object({
      tx_hash: Type.String(),
      block_number: Nullable(Type.Integer()),
      fee_wei: Nullable(Type.String({ description: "The transaction's share of the cost of its batch." })),
    }),
  ),
  failure: Nullable(Type.Object({ code: Type.String(), reason: Type.String() })),
  created_at: Timestamp,
  submitted_at: Nullable(Timestamp),
  mined_at: Nullable(Timestamp),
  ended_at: Nullable(Timestamp),
})

/** The decision of a dry run: the transaction as it would have been accepted. */
export const DryRunSchema = Type.Object({
  object: Type.Literal('transaction_preview'),
  amount: Units,
  commission: Type.String(),
  currency: Type.String(),
  amount_fiat: Nullable(Type.String()),
  price: Nullable(Type.String()),
  from_user_id: Id('usr'),
  to_user_id: Id('usr'),
  rules: Type.Array(Type.Object({ id: Id('rul'), name: Type.String(), version: Type.Integer() })),
})

export const BatchSchema = Type.Object({
  object: Type.Literal('transaction_batch'),
  accepted: Type.Integer(),
  refused: Type.Integer(),
  data: Type.Array(
    Type.Object({
      index: Type.Integer(),
      transaction: Nullable(TransactionSchema),
      problem: Nullable(
        Type.Object({ code: Type.String(), detail: Type.String() }, { additionalProperties: true }),
      ),
    }),
    { description: 'One result per item, in order: a transaction, or the problem why not.' },
  ),
})

export const ListTransactionsQuery = ListQuery({
  status: Type.Optional(TransactionStatus),
  user_id: Type.Optional(Type.String({ maxLength: 64, description: 'Payer or recipient.' })),
  from_user_id: Type.Optional(Id('usr')),
  to_user_id: Type.Optional(Id('usr')),
  type_id: Type.Optional(Id('typ')),
  airdrop_id: Type.Optional(Id('air')),
  'created_at.gte': Type.Optional(Timestamp),
  'created_at.lt': Type.Optional(Timestamp),
  metadata: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'Labels to look for, as a JSON object.',
      examples: ['{"order":"A-1001"}'],
    }),
  ),
})
export type ListTransactionsQuery = Static<typeof ListTransactionsQuery>

export const TimelineSchema = Type.Object({
  object: Type.Literal('timeline'),
  transaction_id: Id('txn'),
  data: Type.Array(
    Type.Object({
      at: Timestamp,
      kind: Type.Enum([
        'accepted',
        'rules_evaluated',
        'funds_held',
        'signed',
        'broadcast',
        'mined',
        'settled',
        'reversed',
        'confirmed',
        'failed',
        'webhook_tried',
      ]),
      summary: Type.String(),
      details: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
})
