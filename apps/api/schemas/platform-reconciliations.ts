import { Type } from 'typebox'
import { Id, Nullable, Strict, Timestamp } from './common.ts'
import { ReconciliationSchema } from './reconciliations.ts'

export const ListEconomyReconciliationsQuery = Strict({
  after: Type.Optional(Id('eco', 'The last economy of the page before.')),
})

export const EconomyReconciliationsSchema = Type.Object({
  object: Type.Literal('economy_reconciliations'),
  data: Type.Array(
    Type.Object({
      economy_id: Id('eco'),
      tenant_id: Id('ten'),
      symbol: Type.String(),
      chain_id: Type.Integer(),
      newest: Nullable(ReconciliationSchema),
    }),
  ),
  next_after: Nullable(Id('eco')),
})

export const PlatformReconciliationRequestSchema = Type.Object({
  object: Type.Literal('platform_reconciliation_request'),
  economies: Type.Integer(),
  requested_at: Timestamp,
})
