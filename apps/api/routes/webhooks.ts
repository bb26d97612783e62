import type { FastifyRequest } from 'fastify'
import { createReceiverPolicy } from '#adapters/http/receiver-policy.ts'
import { createWebhook } from '#core/webhook/create-webhook.ts'
import { deleteWebhook } from '#core/webhook/delete-webhook.ts'
import { WebhookDeliveryNotFound, WebhookNotFound } from '#core/webhook/errors.ts'
import { getWebhook } from '#core/webhook/get-webhook.ts'
import { getDelivery, listDeliveries } from '#core/webhook/list-deliveries.ts'
import { listWebhooks } from '#core/webhook/list-webhooks.ts'
import { redeliverEvent } from '#core/webhook/redeliver-event.ts'
import { listReplays, requestReplay } from '#core/webhook/request-replay.ts'
import { rotateWebhookSecret } from '#core/webhook/rotate-webhook-secret.ts'
import { sendTestEvent } from '#core/webhook/send-test-event.ts'
import { updateWebhook } from '#core/webhook/update-webhook.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { renderTest } from '../presenters/events.ts'
import {
  presentDelivery,
  presentDeliveryWithAttempts,
  presentIssuedWebhook,
  presentReplay,
  presentWebhook,
} from '../presenters/webhooks.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf, NoContent } from '../schemas/common.ts'
import {
  CreateReplayBody,
  CreateWebhookBody,
  DeliveryParams,
  DeliverySchema,
  DeliveryWithAttemptsSchema,
  IssuedWebhookSchema,
  ListDeliveriesQuery,
  ListReplaysQuery,
  ListWebhooksQuery,
  ReplaySchema,
  RotateWebhookSecretBody,
  UpdateWebhookBody,
  WebhookSchema,
} from '../schemas/webhooks.ts'

const tags = ['Webhooks']
const reads = { plane: 'data', scope: 'webhooks:read' } as const
const writes = { plane: 'data', scope: 'webhooks:write' } as const

