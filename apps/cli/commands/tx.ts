import { randomUUID } from 'node:crypto'
import { type Command, Option } from 'commander'
import { group, leaf, option, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import { findType, findUserId } from '../find.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showUnits, toUnits } from '../units.ts'
import type { WireTimeline, WireToken, WireTransaction, WireTransactionType } from '../wire.ts'
import type { V3Client } from '../v3-client.ts'
import { readLimit } from './user.ts'

interface SendOptions {
  type: string
  from?: string
  to?: string
  amount?: string
  commission?: string
  metadata?: string[]
  key?: string
  wait: boolean
  dryRun?: boolean
}

interface ListOptions {
  limit: string
  status?: string
  user?: string
  type?: string
  since?: string
}

const PATH = '/v3/transactions'
const STATUSES = ['queued', 'submitted', 'mined', 'confirmed', 'failed'] as const
/** Long enough for a few blocks. */
const WAIT_SECONDS = 20
const LIST_DEFAULT = '25'

export function txCommands(terminal: Terminal): Command {
  const send = leaf<SendOptions>(terminal, {
    name: 'send',
    plane: 'data',
    description: 'Execute a transaction, and wait until the ledger has settled it.',
    options: [
      required('--type <type>', 'the transaction type, by name or id'),
      option('--from <user>', 'who pays: an id, an external id, or company; left out where the company pays'),
      option('--to <user>', 'who is paid; left out where the company is'),
      option(
        '--amount <amount>',
        "whole tokens, or of the type's currency; left out where the type fixes it",
      ),
      option('--commission <amount>', 'only where the type leaves it open'),
      option('--metadata <name=value...>', 'your own notes'),
      option('--key <key>', 'the Idempotency-Key: repeat it to repeat the request without a second effect'),
      option('--no-wait', 'answer as soon as it is accepted'),
      option('--dry-run', 'decide as an execution would, and execute nothing'),
    ],
    examples: [
      'tx send --type tip --from alice --to bob --amount 1.5',
      'tx send --type reward --to alice --amount 100 --metadata reason=welcome --no-wait',
      'tx send --type tip --from alice --to bob --amount 1.5 --dry-run',
    ],
    async run({ session, show, ...context }, options) {
      const { economy } = session
      const token = await economy.get<WireToken>('/v3/token')
      const body = await executionOf(economy, token, options)
      if (options.dryRun === true) {
        const preview = await economy.post<WireTransaction>(`${PATH}/dry-run`, body)
        const terms = `${showUnits(preview.amount, token)} and a commission of ${showUnits(preview.commission, token)}`
        return show(preview, `It would be accepted: ${terms}.`)
      }
      const idempotencyKey = options.key ?? randomUUID()
      if (options.key === undefined) context.terminal.err(`Idempotency-Key: ${idempotencyKey}`)
      const { body: transaction } = await economy.request<WireTransaction>({
        method: 'POST',
        path: PATH,
        body,
        idempotencyKey,
        ...(options.wait && { waitSeconds: WAIT_SECONDS }),
      })
      show(transaction, transactionText(transaction, token))
    },
  })

  const showOne = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'show',
    plane: 'data',
    description: 'Show a transaction with its transfers and its place on the chain.',
    arguments: [['<id>', 'the transaction: txn_…']],
    examples: ['tx show txn_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      const token = await session.economy.get<WireToken>('/v3/token')
      const transaction = await session.economy.get<WireTransaction>(`${PATH}/${encodeURIComponent(id)}`)
      show(transaction, transactionText(transaction, token))
    },
  })

  const timeline = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'timeline',
    plane: 'data',
    description: 'Show everything that happened to a transaction, in order.',
    arguments: [['<id>', 'the transaction: txn_…']],
    examples: ['tx timeline txn_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      const found = await session.economy.get<WireTimeline>(`${PATH}/${encodeURIComponent(id)}/timeline`)
      const lines = found.data.map((event) => `${event.at}  ${event.kind.padEnd(16)} ${event.summary}`)
      show(found, lines.join('\n'))
    },
  })

  const list = leaf<ListOptions>(terminal, {
    name: 'list',
    plane: 'data',
    description: "List the economy's transactions, newest first.",
    options: [
      option('--limit <count>', 'how many').default(LIST_DEFAULT),
      new Option('--status <status>', 'only in this status').choices(STATUSES),
      option('--user <user>', 'only from or to this user: an id, an external id, or company'),
      option('--type <type>', 'only of this type, by name or id'),
      option('--since <time>', 'only from this moment on, such as 2026-11-20T09:30:00Z'),
    ],
    examples: ['tx list --status failed', 'tx list --user alice --limit 5'],
    async run({ session, show }, options) {
      const { economy } = session
      const token = await economy.get<WireToken>('/v3/token')
      const query = {
        status: options.status,
        user_id: options.user === undefined ? undefined : await findUserId(economy, options.user),
        type_id: options.type === undefined ? undefined : (await findType(economy, options.type)).id,
        'created_at.gte': options.since,
      }
      const transactions = await readList<WireTransaction>(economy, PATH, query, readLimit(options.limit))
      const columns = [
        { title: 'transaction', show: (one: WireTransaction) => one.id },
        { title: 'created', show: (one: WireTransaction) => one.created_at },
        { title: 'status', show: (one: WireTransaction) => one.status },
        { title: 'from', show: (one: WireTransaction) => one.from_user_id },
        { title: 'to', show: (one: WireTransaction) => one.to_user_id },
        {
          title: 'amount',
          show: (one: WireTransaction) => showUnits(one.amount, token),
          align: 'right' as const,
        },
      ]
      show(transactions, table(columns, transactions))
    },
  })

  return group(
    'tx',
    'Transactions: tokens that move.',
    [send, showOne, timeline, list],
    ['tx send --type tip --from alice --to bob --amount 1.5', 'tx list --status failed'],
  )
}

