import { Type } from 'typebox'
import { EVENT_TOPICS } from '#core/webhook/event-topics.ts'
import {
  SECRET_OVERLAP_SECONDS_DEFAULT,
  SECRET_OVERLAP_SECONDS_MAX,
  WEBHOOK_DESCRIPTION_LENGTH_MAX,
  WEBHOOK_FORMATS,
  WEBHOOK_URL_LENGTH_MAX,
} from '#core/webhook/webhook.ts'
import { Body, Id, IdParams, ListQuery, Nullable, Strict, Timestamp } from './common.ts'
import { EventTopicSchema } from './events.ts'

const Url = Type.String({
  minLength: 1,
  maxLength: WEBHOOK_URL_LENGTH_MAX,
  description: 'Receives a POST per event: https, at a public address.',
  examples: ['https://example.com/ost-events'],
})
const Description = Nullable(
  Type.String({
    maxLength: WEBHOOK_DESCRIPTION_LENGTH_MAX,
    description: 'For people.',
    examples: ['Game server'],
  }),
)
const Topics = Type.Array(EventTopicSchema, {
  maxItems: EVENT_TOPICS.length,
  description: 'What it is told of. Empty: everything, later topics too.',
  examples: [['transaction.confirmed', 'transaction.failed']],
})
const Mode = Type.Enum(['parallel', 'ordered'], {
  description:
    'parallel: up to 16 deliveries at a time, in no order. ordered: one at a time in the order of the log; an event that is not taken holds up those behind it.',
})

export const CreateWebhookBody = Body(
  {
    url: Url,
    description: Type.Optional(Description),
    topics: Type.Optional(Topics),
    mode: Type.Optional({ ...Mode, default: 'parallel' }),
  },
  { url: 'https://example.com/ost-events', topics: ['transaction.confirmed', 'transaction.failed'] },
)

export const UpdateWebhookBody = Body(
  {
    url: Type.Optional(Url),
    description: Type.Optional(Description),
    topics: Type.Optional(Topics),
    mode: Type.Optional(Mode),
    status: Type.Optional(
      Type.Enum(['enabled', 'disabled'], {
        description:
          'disabled: nothing is sent and nothing new is queued. enabled: what still waits is sent now.',
      }),
    ),
  },
  { status: 'enabled' },
  { minProperties: 1 },
)

export const RotateWebhookSecretBody = Body(
  {
    overlap_seconds: Type.Integer({
      minimum: 0,
      maximum: SECRET_OVERLAP_SECONDS_MAX,
      default: SECRET_OVERLAP_SECONDS_DEFAULT,
      description: 'How long deliveries are signed by the old secret too.',
    }),
  },
  {},
)

export const ListWebhooksQuery = ListQuery({})

export const WebhookSchema = Type.Object({
  object: Type.Literal('webhook'),
  id: Id('whk'),
  url: Type.String(),
  description: Nullable(Type.String()),
  format: Type.Enum([...WEBHOOK_FORMATS], {
    description:
      'v3: these events and Standard Webhooks signatures. ost-v2: made through the OST API v2, told in its words and signed as it does, by one secret per economy.',
  }),
  topics: Type.Array(Type.String()),
  mode: Type.Enum(['parallel', 'ordered']),
  status: Type.Enum(['enabled', 'disabled']),
  disabled_reason: Nullable(
    Type.Enum(['owner', 'gone', 'failing'], {
      description:
        'owner: by request. gone: the receiver answered 410. failing: nothing but failures for 5 days. The last two are told by `webhook.disabled` and in the audit log.',
    }),
  ),
  disabled_at: Nullable(Timestamp),
  failing_since: Nullable({ ...Timestamp, description: 'It has taken nothing since. Null: all is well.' }),
  previous_secret_expires_at: Nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const IssuedWebhookSchema = Type.Object(
  {
    ...WebhookSchema.properties,
    secret: Type.String({
      description: 'Shown this once. Deliveries are signed with it: see Standard Webhooks.',
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
  },
  { title: 'IssuedWebhook' },
)

const DeliveryStatusSchema = Type.Enum(['pending', 'delivered', 'failed'], {
  description: 'failed: given up after 3 days of tries.',
})

export const ListDeliveriesQuery = ListQuery({
  status: Type.Optional(DeliveryStatusSchema),
  type: Type.Optional(EventTopicSchema),
})

const delivery = {
  object: Type.Literal('webhook_delivery'),
  event_id: Id('evt'),
  webhook_id: Id('whk'),
  type: Type.String({ examples: ['transaction.confirmed'] }),
  subject_id: Type.String({ description: 'What the event is about.' }),
  status: DeliveryStatusSchema,
  attempts: Type.Integer({ description: 'Tries since it was last queued.' }),
  next_attempt_at: Nullable(Timestamp),
  last_attempt_at: Nullable(Timestamp),
  response_status: Nullable(Type.Integer({ description: 'Of the last try. Null: no answer came.' })),
  error: Nullable(Type.String({ description: 'Why the last try failed.' })),
  created_at: Timestamp,
}

export const DeliverySchema = Type.Object(delivery)

export const DeliveryWithAttemptsSchema = Type.Object(
  {
    ...delivery,
    request_body: Type.String({ description: 'As it was signed and sent on every try.' }),
    log: Type.Array(
      Type.Object({
        at: Timestamp,
        url: Type.String(),
        duration_ms: Type.Integer(),
        response_status: Nullable(Type.Integer()),
        response_body: Nullable(Type.String({ description: 'The first 1,024 characters.' })),
        error: Nullable(Type.String()),
      }),
      { description: 'The newest 50 tries, newest first.' },
    ),
  },
  { title: 'WebhookDeliveryWithAttempts' },
)

/** The path of one delivery: a webhook and an event. */
export const DeliveryParams = Strict({
  ...IdParams('whk').properties,
  event_id: IdParams('evt').properties.id,
})

export const CreateReplayBody = Body(
  {
    from: { ...Timestamp, description: 'Events from this moment on.' },
    to: Type.Optional({ ...Timestamp, description: 'Events before this moment. Left out: until now.' }),
    scope: Type.Optional(
      Type.Enum(['undelivered', 'all'], {
        default: 'undelivered',
        description:
          'undelivered: what it missed while disabled and what was given up. all: what it took too.',
      }),
    ),
  },
  { from: '2026-01-01T00:00:00.000Z' },
)

export const ListReplaysQuery = ListQuery({})

export const ReplaySchema = Type.Object({
  object: Type.Literal('webhook_replay'),
  id: Id('rpl'),
  webhook_id: Id('whk'),
  from: Timestamp,
  to: Timestamp,
  scope: Type.Enum(['undelivered', 'all']),
  status: Type.Enum(['running', 'done']),
  queued: Type.Integer({ description: 'Events queued by it so far.' }),
  created_at: Timestamp,
  ended_at: Nullable(Timestamp),
})
