import { Type } from 'typebox'
import { Id, Nullable, Timestamp } from './common.ts'

export const SubmissionSchema = Type.Object({
  object: Type.Literal('submission'),
  id: Id('sub'),
  lane_id: Id('lan'),
  chain_id: Type.Integer(),
  kind: Type.String({ examples: ['transfer_batch'] }),
  status: Type.Enum([
    'queued',
    'signed',
    'broadcast',
    'mined',
    'confirmed',
    'reverted',
    'replaced',
    'refused',
  ]),
  nonce: Nullable(Type.Integer()),
  transactions: Type.Integer(),
  block_number: Nullable(Type.Integer()),
  tx_hash: Nullable(Type.String()),
  unstick_requested_at: Nullable(Timestamp),
  created_at: Timestamp,
  signed_at: Nullable(Timestamp),
  mined_at: Nullable(Timestamp),
  attempts: Type.Array(
    Type.Object({
      attempt: Type.Integer(),
      tx_hash: Type.String(),
      max_fee_per_gas: Type.String(),
      max_priority_fee_per_gas: Type.String(),
      broadcasts: Type.Integer(),
      signed_at: Timestamp,
      last_answer: Nullable(
        Type.Object({
          at: Timestamp,
          verdict: Type.Enum(['accepted', 'rejected', 'unknown']),
          reason: Type.String(),
          message: Type.String(),
        }),
      ),
    }),
    { description: 'Every signature of this nonce, oldest first; at most one of them can land.' },
  ),
})
