import type { FastifyRequest } from 'fastify'
import { createReceiverPolicy } from '#adapters/http/receiver-policy.ts'
import { createWebhook } from '#core/webhook/create-webhook.ts'
import { deleteWebhook } from '#core/webhook/delete-webhook.ts'
import { WebhookNotFound } from '#core/webhook/errors.ts'
import { getWebhook } from '#core/webhook/get-webhook.ts'
import { listWebhooks } from '#core/webhook/list-webhooks.ts'
import { isOstTopic, type OstTopic } from '#core/webhook/ost-topics.ts'
import { updateWebhook } from '#core/webhook/update-webhook.ts'
import { WEBHOOK_URL_LENGTH_MAX, type Webhook } from '#core/webhook/webhook.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { blaming } from '../dialect.ts'
import { metaOf, readPage } from './pages.ts'
import { optionalText, textList, uuidInPath, wrong } from './parameters.ts'
import { presentWebhook } from './present.ts'
import type { OstRouter } from './router.ts'

/** Named ones may repeat. */
const TOPICS_MAX = 100
/** A list holds all that an economy may have. */
const LIMIT_DEFAULT = 25

/** Receivers of events in the words of this API. Deliveries, tries and the secret are those of /v3. @see docs/webhooks.md */
export function webhookRoutes(router: OstRouter, deps: AppDeps): void {
  const receivers = createReceiverPolicy(deps.config.webhooks)
  const blameId = blaming('webhook_id')

  router.post('/webhooks', 'webhooks:write', async (request) => {
    const url = optionalText(request, 'url')
    if (url === undefined || url.length > WEBHOOK_URL_LENGTH_MAX)
      throw wrong('url', `must be a URL of at most ${WEBHOOK_URL_LENGTH_MAX} characters`)
    const [topics, status] = [readTopics(request), readStatus(request)]
    const { economyId } = ownerOf(request)
    const settings = { url, description: null, topics, mode: 'parallel', format: 'ost-v2', status } as const
    const command = { actor: actorOf(request), economyId, webhook: settings }
    const { webhook } = await createWebhook({ ...deps, receivers }, command)
    return answerOf(webhook)
  })

  router.get('/webhooks', 'webhooks:read', async (request) => {
    const page = readPage(request, false, LIMIT_DEFAULT)
    const found = await listWebhooks(deps, { ...ownerOf(request), page, format: 'ost-v2' })
    return { result_type: 'webhooks', webhooks: found.rows.map(presentWebhook), meta: metaOf(page, found) }
  })

  router.get('/webhooks/:webhook_id', 'webhooks:read', async (request) =>
    answerOf(await findWebhook(deps, request)),
  )

  router.post('/webhooks/:webhook_id', 'webhooks:write', async (request) => {
    const { id: webhookId } = await findWebhook(deps, request)
    // The whole list is replaced, and what is not told to be inactive is active: as the original's code has it.
    const change = { topics: readTopics(request), status: readStatus(request) }
    const { economyId } = ownerOf(request)
    const command = { actor: actorOf(request), economyId, webhookId, change }
    return answerOf(await updateWebhook({ ...deps, receivers }, command).catch(blameId))
  })

  router.delete('/webhooks/:webhook_id', 'webhooks:write', async (request) => {
    const webhook = await findWebhook(deps, request)
    const { economyId } = ownerOf(request)
    await deleteWebhook(deps, { actor: actorOf(request), economyId, webhookId: webhook.id }).catch(blameId)
    return answerOf({ ...webhook, status: 'disabled' })
  })
}

function answerOf(webhook: Webhook) {
  return { result_type: 'webhook', webhook: presentWebhook(webhook) }
}

/** The webhook of the path; those of /v3 are not of this API. @throws InvalidRequest naming webhook_id */
async function findWebhook(deps: AppDeps, request: FastifyRequest): Promise<Webhook> {
  const query = { ...ownerOf(request), webhookId: uuidInPath(request, 'webhook_id') }
  const webhook = await getWebhook(deps, query).catch(blaming('webhook_id'))
  if (webhook.format !== 'ost-v2') return blaming('webhook_id')(new WebhookNotFound())
  return webhook
}

/** Trimmed, in lower case, each once. */
function readTopics(request: FastifyRequest): OstTopic[] {
  const texts = (textList(request, 'topics', TOPICS_MAX) ?? []).map((text) => text.trim().toLowerCase())
  const topics = [...new Set(texts.filter((text) => text !== ''))]
  if (topics.length === 0) throw wrong('topics', 'must hold one topic at least')
  if (!topics.every(isOstTopic)) throw wrong('topics', 'holds one that does not exist')
  return topics
}

function readStatus(request: FastifyRequest): Webhook['status'] {
  const text = optionalText(request, 'status')?.toLowerCase() ?? 'active'
  if (text !== 'active' && text !== 'inactive') throw wrong('status', 'must be active or inactive')
  return text === 'active' ? 'enabled' : 'disabled'
}
