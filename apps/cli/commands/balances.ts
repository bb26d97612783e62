import type { Command } from 'commander'
import { leaf, option } from '../command.ts'
import { readList, ROWS_DEFAULT } from '../read-list.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showTokens, showUnits } from '../units.ts'
import type { WireBalance, WireToken, WireUser } from '../wire.ts'
import { readLimit } from './user.ts'

interface Row {
  user: WireUser
  balance: WireBalance
}

const REQUESTS_AT_ONCE = 8

export function balancesCommand(terminal: Terminal): Command {
  return leaf<{ limit: string }>(terminal, {
    name: 'balances',
    plane: 'data',
    description: "Show the balances of an economy's users, in whole tokens.",
    options: [option('--limit <count>', 'how many users, oldest first').default(String(ROWS_DEFAULT))],
    examples: ['balances', 'balances --economy eco_01k0g2qz5me93tnsy1xq2zc7ah --limit 500 --json'],
    async run({ session, show }, { limit }) {
      const { economy } = session
      const token = await economy.get<WireToken>('/v3/token')
      const users = await readList<WireUser>(economy, '/v3/users', { order: 'asc' }, readLimit(limit))
      const rows: Row[] = []
      for (let at = 0; at < users.length; at += REQUESTS_AT_ONCE) {
        const part = users.slice(at, at + REQUESTS_AT_ONCE)
        const balances = part.map(async (user) => ({
          user,
          balance: await economy.get<WireBalance>(`/v3/users/${user.id}/balance`),
        }))
        rows.push(...(await Promise.all(balances)))
      }
      const amount = (title: string, of: (balance: WireBalance) => string) => ({
        title,
        show: ({ balance }: Row) => showTokens(of(balance), token.decimals),
        align: 'right' as const,
      })
      const columns = [
        { title: 'user', show: ({ user }: Row) => user.id },
        { title: 'who', show: ({ user }: Row) => nameOf(user) },
        amount('available', (balance) => balance.available),
        amount('settled', (balance) => balance.settled),
        amount('held', (balance) => balance.held),
        amount('on its way', (balance) => balance.pending_in),
      ]
      const summary = `${token.name}: ${showUnits(token.supply, token)} in circulation, as of block ${token.last_indexed_block ?? '(none yet)'}.`
      show({ token, balances: rows.map(({ balance }) => balance) }, `${table(columns, rows)}\n\n${summary}`)
    },
  })
}

function nameOf(user: WireUser): string {
  if (user.type === 'company') return 'company'
  return user.name ?? user.external_id ?? ''
}
