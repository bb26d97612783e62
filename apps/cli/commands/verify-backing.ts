import { Command } from 'commander'
import { type BackingReading, readBacking } from '#adapters/evm/backing-reader.ts'
import { viewChain } from '#adapters/evm/chain-view.ts'
import { type BackingVerdict, judgeBacking } from '#core/gateway/judge-backing.ts'
import { formatUnits } from '#core/shared/money.ts'
import { commonOptions, examplesText, option, required } from '../command.ts'
import { CommandFailed, UsageError } from '../errors.ts'
import { type CommonOptions, openSession } from '../session.ts'
import { fields } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { WireToken } from '../wire.ts'

interface VerifyOptions extends CommonOptions {
  valueRpc: string
  utilityRpc: string
  token?: string
  depth?: string
}

const DEPTH_MAX = 10_000
const EXAMPLES = [
  'verify-backing --value-rpc https://value.example.com --utility-rpc https://utility.example.com --token 0x5fbdb2315678afecb367f032d93f642f64180aa3',
  'verify-backing --value-rpc http://127.0.0.1:28545 --utility-rpc http://127.0.0.1:28546 --depth 3',
]

/** Reads two chains and believes nobody else; the API is asked for the token's address only, and only where none is given. */
export function verifyBackingCommand(terminal: Terminal): Command {
  const command = new Command('verify-backing').description(
    "Check from the chains alone that a token's supply is covered by its stake. Ends with 1 when it is not.",
  )
  const options = [
    required('--value-rpc <url>', 'a node of the value chain'),
    required('--utility-rpc <url>', 'a node of the utility chain'),
    option(
      '--token <address>',
      "the branded token; left out: the one of the key's economy, as the API tells it",
    ),
    option(
      '--depth <blocks>',
      'read this many blocks below the newest; left out: what the nodes call finalized',
    ),
    ...commonOptions('data'),
  ]
  for (const one of options) command.addOption(one)
  return command
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (given: VerifyOptions) => verify(terminal, given))
}

async function verify(terminal: Terminal, options: VerifyOptions): Promise<void> {
  const urls = [
    readUrl('--value-rpc', options.valueRpc),
    readUrl('--utility-rpc', options.utilityRpc),
  ] as const
  const depth = readDepth(options.depth)
  const token =
    options.token === undefined ? await askForToken(terminal, options) : readAddress(options.token)
  const reading = await readChains(urls, { token, depth })
  const verdict = judgeBacking(reading.facts)
  const { facts, ...where } = reading
  const shown =
    options.json === true
      ? JSON.stringify(
          { ...where, facts, verdict },
          (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value),
          2,
        )
      : textOf(reading, verdict)
  terminal.out(shown)
  if (!verdict.holds) throw new CommandFailed(`The backing does not hold: ${verdict.problems.join('; ')}.`)
}

async function readChains(
  [valueUrl, utilityUrl]: readonly [string, string],
  query: { token: string; depth: number | null },
): Promise<BackingReading> {
  const value = await viewChain(valueUrl)
  try {
    const utility = await viewChain(utilityUrl)
    try {
      return await readBacking({ value, utility }, query)
    } finally {
      utility.close()
    }
  } catch (error) {
    if (error instanceof RangeError) throw new CommandFailed(`Nothing was verified: ${error.message}.`)
    throw error
  } finally {
    value.close()
  }
}

async function askForToken(terminal: Terminal, options: CommonOptions): Promise<string> {
  const session = await openSession(terminal, options)
  try {
    return (await session.economy.get<WireToken>('/v3/token')).address
  } finally {
    await session.close()
  }
}

function textOf({ economyId, value, utility, facts }: BackingReading, verdict: BackingVerdict): string {
  const { terms } = facts
  const inValue = (units: bigint) => `${formatUnits(units, terms.valueDecimals)} (${units})`
  const inUtility = (units: bigint) => `${formatUnits(units, terms.utilityDecimals)} (${units})`
  return fields({
    economy: economyId,
    'value chain': `${value.block.chainId}, block ${value.block.number} ${value.block.hash}`,
    'utility chain': `${utility.block.chainId}, block ${utility.block.number} ${utility.block.hash}`,
    gateway: value.gateway,
    'value token': value.token,
    'co-gateway': utility.coGateway,
    'branded token': utility.token,
    'stake in vault': inValue(facts.staked),
    'in flight': inValue(facts.inFlight),
    '  of it minted': inValue(facts.found.minted),
    'owned by gateway': `${inValue(facts.held)}, for all its economies`,
    supply: inUtility(facts.supply),
    '  of it paid out': inUtility(facts.redeemedSupply),
    rate: `${formatUnits(terms.rate, terms.rateDecimals)} branded tokens for one value token`,
    needed: inValue(verdict.needed),
    ratio: verdict.ratio ?? 'no supply',
    verdict: verdict.holds ? 'the backing holds' : 'THE BACKING DOES NOT HOLD',
  })
}

function readUrl(flag: string, text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text
  throw new UsageError(`${flag} must be an http(s) URL.`)
}

function readAddress(text: string): string {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text
  throw new UsageError('--token must be an address, 0x and 40 hexadecimal digits.')
}

function readDepth(text: string | undefined): number | null {
  if (text === undefined) return null
  const depth = Number(text)
  if (/^\d+$/.test(text) && depth <= DEPTH_MAX) return depth
  throw new UsageError(`--depth must be a number of blocks from 0 to ${DEPTH_MAX}.`)
}
