import type { Database } from '#adapters/postgres/database.ts'
import { createExecutionReader } from '#adapters/postgres/execution-reader.ts'
import { createTokenReader } from '#adapters/postgres/token-reader.ts'
import { createEventSubjects } from '#adapters/postgres/webhook-subjects.ts'
import { createTellOstV2 } from '#apps/api/dialects/ost-v2/tell-events.ts'
import { createRenderEvent, type EventPresenterDeps } from '#apps/api/presenters/events.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import { createTellEvents, type FanOutDeps } from '#core/webhook/fan-out-events.ts'

/** How events are told in each format of webhooks. */
export function createTellers(
  database: Database,
  unitOfWork: UnitOfWork,
  presenting: EventPresenterDeps,
): FanOutDeps['tell'] {
  const subjects = createEventSubjects(database)
  return {
    v3: createTellEvents({ subjects, renderEvent: createRenderEvent(presenting) }),
    'ost-v2': createTellOstV2({
      subjects,
      executionReader: createExecutionReader(database),
      tokenReader: createTokenReader(database),
      unitOfWork,
    }),
  }
}
