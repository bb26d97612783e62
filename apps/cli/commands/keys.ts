import type { Command } from 'commander'
import { leaf } from '../command.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireKeys } from '../wire.ts'

type Row = WireKeys['sealed'][number]

export function keysCommand(terminal: Terminal): Command {
  return leaf(terminal, {
    name: 'keys',
    plane: 'platform',
    description:
      'Show how many stored secrets are under which key-encryption key, and whether an older one may be dropped.',
    examples: ['keys', 'keys --json'],
    async run({ session, show }) {
      const keys = await session.platform.get<WireKeys>('/v3/platform/keys')
      show(keys, `${table(COLUMNS, keys.sealed)}\n\n${adviceOf(keys)}`)
    },
  })
}

const COLUMNS = [
  { title: 'kind', show: (row: Row) => row.kind },
  { title: 'values', show: (row: Row) => String(row.count), align: 'right' as const },
  { title: 'key', show: (row: Row) => row.key_id ?? '(not named)' },
  { title: 'is', show: (row: Row) => row.status },
]

function adviceOf({ current_key_id, previous_key_ids, outdated }: WireKeys): string {
  if (outdated > 0)
    return `${outdated} values are not under the current key ${current_key_id}: keep KEY_ENCRYPTION_KEYS_PREVIOUS. A worker seals them anew within minutes.`
  if (previous_key_ids.length === 0) return `Everything is under the current key ${current_key_id}.`
  return `Everything is under the current key ${current_key_id}: once every process has it, KEY_ENCRYPTION_KEYS_PREVIOUS may be emptied.`
}
