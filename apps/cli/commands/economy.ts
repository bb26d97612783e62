import type { Command } from 'commander'
import { group, leaf, option, required } from '../command.ts'
import { UsageError } from '../errors.ts'
import { readList } from '../read-list.ts'
import { fields, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { showUnits, toUnits } from '../units.ts'
import { stepsOf, waitForEconomy } from '../wait-for-economy.ts'
import type { WireEconomy } from '../wire.ts'

interface CreateOptions {
  name: string
  symbol: string
  decimals: string
  grant?: string
  rate?: string
  wait: boolean
}

const PATH = '/v3/economies'
const DECIMALS_MAX = 18

export function economyCommands(terminal: Terminal): Command {
  const create = leaf<CreateOptions>(terminal, {
    name: 'create',
    plane: 'control',
    description: 'Create an economy with its token, and wait until it is live.',
    options: [
      required('--name <name>', 'the economy, for people'),
      required('--symbol <symbol>', 'the token: 2 to 10 capital letters and digits'),
      option('--decimals <count>', 'decimal places of the token, 0 to 18').default('18'),
      option('--grant <tokens>', 'whole tokens the company starts with; left out: a million'),
      option(
        '--rate <tokens>',
        'a production economy: whole tokens for one staked value token, for ever; live with its first stake',
      ),
      option('--no-wait', 'answer at once, while the contracts are on their way'),
    ],
    examples: [
      'economy create --name "Acme Coin" --symbol ACME',
      'economy create --name Points --symbol PTS --decimals 0 --grant 5000 --no-wait',
      'economy create --name "Acme Gold" --symbol GOLD --rate 100',
    ],
    async run({ session, show, ...context }, options) {
      const decimals = readDecimals(options.decimals)
      if (options.rate !== undefined && options.grant !== undefined)
        throw new UsageError('--grant is for sandboxes: with --rate, tokens come into being by stakes only.')
      const created = await session.tenant.post<WireEconomy>(PATH, {
        name: options.name,
        symbol: options.symbol,
        decimals,
        ...(options.grant !== undefined && { initial_grant: toUnits(options.grant, decimals, '--grant') }),
        ...(options.rate !== undefined && { environment: 'production', rate: options.rate }),
      })
      if (options.rate !== undefined) {
        return show(created, `${economyText(created)}\n\n${nextStepsText(created)}`)
      }
      if (!options.wait) return show(created, economyText(created))
      const economy = await waitForEconomy(session.tenant, created.id, showSteps(context.terminal))
      show(economy, economyText(economy))
    },
  })

  const list = leaf(terminal, {
    name: 'list',
    plane: 'control',
    description: "List the tenant's economies.",
    examples: ['economy list'],
    async run({ session, show }) {
      const economies = await readList<WireEconomy>(session.tenant, PATH)
      const columns = [
        { title: 'economy', show: (economy: WireEconomy) => economy.id },
        { title: 'symbol', show: (economy: WireEconomy) => economy.symbol },
        { title: 'name', show: (economy: WireEconomy) => economy.name },
        { title: 'status', show: (economy: WireEconomy) => economy.status },
        { title: 'chain', show: (economy: WireEconomy) => String(economy.chain_id), align: 'right' as const },
        { title: 'token', show: (economy: WireEconomy) => economy.token_address },
      ]
      show(economies, table(columns, economies))
    },
  })

  const act = (name: string, description: string) =>
    leaf<Record<never, never>, [id: string]>(terminal, {
      name,
      plane: 'control',
      description,
      arguments: [['<id>', 'the economy: eco_…']],
      examples: [`economy ${name} eco_01k0g2qz5me93tnsy1xq2zc7ah`],
      async run({ session, show }, _options, id) {
        const economy = await session.tenant.post<WireEconomy>(`${PATH}/${encodeURIComponent(id)}/${name}`)
        show(economy, economyText(economy))
      },
    })

  const show = leaf<Record<never, never>, [id: string]>(terminal, {
    name: 'show',
    plane: 'control',
    description: 'Show an economy and how far its deployment is.',
    arguments: [['<id>', 'the economy: eco_…']],
    examples: ['economy show eco_01k0g2qz5me93tnsy1xq2zc7ah'],
    async run(context, _options, id) {
      const economy = await context.session.tenant.get<WireEconomy>(`${PATH}/${encodeURIComponent(id)}`)
      context.show(economy, economyText(economy))
    },
  })

  const grant = leaf<{ amount: string }, [id: string]>(terminal, {
    name: 'grant',
    plane: 'control',
    description: 'Grant play money to the company of a sandbox economy.',
    arguments: [['<id>', 'the economy: eco_…']],
    options: [required('--amount <tokens>', 'whole tokens, such as 1000 or 0.5')],
    examples: ['economy grant eco_01k0g2qz5me93tnsy1xq2zc7ah --amount 1000'],
    async run(context, { amount }, id) {
      const path = `${PATH}/${encodeURIComponent(id)}`
      const economy = await context.session.tenant.get<WireEconomy>(path)
      const units = toUnits(amount, economy.decimals, '--amount')
      const queued = await context.session.tenant.post(`${path}/grants`, { amount: units })
      context.show(
        queued,
        `${showUnits(units, economy)} are on their way to the company; its balance shows them once the block is read.`,
      )
    },
  })

  const commands = [
    create,
    list,
    show,
    act('pause', 'Pause an economy: it takes no transactions until it is resumed.'),
    act('resume', 'Resume a paused economy.'),
    act('retry', 'Resume a deployment that has stopped.'),
    grant,
  ]
  return group('economy', 'Economies and their tokens.', commands, [
    'economy create --name "Acme Coin" --symbol ACME',
    'economy grant eco_01k0g2qz5me93tnsy1xq2zc7ah --amount 1000',
  ])
}

/** Tells of each change of a deployment's steps once. */
function showSteps(terminal: Terminal): (economy: WireEconomy) => void {
  let shown = ''
  return (economy) => {
    const line = `${economy.symbol} ${economy.status}: ${stepsOf(economy)}`
    if (line !== shown) terminal.err(line)
    shown = line
  }
}

function economyText(economy: WireEconomy): string {
  return fields({
    economy: economy.id,
    name: `${economy.name} (${economy.symbol}, ${economy.decimals} decimals, ${economy.environment})`,
    status: economy.failure_reason === null ? economy.status : `${economy.status}: ${economy.failure_reason}`,
    steps: stepsOf(economy),
    token: `${economy.token_address} on chain ${economy.chain_id}`,
    rules: economy.token_rules_address,
    company: economy.company_user_id,
    'initial grant': showUnits(economy.initial_grant, economy),
  })
}

function readDecimals(text: string): number {
  const decimals = Number(text)
  if (/^\d{1,2}$/.test(text) && decimals <= DECIMALS_MAX) return decimals
  throw new UsageError(`--decimals is "${text}": write a whole number from 0 to ${DECIMALS_MAX}.`)
}

function nextStepsText({ id }: WireEconomy): string {
  return `It is live with its first stake:
  npm run ost -- key create --name Backend --for ${id} --production     # its key, for OST_API_KEY
  STAKER_KEY=0x… OST_API_KEY=ost_live_… npm run ost -- stake --amount 1000`
}
