import type { OpenTransaction, OutboxReaderOverview } from '#core/chain/platform-desk.ts'
import { toWire } from './wire-id.ts'

export function presentOutbox(
  readers: readonly OutboxReaderOverview[],
  open: readonly OpenTransaction[],
  horizon: bigint,
  now: Date,
) {
  const oldest = readers.flatMap(({ oldestUnreadAt }) => (oldestUnreadAt ? [oldestUnreadAt.getTime()] : []))
  return {
    object: 'outbox' as const,
    lag_seconds: oldest.length === 0 ? 0 : Math.max(0, (now.getTime() - Math.min(...oldest)) / 1_000),
    horizon_xid: horizon.toString(),
    readers: readers.map((reader) => ({
      consumer: reader.consumer,
      position: { xid: reader.xid.toString(), event_id: toWire('evt', reader.eventId) },
      unread: reader.unread,
      oldest_unread_at: reader.oldestUnreadAt?.toISOString() ?? null,
      updated_at: reader.updatedAt.toISOString(),
    })),
    open_transactions: open.map(({ pid, role, application, state, startedAt, holdsReaders }) => ({
      pid,
      role,
      application,
      state,
      started_at: startedAt?.toISOString() ?? null,
      holds_readers: holdsReaders,
    })),
  }
}
