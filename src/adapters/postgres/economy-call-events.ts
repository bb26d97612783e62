import type pg from 'pg'
import { type EconomyCallStatus, topicOfCall } from '#core/chain/economy-call.ts'
import type { Ids } from '#core/shared/clock.ts'

/** What statements that change submissions return of them, as alias `s`. */
export const CHANGED_CALL = 's.kind, s.tenant_id, s.economy_id, coalesce(s.origin_id, s.id) AS call_id'

export interface ChangedCallRow {
  kind: string
  tenant_id: string | null
  economy_id: string | null
  call_id: string
}

/** Tells economies of their calls among changed submissions, in the caller's database transaction; of other kinds nothing. */
export async function appendCallEvents<Row extends ChangedCallRow>(
  client: Pick<pg.ClientBase, 'query'>,
  ids: Ids,
  rows: readonly Row[],
  changeOf: (row: Row) => EconomyCallStatus | 'reorged',
): Promise<void> {
  for (const row of rows) {
    const topic = row.economy_id !== null && row.tenant_id !== null && topicOfCall(row.kind, changeOf(row))
    if (!topic) continue
    await client.query(
      'INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id) VALUES ($1, $2, $3, $4, $5)',
      [ids.next(), row.tenant_id, row.economy_id, topic, row.call_id],
    )
  }
}
