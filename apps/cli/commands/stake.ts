import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { Wallet } from 'ethers'
import { leaf, option } from '../command.ts'
import { CommandFailed, UsageError } from '../errors.ts'
import { signStake } from '../sign-stake.ts'
import { fields } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showTokens, toUnits } from '../units.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireBacking, WireStake } from '../wire.ts'

interface StakeOptions {
  amount?: string
  bounty?: string
  beneficiary?: string
  resume?: string
}

const PATH = '/v3/stakes'
const POLL_MS = 500
/** Beyond this long nothing is wrong yet: the chains' finality decides. The command can be taken up again. */
const TIMEOUT_MS = 600_000
/** Where a stake ends, whatever was meant to become of it. */
const ENDED: ReadonlySet<string> = new Set(['completed', 'revoked', 'expired'])
const MARKS = { pending: '·', running: '…', done: '✓' } as const

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
      const staker = readStaker(terminal)
      const backing = await session.economy.get<WireBacking>('/v3/token/backing')
      const prepared = await prepare(session.economy, backing, staker, options)
      if (prepared.staker !== staker.address.toLowerCase())
        throw new UsageError(
          `STAKER_KEY is of ${staker.address.toLowerCase()}, and ${prepared.id} is staked by ${prepared.staker}.`,
        )
      if (prepared.status === 'awaiting_signature') await signStake(session.economy, staker, prepared)
      const stake = await follow(terminal, session.economy, prepared.id)
      show(stake, textOf(stake, backing))
      if (stake.status !== 'completed')
        throw new CommandFailed(`The stake is ${stake.status}: nothing was minted.`)
    },
  })
}

function readStaker({ env }: Terminal): Wallet {
  const key = env['STAKER_KEY']
  if (!key)
    throw new UsageError('Set STAKER_KEY to the private key of the wallet that stakes: 0x and 64 hex digits.')
  try {
    return new Wallet(key)
  } catch {
    // The error would repeat the key.
    throw new UsageError('STAKER_KEY is no private key: write 0x and 64 hex digits.')
  }
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

/** Says each change as it happens. @throws CommandFailed naming how to go on, when it takes too long. */
async function follow(terminal: Terminal, economy: V3Client, id: string): Promise<WireStake> {
  const deadline = performance.now() + TIMEOUT_MS
  let said = ''
  for (;;) {
    const stake = await economy.get<WireStake>(`${PATH}/${encodeURIComponent(id)}`)
    const line = lineOf(stake)
    if (line !== said) terminal.err(line)
    said = line
    if (ENDED.has(stake.status)) return stake
    if (performance.now() > deadline)
      throw new CommandFailed(
        `${id} is still ${stake.status}. It goes on by itself; look with: npm run ost -- stake --resume ${id}`,
      )
    await sleep(POLL_MS)
  }
}

/** `stk_… confirmed: stake ✓  confirm ✓  mint …  release ·`. */
function lineOf({ id, status, steps, problem }: WireStake): string {
  const marks = steps.map((step) => `${step.name} ${MARKS[step.status]}`).join('  ')
  return `${id} ${status}: ${marks}${problem === null ? '' : `  (${problem})`}`
}

function textOf(stake: WireStake, backing: WireBacking): string {
  return fields({
    id: stake.id,
    status: stake.status,
    staked: `${showTokens(stake.amount, backing.value_token_decimals)} value tokens of ${stake.staker}`,
    minted: `${showTokens(stake.mints, backing.token_decimals)} to ${stake.beneficiary}`,
    ...Object.fromEntries(stake.steps.map((step) => [step.name, step.transaction_hash ?? '—'])),
  })
}
