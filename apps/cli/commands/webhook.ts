import type { Command } from 'commander'
import { group, leaf, option, required } from '../command.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { toSeconds } from '../units.ts'
import type { WireDelivery, WireIssuedWebhook, WireWebhook } from '../wire.ts'

const ID: [name: string, description: string] = ['<id>', 'the webhook: whk_…']
const EXAMPLE_ID = 'whk_01k0g2qz5me93tnsy1xq2zc7ah'

export function webhookCommands(terminal: Terminal): Command {
  const create = leaf<{ url: string; topics?: string[]; ordered?: true; description?: string }>(terminal, {
    name: 'create',
    plane: 'data',
    description: 'Send events of an economy to a URL. The signing secret is shown this once.',
    options: [
      required('--url <url>', 'receives a POST per event'),
      option('--topics <topic...>', 'what it is told of; left out: everything'),
      option('--ordered', 'one event at a time, in the order in which they happened'),
      option('--description <text>', 'for people'),
    ],
    examples: [
      'webhook create --url https://example.com/ost-events',
      'webhook create --url https://example.com/ost-events --topics transaction.confirmed transaction.failed --ordered',
    ],
    async run({ session, show }, { url, topics, ordered, description }) {
      const webhook = await session.economy.post<WireIssuedWebhook>('/v3/webhooks', {
        url,
        ...(topics && { topics }),
        ...(ordered && { mode: 'ordered' }),
        ...(description !== undefined && { description }),
      })
      show(webhook, issuedText(webhook))
    },
  })

  const list = leaf(terminal, {
    name: 'list',
    plane: 'data',
    description: 'List the webhooks of an economy.',
    examples: ['webhook list'],
    async run({ session, show }) {
      const webhooks = await readList<WireWebhook>(session.economy, '/v3/webhooks')
      show(webhooks, table(WEBHOOK_COLUMNS, webhooks))
    },
  })

  const change = (name: 'enable' | 'disable', description: string) =>
    leaf<Record<never, never>, [id: string]>(terminal, {
      name,
      plane: 'data',
      description,
      arguments: [ID],
      examples: [`webhook ${name} ${EXAMPLE_ID}`],
      async run({ session, show }, _options, id) {
        const webhook = await session.economy.patch<WireWebhook>(pathOf(id), { status: `${name}d` })
        show(webhook, `${webhook.id} is ${webhook.status}.`)
      },
    })

  const rotate = leaf<{ overlap?: string }, [id: string]>(terminal, {
    name: 'rotate',
    plane: 'data',
    description: 'Replace the signing secret. Deliveries carry signatures by both for a while.',
    arguments: [ID],
    options: [option('--overlap <span>', 'how long the old one still signs, at most 7d; left out: 24h')],
    examples: [`webhook rotate ${EXAMPLE_ID} --overlap 1h`],
    async run({ session, show }, { overlap }, id) {
      const body = overlap === undefined ? {} : { overlap_seconds: toSeconds(overlap, '--overlap') }
      const webhook = await session.economy.post<WireIssuedWebhook>(pathOf(id, 'rotate-secret'), body)
      show(webhook, issuedText(webhook))
    },
  })

  const test = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'test',
    plane: 'data',
    description: 'Send a webhook.test event.',
    arguments: [ID],
    examples: [`webhook test ${EXAMPLE_ID}`],
    async run({ session, show }, _options, id) {
      const delivery = await session.economy.post<WireDelivery>(pathOf(id, 'test'))
      show(delivery, `${delivery.event_id} is on its way: webhook deliveries ${id}`)
    },
  })

  const deliveries = leaf<{ status?: string }, [id: string]>(terminal, {
    name: 'deliveries',
    plane: 'data',
    description: 'Show the newest deliveries of a webhook.',
    arguments: [ID],
    options: [option('--status <status>', 'pending, delivered or failed')],
    examples: [`webhook deliveries ${EXAMPLE_ID} --status failed`],
    async run({ session, show }, { status }, id) {
      const query = { limit: 50, ...(status !== undefined && { status }) }
      const page = await session.economy.get<{ data: WireDelivery[] }>(pathOf(id, 'deliveries'), query)
      show(page.data, table(DELIVERY_COLUMNS, page.data))
    },
  })

  const redeliver = leaf<Record<never, never>, [id: string, event: string]>(terminal, {
    name: 'redeliver',
    plane: 'data',
    description: 'Send one event again, with the same id. A range of time: replay-webhooks.',
    arguments: [ID, ['<event>', 'the event: evt_…']],
    examples: [`webhook redeliver ${EXAMPLE_ID} evt_01k0g2r4vhfj8br6q0s9d3w5xe`],
    async run({ session, show }, _options, id, event) {
      const path = `${pathOf(id, 'deliveries')}/${encodeURIComponent(event)}/redeliver`
      const delivery = await session.economy.post<WireDelivery>(path)
      show(delivery, `${delivery.event_id} is on its way again.`)
    },
  })

  const remove = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'delete',
    plane: 'data',
    description: 'End a webhook for good. What waits for it is dropped.',
    arguments: [ID],
    examples: [`webhook delete ${EXAMPLE_ID}`],
    async run({ session, show }, _options, id) {
      await session.economy.delete(pathOf(id))
      show({ id, status: 'deleted' }, `${id} is deleted.`)
    },
  })

  return group(
    'webhook',
    'Receivers of the events of an economy.',
    [
      create,
      list,
      change('enable', 'Send again: first what still waits.'),
      change('disable', 'Send nothing and queue nothing new.'),
      rotate,
      test,
      deliveries,
      redeliver,
      remove,
    ],
    ['webhook create --url https://example.com/ost-events', `webhook deliveries ${EXAMPLE_ID}`],
  )
}

const WEBHOOK_COLUMNS = [
  { title: 'webhook', show: (webhook: WireWebhook) => webhook.id },
  { title: 'url', show: (webhook: WireWebhook) => webhook.url },
  { title: 'topics', show: (webhook: WireWebhook) => webhook.topics.join(' ') || 'all' },
  { title: 'mode', show: (webhook: WireWebhook) => webhook.mode },
  {
    title: 'status',
    show: ({ status, disabled_reason: reason }: WireWebhook) =>
      reason === null ? status : `${status}: ${reason}`,
  },
  { title: 'failing since', show: (webhook: WireWebhook) => webhook.failing_since ?? '' },
]

const DELIVERY_COLUMNS = [
  { title: 'event', show: (delivery: WireDelivery) => delivery.event_id },
  { title: 'type', show: (delivery: WireDelivery) => delivery.type },
  { title: 'about', show: (delivery: WireDelivery) => delivery.subject_id },
  { title: 'status', show: (delivery: WireDelivery) => delivery.status },
  { title: 'tries', show: (delivery: WireDelivery) => String(delivery.attempts), align: 'right' as const },
  { title: 'next try', show: (delivery: WireDelivery) => delivery.next_attempt_at ?? '' },
  { title: 'last error', show: (delivery: WireDelivery) => delivery.error ?? '' },
]

function pathOf(id: string, rest?: string): string {
  return `/v3/webhooks/${encodeURIComponent(id)}${rest === undefined ? '' : `/${rest}`}`
}

function issuedText(webhook: WireIssuedWebhook): string {
  const { id: webhookId, url, topics, mode, secret } = webhook
  const shown = fields({ webhook: webhookId, url, topics: topics.join(' ') || 'all', mode, secret })
  return `${shown}\n\nKeep the secret now: it is not shown again.`
}