async function executionOf(economy: V3Client, token: WireToken, options: SendOptions) {
  const type = await findType(economy, options.type)
  const userOf = async (name: string | undefined) =>
    name === undefined ? undefined : findUserId(economy, name)
  const [from, to] = [await userOf(options.from), await userOf(options.to)]
  const amount = amountOf(options.amount, type, token, '--amount')
  const commission = amountOf(options.commission, type, token, '--commission')
  return {
    type: type.id,
    ...(from !== undefined && { from_user_id: from }),
    ...(to !== undefined && { to_user_id: to }),
    ...(amount !== undefined && { amount }),
    ...(commission !== undefined && { commission }),
    ...(options.metadata !== undefined && { metadata: readMetadata(options.metadata) }),
  }
}

/** An amount as the API takes it for the type: base units of the token, or a decimal of its currency. */
export function amountOf(
  text: string | undefined,
  type: WireTransactionType,
  token: WireToken,
  name: string,
): string | undefined {
  return text === undefined || type.currency !== 'token' ? text : toUnits(text, token.decimals, name)
}

function readMetadata(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`--metadata has "${pair}": write name=value.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function transactionText(transaction: WireTransaction, token: WireToken): string {
  const { chain, failure } = transaction
  const fiat = transaction.amount_fiat === null ? '' : ` (${transaction.amount_fiat} ${transaction.currency})`
  return fields({
    transaction: transaction.id,
    status:
      failure === null ? transaction.status : `${transaction.status}: ${failure.reason} (${failure.code})`,
    from: transaction.from_user_id,
    to: transaction.to_user_id,
    amount: `${showUnits(transaction.amount, token)}${fiat}`,
    commission: showUnits(transaction.commission, token),
    ...(chain !== null && { chain: `${chain.tx_hash} in block ${chain.block_number ?? '(none yet)'}` }),
    created: transaction.created_at,
    ...(transaction.ended_at !== null && { ended: transaction.ended_at }),
  })
}
