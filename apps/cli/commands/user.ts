import type { Command } from 'commander'
import { group, leaf, option } from '../command.ts'
import { UsageError } from '../errors.ts'
import { findUserId } from '../find.ts'
import { readList, ROWS_DEFAULT } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showUnits } from '../units.ts'
import type { WireBalance, WireUser } from '../wire.ts'

interface CreateOptions {
  externalId?: string
  name?: string
  verified?: boolean
}

export function userCommands(terminal: Terminal): Command {
  const create = leaf<CreateOptions>(terminal, {
    name: 'create',
    plane: 'data',
    description: 'Create a user with a wallet.',
    options: [
      option('--external-id <id>', 'your own id of the person, unique in the economy'),
      option('--name <name>', "the person's name"),
      option('--verified', 'you know who it is; token rules may ask for it'),
    ],
    examples: ['user create --external-id player-4711 --name Ada --verified'],
    async run({ session, show }, { externalId, name, verified }) {
      const user = await session.economy.post<WireUser>('/v3/users', {
        ...(externalId !== undefined && { external_id: externalId }),
        ...(name !== undefined && { name }),
        ...(verified === true && { is_verified: true }),
      })
      show(user, fields({ user: user.id, wallet: user.wallet.address, custody: user.wallet.custody }))
    },
  })

  const list = leaf<{ limit: string; name?: string }>(terminal, {
    name: 'list',
    plane: 'data',
    description: "List the economy's users, newest first.",
    options: [
      option('--limit <count>', 'how many').default(String(ROWS_DEFAULT)),
      option('--name <beginning>', 'only users whose name begins so'),
    ],
    examples: ['user list --limit 20', 'user list --name Al'],
    async run({ session, show }, { limit, name }) {
      const users = await readList<WireUser>(
        session.economy,
        '/v3/users',
        { name_prefix: name },
        readLimit(limit),
      )
      const columns = [
        { title: 'user', show: (user: WireUser) => user.id },
        { title: 'external id', show: (user: WireUser) => user.external_id ?? '' },
        { title: 'name', show: (user: WireUser) => user.name ?? '' },
        { title: 'type', show: (user: WireUser) => user.type },
        { title: 'verified', show: (user: WireUser) => (user.is_verified ? 'yes' : '') },
        { title: 'status', show: (user: WireUser) => user.status },
        { title: 'wallet', show: (user: WireUser) => user.wallet.address },
      ]
      show(users, table(columns, users))
    },
  })

  const balance = leaf<Record<never, never>, [user: string]>(terminal, {
    name: 'balance',
    plane: 'data',
    description: "Show a user's balance.",
    arguments: [['<user>', 'an id (usr_…), an external id, or company']],
    examples: ['user balance player-4711', 'user balance company'],
    async run({ session, show }, _options, name) {
      const id = await findUserId(session.economy, name)
      const found = await session.economy.get<WireBalance>(`/v3/users/${id}/balance`)
      const amount = (units: string) => showUnits(units, found.token)
      show(
        found,
        fields({
          user: found.user_id,
          available: amount(found.available),
          settled: amount(found.settled),
          held: amount(found.held),
          'on its way': amount(found.pending_in),
        }),
      )
    },
  })

  return group(
    'user',
    'People of an economy, and its company.',
    [create, list, balance],
    ['user create --external-id player-4711 --name Ada', 'user balance player-4711'],
  )
}

/** @throws UsageError */
export function readLimit(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new UsageError(`--limit is "${text}": write a whole number of rows, such as 50.`)
}
