import type { Command } from 'commander'
import type { Wallet } from 'ethers'
import { leaf, option } from '../command.ts'
import { CommandFailed, UsageError } from '../errors.ts'
import { signStake } from '../sign-message.ts'
import { fields } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showTokens, toUnits } from '../units.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireBacking, WireStake } from '../wire.ts'
import { followMessage, transactionsOf, walletFrom } from './follow-message.ts'

interface StakeOptions {
  amount?: string
  bounty?: string
  beneficiary?: string
  resume?: string
}

const PATH = '/v3/stakes'

/** The staker's key is read from the environment, signs here, and goes nowhere. */
export function stakeCommand(terminal: Terminal): Command {
  return leaf<StakeOptions>(terminal, {
    name: 'stake',
    plane: 'data',
    description:
      'Stake value tokens of your own wallet and have tokens minted for them. STAKER_KEY is the private key that signs; it stays on this machine.',
    options: [
      option('--amount <tokens>', 'whole value tokens to stake, such as 1000 or 0.5'),
      option('--bounty <tokens>', 'whole value tokens on top, for whoever finishes the stake'),
      option('--beneficiary <address>', 'who gets the tokens, on the utility chain; left out: the company'),
      option('--resume <id>', 'go on with a stake that was prepared before: stk_…'),
    ],
    examples: ['stake --amount 1000', 'stake --resume stk_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, options) {
      const staker = walletFrom(terminal, 'STAKER_KEY', 'stakes')
      const backing = await session.economy.get<WireBacking>('/v3/token/backing')
      const prepared = await prepare(session.economy, backing, staker, options)
      if (prepared.staker !== staker.address.toLowerCase())
        throw new UsageError(
          `STAKER_KEY is of ${staker.address.toLowerCase()}, and ${prepared.id} is staked by ${prepared.staker}.`,
        )
      const { id } = prepared
      if (prepared.status === 'awaiting_signature') await signStake(session.economy, staker, prepared)
      const at = { path: PATH, id, command: 'stake' }
      const stake = await followMessage<WireStake>(terminal, session.economy, at)
      show(stake, textOf(stake, backing))
      if (stake.status !== 'completed')
        throw new CommandFailed(`The stake is ${stake.status}: nothing was minted.`)
    },
  })
}

async function prepare(
  economy: V3Client,
  backing: WireBacking,
  staker: Wallet,
  { amount, bounty, beneficiary, resume }: StakeOptions,
): Promise<WireStake> {
  if (resume !== undefined) return economy.get<WireStake>(`${PATH}/${encodeURIComponent(resume)}`)
  if (amount === undefined) throw new UsageError('Say how much with --amount, or which stake with --resume.')
  const decimals = backing.value_token_decimals
  return economy.post<WireStake>(PATH, {
    staker: staker.address,
    amount: toUnits(amount, decimals, '--amount'),
    ...(bounty !== undefined && { bounty: toUnits(bounty, decimals, '--bounty') }),
    ...(beneficiary !== undefined && { beneficiary }),
  })
}

function textOf(stake: WireStake, backing: WireBacking): string {
  return fields({
    id: stake.id,
    status: stake.status,
    staked: `${showTokens(stake.amount, backing.value_token_decimals)} value tokens of ${stake.staker}`,
    minted: `${showTokens(stake.mints, backing.token_decimals)} to ${stake.beneficiary}`,
    ...transactionsOf(stake),
  })
}
