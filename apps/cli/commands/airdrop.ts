import type { Command } from 'commander'
import { group, leaf, option, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import { findType, findUserId } from '../find.ts'
import { fields } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showUnits } from '../units.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireAirdrop, WireToken } from '../wire.ts'
import { amountOf } from './tx.ts'

interface CreateOptions {
  type: string
  amount?: string
  all?: boolean
  verified?: boolean
  new?: boolean
  users?: string[]
}

export function airdropCommands(terminal: Terminal): Command {
  const create = leaf<CreateOptions>(terminal, {
    name: 'create',
    plane: 'data',
    description: 'Give many users the same amount.',
    options: [
      required('--type <type>', 'a transaction type by which the company pays users, by name or id'),
      option(
        '--amount <amount>',
        "for each: whole tokens, or of the type's currency; left out where the type fixes it",
      ),
      option('--all', 'to every active user'),
      option('--verified', 'to verified users'),
      option('--new', 'to users whom no airdrop has given anything yet'),
      option('--users <user...>', 'to these: ids or external ids'),
    ],
    examples: [
      'airdrop create --type reward --amount 10 --all',
      'airdrop create --type reward --amount 10 --verified --new',
      'airdrop create --type reward --amount 10 --users alice bob',
    ],
    async run({ session, show }, options) {
      const { economy } = session
      const recipients = await recipientsOf(economy, options)
      const token = await economy.get<WireToken>('/v3/token')
      const type = await findType(economy, options.type)
      const amount = amountOf(options.amount, type, token, '--amount')
      const airdrop = await economy.post<WireAirdrop>('/v3/airdrops', {
        type: type.id,
        ...(amount !== undefined && { amount }),
        recipients,
      })
      show(
        airdrop,
        `${airdropText(airdrop, token)}\n\nFollow it with: npm run ost -- airdrop show ${airdrop.id}`,
      )
    },
  })

  const showOne = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'show',
    plane: 'data',
    description: 'Show how far an airdrop is.',
    arguments: [['<id>', 'the airdrop: air_…']],
    examples: ['airdrop show air_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, _options, id) {
      const token = await session.economy.get<WireToken>('/v3/token')
      const airdrop = await session.economy.get<WireAirdrop>(`/v3/airdrops/${encodeURIComponent(id)}`)
      show(airdrop, airdropText(airdrop, token))
    },
  })

  return group(
    'airdrop',
    'The same amount for many users.',
    [create, showOne],
    ['airdrop create --type reward --amount 10 --all', 'airdrop show air_01k0g2qz5me93tnsy1xq2zc7ah'],
  )
}

async function recipientsOf(economy: V3Client, { all, verified, new: isNew, users }: CreateOptions) {
  const isFiltered = verified === true || isNew === true
  const ways = [all === true, isFiltered, users !== undefined].filter(Boolean).length
  if (ways !== 1) {
    throw new UsageError(
      'Say who receives, in one way: --all, --verified and --new, or --users with their names.',
    )
  }
  if (users !== undefined) return { user_ids: await idsOf(economy, users) }
  if (all === true) return { all: true }
  return {
    filter: {
      ...(verified === true && { is_verified: true }),
      ...(isNew === true && { never_airdropped: true }),
    },
  }
}

async function idsOf(economy: V3Client, names: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const name of names) ids.push(await findUserId(economy, name))
  return ids
}

function airdropText(airdrop: WireAirdrop, token: WireToken): string {
  const { progress } = airdrop
  return fields({
    airdrop: airdrop.id,
    status: airdrop.failure_reason === null ? airdrop.status : `${airdrop.status}: ${airdrop.failure_reason}`,
    'to each': showUnits(airdrop.amount, token),
    recipients: `${progress.total}: ${progress.accepted} accepted, ${progress.refused} refused`,
    'on the chain': `${progress.mined} mined, ${progress.confirmed} confirmed, ${progress.failed} failed`,
  })
}
