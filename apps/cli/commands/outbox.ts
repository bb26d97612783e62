import type { Command } from 'commander'
import { ageOf } from '../age.ts'
import { leaf } from '../command.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireOutbox } from '../wire.ts'

type Reader = WireOutbox['readers'][number]
type Open = WireOutbox['open_transactions'][number]

export function outboxCommand(terminal: Terminal): Command {
  return leaf(terminal, {
    name: 'outbox',
    plane: 'platform',
    description:
      'Show how far the readers of state changes have come, and the database transactions that hold them back.',
    examples: ['outbox', 'outbox --json'],
    async run({ session, show }) {
      const outbox = await session.platform.get<WireOutbox>('/v3/platform/outbox')
      show(outbox, outboxText(outbox))
    },
  })
}

function outboxText({ lag_seconds, horizon_xid, readers, open_transactions: open }: WireOutbox): string {
  const lag = lag_seconds === 0 ? 'Every reader has read everything.' : `Lag: ${lag_seconds.toFixed(1)} s.`
  const holders = open.filter(({ holds_readers }) => holds_readers)
  const advice =
    holders.length === 0
      ? []
      : [
          '',
          `Readers wait for ${holders.map(nameOf).join(', ')}. If it hangs: SELECT pg_terminate_backend(pid); a prepared one: ROLLBACK PREPARED.`,
        ]
  const isAhead = readers.some(({ position }) => BigInt(position.xid) > BigInt(horizon_xid))
  const warning = isAhead
    ? [
        'A reader is ahead of this database server: it was restored from a dump of another one. New events stay unread until',
        'its transaction counter has caught up: node scripts/after-restore.ts (docs/runbook.md, Restoring a backup).',
        '',
      ]
    : []
  return [
    ...warning,
    lag,
    '',
    table(READER_COLUMNS, readers),
    '',
    open.length === 0 ? 'No database transaction is open that writes.' : table(OPEN_COLUMNS, open),
    ...advice,
  ].join('\n')
}

const READER_COLUMNS = [
  { title: 'reader', show: (reader: Reader) => reader.consumer },
  { title: 'unread', show: (reader: Reader) => String(reader.unread), align: 'right' as const },
  { title: 'oldest', show: (reader: Reader) => ageOf(reader.oldest_unread_at), align: 'right' as const },
  { title: 'moved', show: (reader: Reader) => ageOf(reader.updated_at), align: 'right' as const },
  { title: 'xid', show: (reader: Reader) => reader.position.xid, align: 'right' as const },
  { title: 'event', show: (reader: Reader) => reader.position.event_id },
]

const OPEN_COLUMNS = [
  { title: 'pid', show: (open: Open) => String(open.pid ?? ''), align: 'right' as const },
  { title: 'role', show: (open: Open) => open.role ?? '' },
  { title: 'application', show: (open: Open) => open.application ?? '' },
  { title: 'state', show: (open: Open) => open.state ?? '?' },
  {
    title: 'open for',
    show: (open: Open) => (open.started_at === null ? '?' : ageOf(open.started_at)),
    align: 'right' as const,
  },
  { title: 'holds readers', show: (open: Open) => (open.holds_readers ? 'yes' : '') },
]

function nameOf({ pid, application }: Open): string {
  return pid === null ? (application ?? 'a prepared transaction') : `process ${pid}`
}
