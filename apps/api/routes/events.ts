import { type EventWithSubject, listEvents } from '#core/webhook/list-events.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentEvent } from '../presenters/events.ts'
import { EventListSchema, ListEventsQuery } from '../schemas/events.ts'

/** What happened in an economy: the same events that webhooks receive, for those who would rather ask. */
export async function eventRoutes(app: App, deps: AppDeps): Promise<void> {
  app.get(
    '/events',
    {
      config: { plane: 'data', scope: 'events:read' },
      schema: {
        operationId: 'listEvents',
        summary: 'List events',
        description:
          'Every state change, in the order in which it was committed, kept for 30 days. Call again with `next_cursor` for what came after: nothing is left out or told twice.',
        tags: ['Events'],
        querystring: ListEventsQuery,
        response: { 200: EventListSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { type } = request.query
      const topics = type === undefined ? [] : [type]
      const page = await listEvents(
        { events: deps.eventReader, subjects: deps.eventSubjects },
        { ...ownerOf(request), topics, page: pageOf(request) },
      )
      const present = ({ event, subject }: EventWithSubject) => presentEvent(deps, event, subject)
      const list = toList(request, page, present, ({ place }) => place)
      return Object.assign(list, { has_more: page.hasMore })
    },
  )
}
