import { Type } from 'typebox'
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '#core/shared/page.ts'
import { EVENT_TOPICS } from '#core/webhook/event-topics.ts'
import { Id, Nullable, Strict, Timestamp } from './common.ts'

export const EventTopicSchema = Type.Enum([...EVENT_TOPICS])

export const ListEventsQuery = Strict({
  limit: Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT }),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: 'The `next_cursor` of the page before, with the same filters. It never expires.',
    }),
  ),
  order: Type.Enum(['asc', 'desc'], {
    default: 'asc',
    description: 'As things happened, or the newest first.',
  }),
  type: Type.Optional(EventTopicSchema),
})

export const EventSchema = Type.Object({
  object: Type.Literal('event'),
  id: Id('evt', 'The same here and in the `webhook-id` of every delivery.'),
  type: Type.String({
    description: 'What happened: one of the topics.',
    examples: ['transaction.confirmed'],
  }),
  created_at: Timestamp,
  economy_id: Id('eco'),
  data: Nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'What it happened to, as its own route shows it. A transaction as it stood then; anything else as it stands when the event is read, at most moments later for a webhook. Null: it is kept no longer.',
    }),
  ),
})

/** A page of the log. It has a cursor at the log's end too: the next call with it goes on from there. */
export const EventListSchema = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(EventSchema),
  has_more: Type.Boolean({
    description:
      'More is there to read now. A page of one type may be short, or empty, and have more behind it.',
  }),
  next_cursor: Nullable(
    Type.String({ description: 'Keep it, and ask again with it later. Null: nothing has ever happened.' }),
  ),
})
