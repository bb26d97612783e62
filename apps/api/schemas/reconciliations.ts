import { Type } from 'typebox'
import { Address, Id, ListQuery, Nullable, Timestamp } from './common.ts'

export const ListReconciliationsQuery = ListQuery({})

export const ReconciliationRequestSchema = Type.Object({
  object: Type.Literal('reconciliation_request'),
  economy_id: Id('eco'),
  status: Type.Literal('queued'),
  requested_at: Timestamp,
})

export const ReconciliationSchema = Type.Object({
  object: Type.Literal('reconciliation'),
  id: Id('rec'),
  economy_id: Id('eco'),
  status: Type.Enum(['equal', 'drift'], {
    description:
      'equal: ledger and chain say the same of every account · drift: they do not; somebody must look',
  }),
  block_number: Type.Integer({ description: 'Everything was compared as of this block.' }),
  block_hash: Type.String(),
  accounts: Type.Integer(),
  differences: Type.Array(
    Type.Object({
      kind: Type.Enum([
        'balance',
        'supply',
        'sum',
        'entries',
        'held',
        'pending_in',
        'stray_hold',
        'unheld_transaction',
        'vault',
        'in_flight',
        'backed_supply',
        'backing_entries',
        'uncovered',
      ]),
      address: Nullable(Address),
      expected: Nullable(Type.String()),
      found: Nullable(Type.String()),
    }),
    { description: 'The first hundred.' },
  ),
  created_at: Timestamp,
})
