import { type Command, Option } from 'commander'
import { FIAT_CURRENCIES } from '#core/rule/currency.ts'
import { group, leaf, option, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showTokens, toUnits } from '../units.ts'
import type { WireToken, WireTransactionType } from '../wire.ts'

interface CreateOptions {
  name: string
  kind: WireTransactionType['kind']
  currency: WireTransactionType['currency']
  amount?: string
  commissionBps?: string
}

const KINDS = ['user_to_user', 'company_to_user', 'user_to_company'] as const

export function typeCommands(terminal: Terminal): Command {
  const create = leaf<CreateOptions>(terminal, {
    name: 'create',
    plane: 'data',
    description: 'Define a way to pay: who pays whom, how much, with what commission on top.',
    options: [
      required('--name <name>', 'unique in the economy; transactions name it'),
      new Option('--kind <kind>', 'who pays whom').choices(KINDS).makeOptionMandatory(),
      new Option('--currency <currency>', 'what amounts are in')
        .choices(['token', ...FIAT_CURRENCIES])
        .default('token'),
      option(
        '--amount <amount>',
        'fixed amount: whole tokens, or of the currency; left out: each transaction names its own',
      ),
      option(
        '--commission-bps <bps>',
        'commission to the company on top, in hundredths of a per cent (user_to_user only)',
      ),
    ],
    examples: [
      'type create --name tip --kind user_to_user --commission-bps 100',
      'type create --name coffee --kind user_to_company --currency USD --amount 3.50',
    ],
    async run({ session, show }, options) {
      const token = await session.economy.get<WireToken>('/v3/token')
      const { name, kind, currency } = options
      const amount =
        options.amount === undefined || currency !== 'token'
          ? options.amount
          : toUnits(options.amount, token.decimals, '--amount')
      const type = await session.economy.post<WireTransactionType>('/v3/transaction-types', {
        name,
        kind,
        currency,
        ...(amount !== undefined && { amount }),
        ...(options.commissionBps !== undefined && { commission: { bps: readBps(options.commissionBps) } }),
      })
      show(
        type,
        fields({
          type: type.id,
          name: type.name,
          kind: type.kind,
          amount: amountText(type, token),
          commission: commissionText(type, token),
        }),
      )
    },
  })

  const list = leaf(terminal, {
    name: 'list',
    plane: 'data',
    description: "List the economy's transaction types.",
    examples: ['type list'],
    async run({ session, show }) {
      const token = await session.economy.get<WireToken>('/v3/token')
      const types = await readList<WireTransactionType>(session.economy, '/v3/transaction-types')
      const columns = [
        { title: 'type', show: (type: WireTransactionType) => type.id },
        { title: 'name', show: (type: WireTransactionType) => type.name },
        { title: 'kind', show: (type: WireTransactionType) => type.kind },
        { title: 'amount', show: (type: WireTransactionType) => amountText(type, token) },
        { title: 'commission', show: (type: WireTransactionType) => commissionText(type, token) },
        { title: 'status', show: (type: WireTransactionType) => type.status },
      ]
      show(types, table(columns, types))
    },
  })

  return group(
    'type',
    'Transaction types: the ways to pay in an economy.',
    [create, list],
    ['type create --name tip --kind user_to_user --commission-bps 100', 'type list'],
  )
}

function amountText(type: WireTransactionType, token: WireToken): string {
  const unit = type.currency === 'token' ? token.symbol : type.currency
  return type.amount === null ? `any ${unit}` : `${inUnit(type, type.amount, token)} ${unit}`
}

function commissionText(type: WireTransactionType, token: WireToken): string {
  const { commission } = type
  if (commission === null) return 'none'
  if ('bps' in commission) return `${commission.bps / 100} %`
  if ('arbitrary' in commission) return 'any'
  return `${inUnit(type, commission.amount, token)} ${type.currency === 'token' ? token.symbol : type.currency}`
}

function inUnit(type: WireTransactionType, amount: string, token: WireToken): string {
  return type.currency === 'token' ? showTokens(amount, token.decimals) : amount
}

function readBps(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new UsageError(`--commission-bps is "${text}": write hundredths of a per cent, such as 100 for 1 %.`)
}
