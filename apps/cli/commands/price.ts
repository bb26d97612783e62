import type { Command } from 'commander'
import { group, leaf, option } from '../command.ts'
import { type Column, fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireLatestPrice, WirePage, WirePricePoint } from '../wire.ts'

interface SetOptions {
  asOf?: string
}

const COLUMNS: readonly Column<WireLatestPrice>[] = [
  { title: 'currency', show: (point) => point.currency },
  { title: 'price', show: (point) => point.price, align: 'right' },
  { title: 'from', show: (point) => point.source },
  { title: 'as of', show: (point) => point.as_of },
  { title: 'state', show: stateOf },
]

/** What one whole token is worth, by the business's own word. Where the chain gives the price, that one counts. */
export function priceCommands(terminal: Terminal): Command {
  const set = leaf<SetOptions, [currency: string, price: string]>(terminal, {
    name: 'set',
    plane: 'data',
    description: 'Record what one whole token is worth from now on.',
    arguments: [
      ['currency', 'USD, EUR or GBP'],
      ['price', 'a decimal, such as 0.25'],
    ],
    options: [option('--as-of <moment>', 'ISO 8601: the moment the price is of; left out: now')],
    examples: ['price set USD 0.25', 'price set EUR 0.2 --as-of 2026-11-28T12:00:00Z'],
    async run({ session, show }, { asOf }, currency, price) {
      const point = await session.economy.post<WirePricePoint>('/v3/price-points', {
        currency: currency.toUpperCase(),
        price,
        ...(asOf !== undefined && { as_of: asOf }),
      })
      show(point, fields({ id: point.id, price: `${point.price} ${point.currency}`, 'as of': point.as_of }))
    },
  })
  const list = leaf(terminal, {
    name: 'list',
    plane: 'data',
    description: 'The present price of each currency, and where it comes from.',
    examples: ['price list'],
    async run({ session, show }) {
      const { data } = await session.economy.get<WirePage<WireLatestPrice>>('/v3/price-points/latest')
      show(data, table(COLUMNS, data))
    },
  })
  return group('price', 'What a token is worth in fiat money', [set, list], ['price set USD 0.25'])
}

function stateOf({ is_stale, deviates }: WireLatestPrice): string {
  if (is_stale) return 'too old: amounts are refused'
  return deviates ? 'jumped, not confirmed: amounts are refused' : 'in use'
}
