import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { leaf, option, required } from '../command.ts'
import { CommandFailed } from '../errors.ts'
import { readList } from '../read-list.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { toSeconds } from '../units.ts'
import type { V3Client } from '../v3-client.ts'
import type { WirePage, WireReplay, WireWebhook } from '../wire.ts'

const POLL_MS = 500
const TIMEOUT_MS = 10 * 60_000

export function replayWebhooksCommand(terminal: Terminal): Command {
  return leaf<{ from: string; to?: string; webhook?: string[]; all?: true }>(terminal, {
    name: 'replay-webhooks',
    plane: 'data',
    description:
      'Send webhooks the events of a range of time that they missed or that were given up. Safe to run twice: what was taken is not sent again, unless --all says so.',
    options: [
      required('--from <time>', 'from this moment on: ISO 8601, or a span back from now such as 24h'),
      option('--to <time>', 'before this moment; left out: until now'),
      option('--webhook <id...>', 'only these; left out: every enabled webhook of the economy'),
      option('--all', 'what they have taken too, with the same ids'),
    ],
    examples: [
      'replay-webhooks --from 24h',
      'replay-webhooks --webhook whk_01k0g2qz5me93tnsy1xq2zc7ah --from 2026-11-20T08:00:00Z --to 2026-11-20T09:00:00Z --all',
    ],
    async run({ session, show }, { from, to, webhook, all }) {
      const range = {
        from: toMoment(from, '--from'),
        ...(to !== undefined && { to: toMoment(to, '--to') }),
        scope: all ? 'all' : 'undelivered',
      }
      const ids = webhook ?? (await enabledWebhooks(session.economy))
      const asked: WireReplay[] = []
      for (const id of ids) asked.push(await session.economy.post<WireReplay>(pathOf(id), range))
      const done: WireReplay[] = []
      for (const replay of asked) done.push(await untilDone(session.economy, replay))
      const columns = [
        { title: 'webhook', show: (replay: WireReplay) => replay.webhook_id },
        { title: 'replay', show: (replay: WireReplay) => replay.id },
        { title: 'queued', show: (replay: WireReplay) => String(replay.queued), align: 'right' as const },
      ]
      show(done, done.length === 0 ? 'The economy has no enabled webhook.' : table(columns, done))
    },
  })
}

async function enabledWebhooks(economy: V3Client): Promise<string[]> {
  const webhooks = await readList<WireWebhook>(economy, '/v3/webhooks')
  return webhooks.filter(({ status }) => status === 'enabled').map(({ id }) => id)
}

/** @throws CommandFailed when no worker goes through it in time; it goes on by itself later. */
async function untilDone(economy: V3Client, asked: WireReplay): Promise<WireReplay> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const page = await economy.get<WirePage<WireReplay>>(pathOf(asked.webhook_id), { limit: 100 })
    const replay = page.data.find(({ id }) => id === asked.id)
    if (replay?.status === 'done') return replay
    if (performance.now() > deadline) {
      throw new CommandFailed(`${asked.id} is still under way. Is a worker running?`)
    }
    await sleep(POLL_MS)
  }
}

function pathOf(webhookId: string): string {
  return `/v3/webhooks/${encodeURIComponent(webhookId)}/replays`
}

/** A moment, or so long ago. */
function toMoment(text: string, name: string): string {
  const at = Date.parse(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(at)) return new Date(at).toISOString()
  return new Date(Date.now() - toSeconds(text, name) * 1_000).toISOString()
}