/** Receivers of an economy's events, and what became of every delivery. */
export async function webhookRoutes(app: App, deps: AppDeps): Promise<void> {
  const receivers = createReceiverPolicy(deps.config.webhooks)

  app.post(
    '/webhooks',
    {
      config: writes,
      schema: {
        operationId: 'createWebhook',
        summary: 'Create a webhook',
        description: 'Told of what happens from now on. The answer holds its secret, shown this once.',
        tags,
        body: CreateWebhookBody,
        response: { 201: IssuedWebhookSchema, ...problems('limit_reached') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { url, description = null, topics = [], mode = 'parallel' } = request.body
        const { economyId } = ownerOf(request)
        const command = { actor: actorOf(request), economyId, webhook: { url, description, topics, mode } }
        const issued = await createWebhook({ ...deps, unitOfWork, receivers }, command)
        return { status: 201, body: presentIssuedWebhook(issued) }
      }),
  )

  app.get(
    '/webhooks',
    {
      config: reads,
      schema: {
        operationId: 'listWebhooks',
        summary: 'List webhooks',
        tags,
        querystring: ListWebhooksQuery,
        response: { 200: ListOf(WebhookSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await listWebhooks(deps, { ...ownerOf(request), page: pageOf(request) })
      return toList(request, page, presentWebhook)
    },
  )

  app.get(
    '/webhooks/:id',
    {
      config: reads,
      schema: {
        operationId: 'getWebhook',
        summary: 'Get a webhook',
        tags,
        params: IdParams('whk'),
        response: { 200: WebhookSchema, ...problems('webhook_not_found') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), webhookId: webhookIdOf(request.params) }
      return presentWebhook(await getWebhook(deps, query))
    },
  )

  app.patch(
    '/webhooks/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateWebhook',
        summary: 'Update a webhook',
        description: 'Absent fields stay. Events that wait for it go to the new address.',
        tags,
        params: IdParams('whk'),
        body: UpdateWebhookBody,
        response: { 200: WebhookSchema, ...problems('webhook_not_found', 'limit_reached') },
      },
    },
    async (request) => {
      const command = { ...targetOf(request, request.params), change: request.body }
      return presentWebhook(await updateWebhook({ ...deps, receivers }, command))
    },
  )

  app.delete(
    '/webhooks/:id',
    {
      config: writes,
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Delete a webhook',
        description: 'Nothing more is sent to it, and what waited for it is dropped.',
        tags,
        params: IdParams('whk'),
        response: { 204: NoContent, ...problems('webhook_not_found') },
      },
    },
    async (request, reply) => {
      await deleteWebhook(deps, targetOf(request, request.params))
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/webhooks/:id/rotate-secret',
    {
      config: writes,
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: "Replace a webhook's secret",
        description:
          'The answer holds the new secret, shown this once. During the overlap every delivery carries two signatures, by the new secret and by the old one. Webhooks of the format `ost-v2` share one secret per economy: it is replaced for all of them.',
        tags,
        params: IdParams('whk'),
        body: RotateWebhookSecretBody,
        response: { 200: IssuedWebhookSchema, ...problems('webhook_not_found') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const command = { ...targetOf(request, request.params), overlapSeconds: request.body.overlap_seconds }
        const issued = await rotateWebhookSecret({ ...deps, unitOfWork }, command)
        return { status: 200, body: presentIssuedWebhook(issued) }
      }),
  )

  app.post(
    '/webhooks/:id/test',
    {
      config: writes,
      schema: {
        operationId: 'sendTestEvent',
        summary: 'Send a test event',
        description: 'An event `webhook.test`, to this webhook only and whatever its topics.',
        tags,
        params: IdParams('whk'),
        response: { 202: DeliverySchema, ...problems('webhook_not_found') },
      },
    },
    async (request, reply) => {
      const target = targetOf(request, request.params)
      const answer = await once(deps, request, reply, async (unitOfWork) => ({
        status: 202,
        body: presentDelivery(await sendTestEvent({ ...deps, unitOfWork, renderTest }, target)),
      }))
      deps.jobs.wake({ name: 'deliver-webhooks', id: target.webhookId })
      return answer
    },
  )

  app.get(
    '/webhooks/:id/deliveries',
    {
      config: reads,
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'List deliveries',
        description: 'What the webhook was sent and is to be sent, by time of the event. Kept for 30 days.',
        tags,
        params: IdParams('whk'),
        querystring: ListDeliveriesQuery,
        response: { 200: ListOf(DeliverySchema), ...problems('webhook_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const { status, type } = request.query
      const filter = { ...(status && { status }), ...(type && { topic: type }) }
      const webhookId = webhookIdOf(request.params)
      const query = { ...ownerOf(request), webhookId, page: pageOf(request), filter }
      return toList(request, await listDeliveries(deps, query), presentDelivery, ({ eventId }) => eventId)
    },
  )

  app.get(
    '/webhooks/:id/deliveries/:event_id',
    {
      config: reads,
      schema: {
        operationId: 'getWebhookDelivery',
        summary: 'Get a delivery with the log of its tries',
        tags,
        params: DeliveryParams,
        response: {
          200: DeliveryWithAttemptsSchema,
          ...problems('webhook_not_found', 'webhook_delivery_not_found'),
        },
      },
    },
    async (request) => {
      const webhookId = webhookIdOf(request.params)
      const query = { ...ownerOf(request), webhookId, eventId: eventIdOf(request.params) }
      return presentDeliveryWithAttempts(await getDelivery(deps, query))
    },
  )

  app.post(
    '/webhooks/:id/deliveries/:event_id/redeliver',
    {
      config: writes,
      schema: {
        operationId: 'redeliverWebhookEvent',
        summary: 'Send an event again',
        description:
          'The same id and body, whether it was taken or given up. A disabled webhook gets it once enabled.',
        tags,
        params: DeliveryParams,
        response: { 202: DeliverySchema, ...problems('webhook_not_found', 'webhook_delivery_not_found') },
      },
    },
    async (request, reply) => {
      const command = { ...targetOf(request, request.params), eventId: eventIdOf(request.params) }
      const answer = await once(deps, request, reply, async (unitOfWork) => ({
        status: 202,
        body: presentDelivery(await redeliverEvent({ ...deps, unitOfWork }, command)),
      }))
      deps.jobs.wake({ name: 'deliver-webhooks', id: command.webhookId })
      return answer
    },
  )

  app.post(
    '/webhooks/:id/replays',
    {
      config: writes,
      schema: {
        operationId: 'replayEvents',
        summary: 'Send a range of time again',
        description:
          'Events keep their ids. By default what the webhook missed while it was disabled and what was given up. Asking twice is safe: what waits already is not queued again.',
        tags,
        params: IdParams('whk'),
        body: CreateReplayBody,
        response: { 202: ReplaySchema, ...problems('webhook_not_found') },
      },
    },
    async (request, reply) => {
      const { from, to, scope = 'undelivered' } = request.body
      const target = targetOf(request, request.params)
      const range = { from: new Date(from), to: to === undefined ? null : new Date(to), scope }
      return once(deps, request, reply, async (unitOfWork) => ({
        status: 202,
        body: presentReplay(await requestReplay({ ...deps, unitOfWork }, { ...target, ...range })),
      }))
    },
  )

  app.get(
    '/webhooks/:id/replays',
    {
      config: reads,
      schema: {
        operationId: 'listReplays',
        summary: 'List replays',
        tags,
        params: IdParams('whk'),
        querystring: ListReplaysQuery,
        response: { 200: ListOf(ReplaySchema), ...problems('webhook_not_found', 'invalid_cursor') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), webhookId: webhookIdOf(request.params), page: pageOf(request) }
      return toList(request, await listReplays(deps, query), presentReplay)
    },
  )
}

function webhookIdOf({ id }: { id: string }): string {
  return idFromPath('whk', id, () => new WebhookNotFound())
}

function eventIdOf({ event_id }: { event_id: string }): string {
  return idFromPath('evt', event_id, () => new WebhookDeliveryNotFound())
}

function targetOf(request: FastifyRequest, params: { id: string }) {
  return { actor: actorOf(request), economyId: ownerOf(request).economyId, webhookId: webhookIdOf(params) }
}
