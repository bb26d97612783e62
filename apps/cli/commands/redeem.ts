import type { Command } from 'commander'
import type { Wallet } from 'ethers'
import { leaf, option } from '../command.ts'
import { CommandFailed, UsageError } from '../errors.ts'
import { signUnstake } from '../sign-message.ts'
import { fields } from '../table.ts'
import { showTokens, toUnits } from '../units.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireBacking, WireUnstake } from '../wire.ts'
import { followMessage, transactionsOf, walletFrom } from './follow-message.ts'

interface RedeemOptions {
  amount?: string
  beneficiary?: string
  bounty?: string
  fee?: string
  permitNonce?: string
  resume?: string
}

const PATH = '/v3/unstakes'

/** The redeemer's key is read from the environment, signs here, and goes nowhere. */
export function redeemCommand(terminal: Parameters<typeof leaf>[0]): Command {
  return leaf<RedeemOptions>(terminal, {
    name: 'redeem',
    plane: 'data',
    description:
      'Redeem tokens of your own wallet for the value behind them, which is paid out on the value chain. REDEEMER_KEY is the private key that signs; it stays on this machine.',
    options: [
      option('--amount <tokens>', 'whole tokens to redeem, such as 1000 or 0.5'),
      option('--beneficiary <address>', 'who is paid on the value chain; left out: the same address there'),
      option('--bounty <tokens>', 'whole tokens on top, for whoever finishes the redemption'),
      option('--fee <tokens>', 'whole value tokens out of what is paid, for whoever pays'),
      option('--permit-nonce <count>', 'permits of the token that the wallet has used before; left out: 0'),
      option('--resume <id>', 'go on with a redemption that was prepared before: ust_…'),
    ],
    examples: ['redeem --amount 1000', 'redeem --resume ust_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run({ session, show }, options) {
      const redeemer = walletFrom(terminal, 'REDEEMER_KEY', 'redeems')
      const backing = await session.economy.get<WireBacking>('/v3/token/backing')
      const prepared = await prepare(session.economy, backing, redeemer, options)
      if (prepared.redeemer !== redeemer.address.toLowerCase())
        throw new UsageError(
          `REDEEMER_KEY is of ${redeemer.address.toLowerCase()}, and ${prepared.id} is redeemed by ${prepared.redeemer}.`,
        )
      if (prepared.status === 'awaiting_signature') await signUnstake(session.economy, redeemer, prepared)
      const at = { path: PATH, id: prepared.id, command: 'redeem' }
      const unstake = await followMessage<WireUnstake>(terminal, session.economy, at)
      show(unstake, textOf(unstake, backing))
      if (unstake.status !== 'completed')
        throw new CommandFailed(`The redemption is ${unstake.status}: nothing was paid.`)
    },
  })
}

async function prepare(
  economy: V3Client,
  backing: WireBacking,
  redeemer: Wallet,
  { amount, beneficiary, bounty, fee, permitNonce, resume }: RedeemOptions,
): Promise<WireUnstake> {
  if (resume !== undefined) return economy.get<WireUnstake>(`${PATH}/${encodeURIComponent(resume)}`)
  if (amount === undefined)
    throw new UsageError('Say how much with --amount, or which redemption with --resume.')
  const { token_decimals: decimals, value_token_decimals: valueDecimals } = backing
  return economy.post<WireUnstake>(PATH, {
    redeemer: redeemer.address,
    // A key has the same address on every chain, so the default is the same person's.
    beneficiary: beneficiary ?? redeemer.address,
    amount: toUnits(amount, decimals, '--amount'),
    ...(bounty !== undefined && { bounty: toUnits(bounty, decimals, '--bounty') }),
    ...(fee !== undefined && { fee: toUnits(fee, valueDecimals, '--fee') }),
    ...(permitNonce !== undefined && { permit_nonce: permitNonce }),
  })
}

function textOf(unstake: WireUnstake, backing: WireBacking): string {
  return fields({
    id: unstake.id,
    status: unstake.status,
    redeemed: `${showTokens(unstake.amount, backing.token_decimals)} of ${unstake.redeemer}`,
    paid: `${showTokens(unstake.pays, backing.value_token_decimals)} value tokens to ${unstake.beneficiary}`,
    ...transactionsOf(unstake),
  })
}
