import { Type } from 'typebox'
import { Address, Id, ListQuery, Nullable, Timestamp } from './common.ts'

export const ListEntriesQuery = ListQuery({})

export const LedgerEntrySchema = Type.Object({
  object: Type.Literal('ledger_entry'),
  amount: Type.String({
    description: 'Base units; negative where value left the user.',
    examples: ['-1500000000000000000'],
  }),
  is_reversal: Type.Boolean({ description: 'Takes back an entry of a block that the chain dropped.' }),
  counterparty: Type.Object({
    kind: Type.Enum(['user', 'external', 'mint'], {
      description:
        'user: of this economy · external: any other address · mint: tokens that came into being or ceased to be',
    }),
    user_id: Nullable(Id('usr')),
    address: Address,
  }),
  transaction_id: Nullable({
    ...Id('txn'),
    description: 'Null for a movement that the platform did not make.',
  }),
  block_number: Type.Integer(),
  block_hash: Type.String(),
  tx_hash: Type.String(),
  log_index: Type.Integer(),
  created_at: Timestamp,
})
