import type { Ids } from '#core/shared/clock.ts'
import type { OutboxStore } from '#core/outbox/outbox-store.ts'
import type { PrismaTx } from './database.ts'
import { toJson } from './json.ts'

export function createOutboxStore(tx: PrismaTx, ids: Ids): OutboxStore {
  return {
    async append(...events) {
      await tx.outboxRecord.createMany({
        data: events.map(({ payload, subjectId, ...event }) => {
          const id = ids.next()
          return {
            ...event,
            lastId: id,
            eventIds: [id],
            subjectIds: [subjectId],
            ...(payload && { payload: toJson(payload) }),
          }
        }),
      })
    },
  }
}
