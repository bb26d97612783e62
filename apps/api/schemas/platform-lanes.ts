import { Type } from 'typebox'
import { Address, Id, Nullable, Timestamp } from './common.ts'

const Wei = Type.String({ pattern: '^[0-9]{1,78}$', description: 'Wei, as a decimal string.' })

export const LaneSchema = Type.Object({
  object: Type.Literal('lane'),
  id: Id('lan'),
  chain_id: Type.Integer(),
  chain_name: Type.String(),
  chain_status: Type.Enum(['active', 'halted']),
  address: Address,
  status: Type.Enum(['active', 'paused']),
  pause_reason: Nullable(
    Type.String({
      description:
        'out_of_gas and rejected end by themselves · unknown_payments: the key has paid what the database does not know · operator: a person paused it',
    }),
  ),
  recovery_requested_at: Nullable(Timestamp),
  balance_wei: Nullable(Wei),
  base_fee_per_gas: Nullable(Wei),
  priority_fee_per_gas: Nullable(Wei),
  chain_nonce: Nullable(Type.Integer({ description: "The chain's count: nonces below it are used." })),
  checked_at: Nullable(Timestamp),
  next_nonce: Nullable(Type.Integer()),
  missing_nonces: Type.Array(Type.Integer(), {
    description: 'Nonces without a submission that block those behind them. Empty when all is well.',
  }),
  queued_transactions: Type.Integer({ description: 'At most 100,000 per economy are counted.' }),
  queued_calls: Type.Integer(),
  in_flight: Type.Integer({ description: 'Signed submissions that are in no block yet.' }),
  oldest_in_flight_at: Nullable(Timestamp),
})

export const LaneRefreshSchema = Type.Object({
  object: Type.Literal('lane_refresh'),
  lanes: Type.Integer(),
  requested_at: Timestamp,
})
