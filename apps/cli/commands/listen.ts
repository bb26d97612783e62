import { Option, type Command } from 'commander'
import { leaf, option, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import type { Forwarded } from '../listen/forward-event.ts'
import { type Listener, listen, skipToEnd } from '../listen/listen.ts'
import { keepPlace, newPlace, placeFileOf, readPlace } from '../listen/place.ts'
import type { Terminal } from '../terminal.ts'
import type { WireEvent, WireToken } from '../wire.ts'

interface ListenOptions {
  forwardTo: string
  topics?: string[]
  from: 'now' | 'start'
  cursorFile?: string
}

export function listenCommand(terminal: Terminal): Command {
  return leaf<ListenOptions>(terminal, {
    name: 'listen',
    plane: 'data',
    description:
      'Forward the events of an economy to a URL on this machine, signed as webhooks are, until Ctrl-C. In order, each at least once; started again, it goes on where it ended.',
    options: [
      required('--forward-to <url>', 'receives a POST per event'),
      option('--topics <topic...>', 'what is forwarded; left out: everything'),
      new Option('--from <place>', 'where to begin the first time')
        .choices(['now', 'start'])
        .default('now', 'now'),
      option(
        '--cursor-file <path>',
        'keeps the place and the secret (else a file of its own in .local/listen)',
      ),
    ],
    examples: [
      'listen --forward-to http://localhost:4000/hook',
      'listen --forward-to http://localhost:4000/hook --topics transaction.confirmed transaction.failed --from start',
    ],
    async run({ session }, { forwardTo, topics = [], from, cursorFile }) {
      if (!/^https?:$/.test(URL.parse(forwardTo)?.protocol ?? '')) {
        throw new UsageError(
          `--forward-to has "${forwardTo}": write a URL such as http://localhost:4000/hook.`,
        )
      }
      const { economy } = session
      const token = await economy.get<WireToken>('/v3/token')
      const file = cursorFile ?? placeFileOf(terminal.env, [session.url, token.economy_id, forwardTo])
      const known = await readPlace(file)
      const place = known ?? newPlace()
      const listener: Listener = {
        economy,
        forwardTo,
        topics,
        place,
        file,
        stop: terminal.stopped(),
        onForwarded: (event, forwarded, retryInMs) => terminal.out(lineOf(event, forwarded, retryInMs)),
        onUnreachable: (error) => terminal.err(error.message),
      }
      if (!known) {
        await keepPlace(file, place)
        if (from === 'now') await skipToEnd(listener)
      }
      terminal.err(`${token.name} (${token.symbol}) → ${forwardTo}, signed with:\n${place.secret}`)
      terminal.err(known ? `Going on where it ended (${file}). Ctrl-C ends it.` : 'Ctrl-C ends it.')
      const count = await listen(listener)
      terminal.err(`Ended: ${count} taken. The same command goes on from here.`)
    },
  })
}

function lineOf(event: WireEvent, { answer, tookMs }: Forwarded, retryInMs: number | null): string {
  const subject = typeof event.data?.['id'] === 'string' ? event.data['id'] : ''
  const again = retryInMs === null ? '' : `, again in ${retryInMs / 1_000} s`
  return [event.created_at, event.id, event.type.padEnd(21), subject, `→ ${answer} in ${tookMs} ms${again}`]
    .filter((part) => part !== '')
    .join('  ')
}
