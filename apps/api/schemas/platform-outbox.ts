import { Type } from 'typebox'
import { Id, Nullable, Timestamp } from './common.ts'

export const OutboxSchema = Type.Object({
  object: Type.Literal('outbox'),
  lag_seconds: Type.Number({
    description: 'Age of the oldest event that some reader has not read; 0: none.',
  }),
  horizon_xid: Type.String({ description: 'Readers see events of database transactions before this one.' }),
  readers: Type.Array(
    Type.Object({
      consumer: Type.String(),
      position: Type.Object({ xid: Type.String(), event_id: Id('evt') }),
      unread: Type.Integer({ description: 'At most 100,000 are counted.' }),
      oldest_unread_at: Nullable(Timestamp),
      updated_at: Timestamp,
    }),
  ),
  open_transactions: Type.Array(
    Type.Object({
      pid: Nullable(Type.Integer()),
      role: Nullable(Type.String()),
      application: Nullable(Type.String()),
      state: Nullable(Type.String()),
      started_at: Nullable(Timestamp),
      holds_readers: Type.Boolean({ description: 'Every reader waits for the end of this one.' }),
    }),
    { description: 'Database transactions that write and have not ended.' },
  ),
})
