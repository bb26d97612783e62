import { Type } from 'typebox'
import { Id, Timestamp, Units } from './common.ts'

export const BalanceSchema = Type.Object({
  object: Type.Literal('balance'),
  user_id: Id('usr'),
  settled: { ...Units, description: 'What the chain says.' },
  held: { ...Units, description: "Reserved by the user's own transactions under way." },
  available: { ...Units, description: 'settled − held: what a transaction may move.' },
  pending_in: { ...Units, description: 'On its way to the user, not there yet.' },
  token: Type.Object({ symbol: Type.String(), decimals: Type.Integer() }),
  updated_at: Timestamp,
})
