import { Command, CommanderError } from 'commander'
import { examplesText } from './command.ts'
import { airdropCommands } from './commands/airdrop.ts'
import { balancesCommand } from './commands/balances.ts'
import { economyCommands } from './commands/economy.ts'
import { faucetCommand } from './commands/faucet.ts'
import { keyCommands } from './commands/key.ts'
import { keysCommand } from './commands/keys.ts'
import { lanesCommand } from './commands/lanes.ts'
import { listenCommand } from './commands/listen.ts'
import { memberCommands } from './commands/member.ts'
import { outboxCommand } from './commands/outbox.ts'
import { redeemCommand } from './commands/redeem.ts'
import { priceCommands } from './commands/price.ts'
import { reconcileCommand } from './commands/reconcile.ts'
import { replayWebhooksCommand } from './commands/replay-webhooks.ts'
import { tenantCommands } from './commands/tenant.ts'
import { txCommands } from './commands/tx.ts'
import { typeCommands } from './commands/type.ts'
import { unstickCommand } from './commands/unstick.ts'
import { userCommands } from './commands/user.ts'
import { stakeCommand } from './commands/stake.ts'
import { verifyBackingCommand } from './commands/verify-backing.ts'
import { webhookCommands } from './commands/webhook.ts'
import { EXIT, type ExitCode, explain } from './explain.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = [
  'economy create --name "Acme Coin" --symbol ACME',
  'user create --external-id alice --name Alice',
  'tx send --type reward --to alice --amount 10',
  'balances',
]

const NOTES = `
After npm start no option is needed: the commands find the API and the demo keys on this machine (.local/demo.json).
For any other platform: OST_API_URL, OST_API_KEY, and OST_ECONOMY where a key serves several economies; OPERATOR_KEY creates tenants
and lets the operator's commands through: lanes, unstick, outbox, keys, reconcile --all.

Exit codes: 0 done · 1 refused, or differences found · 2 the command line is wrong · 3 the API or a node does not answer
`

/** Runs one command line. @returns how the process should end. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = buildProgram(terminal)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return EXIT.done
  } catch (error) {
    // Commander has said what is wrong already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const explanation = explain(error)
    if (!explanation) throw error
    terminal.err(explanation.text)
    return explanation.exitCode
  }
}

function buildProgram(terminal: Terminal): Command {
  const program = new Command('ost')
    .description('Administers an OST KIT platform over its HTTP API.')
    .addHelpText('after', `${examplesText(EXAMPLES)}${NOTES}`)
  const commands = [
    tenantCommands(terminal),
    memberCommands(terminal),
    keyCommands(terminal),
    economyCommands(terminal),
    userCommands(terminal),
    typeCommands(terminal),
    txCommands(terminal),
    airdropCommands(terminal),
    priceCommands(terminal),
    balancesCommand(terminal),
    webhookCommands(terminal),
    replayWebhooksCommand(terminal),
    listenCommand(terminal),
    reconcileCommand(terminal),
    faucetCommand(terminal),
    stakeCommand(terminal),
    redeemCommand(terminal),
    verifyBackingCommand(terminal),
    lanesCommand(terminal),
    unstickCommand(terminal),
    outboxCommand(terminal),
    keysCommand(terminal),
  ]
  for (const command of commands) program.addCommand(command)
  for (const command of everyCommand(program)) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .showHelpAfterError('(--help shows what can be written here)')
      .configureOutput({
        writeOut: (text) => terminal.out(text.trimEnd()),
        writeErr: (text) => terminal.err(text.trimEnd()),
      })
  }
  return program
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}
