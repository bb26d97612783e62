import { Command, Option } from 'commander'
import { UsageError } from '#apps/cli/errors.ts'
import { USERS_PER_ECONOMY_MIN, type WorldSize } from './world.ts'

/** What a run was asked for. */
export interface SimulateOptions extends WorldSize {
  concurrency: number
  settleTimeoutMs: number
  apiUrl?: string
  apiKey?: string
  rpcUrl?: string
}

interface Given {
  economies: string
  users: string
  transfers: string
  seed: string
  concurrency: string
  settleTimeout: string
  apiUrl?: string
  apiKey?: string
  rpcUrl?: string
}

const ECONOMIES_MAX = 64
const USERS_MAX = 1_000_000
const TRANSFERS_MAX = 10_000_000
const CONCURRENCY_MAX = 1_024
const SETTLE_TIMEOUT_SECONDS_MAX = 86_400

const EXAMPLES = `
Examples:
  $ npm run simulate
  $ npm run simulate -- --economies 2 --users 40 --transfers 500 --seed coffee
  $ npm run simulate -- --api-url https://sandbox.example.com --api-key ost_test_… --rpc-url https://rpc.example.com

The platform must run (npm start). The same seed makes the same users, amounts and order, and the same refusals.
Ends with 0 when everything is as it should be, with 1 on any difference, 2 on a wrong command line, 3 without an answer.
`

/** The command that reads the options; its action is handed what was read. */
export function simulateCommand(run: (options: SimulateOptions) => Promise<void>): Command {
  return new Command('simulate')
    .description(
      'Plays a partner backend against a running platform, and proves that no money was lost or made.',
    )
    .addOption(new Option('--economies <count>', 'economies to create').default('16'))
    .addOption(new Option('--users <count>', 'users, spread over the economies').default('1000'))
    .addOption(new Option('--transfers <count>', 'transfers to send, refused ones included').default('20000'))
    .addOption(new Option('--seed <text>', 'what everything is drawn from').default('1'))
    .addOption(new Option('--concurrency <count>', 'requests at one time').default('64'))
    .addOption(
      new Option(
        '--settle-timeout <seconds>',
        'how long to wait at the end for the last transaction',
      ).default('900'),
    )
    .addOption(
      new Option('--api-url <url>', 'where the API is (else OST_API_URL, else the stack on this machine)'),
    )
    .addOption(
      new Option(
        '--api-key <key>',
        'key of an existing tenant (else OST_API_KEY, else a new tenant is made with the operator key)',
      ),
    )
    .addOption(
      new Option(
        '--rpc-url <url>',
        "the utility chain's RPC, for the final check (else the one of the stack on this machine)",
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (given: Given) => run(readOptions(given)))
}

/** @throws UsageError naming the option and its bounds */
export function readOptions(given: Given): SimulateOptions {
  const options: SimulateOptions = {
    seed: given.seed,
    economies: count('--economies', given.economies, ECONOMIES_MAX),
    users: count('--users', given.users, USERS_MAX),
    transfers: count('--transfers', given.transfers, TRANSFERS_MAX),
    concurrency: count('--concurrency', given.concurrency, CONCURRENCY_MAX),
    settleTimeoutMs: count('--settle-timeout', given.settleTimeout, SETTLE_TIMEOUT_SECONDS_MAX) * 1_000,
    ...(given.apiUrl !== undefined && { apiUrl: given.apiUrl }),
    ...(given.apiKey !== undefined && { apiKey: given.apiKey }),
    ...(given.rpcUrl !== undefined && { rpcUrl: given.rpcUrl }),
  }
  const usersMin = options.economies * USERS_PER_ECONOMY_MIN
  if (options.users < usersMin) {
    throw new UsageError(
      `--users is ${options.users}: ${options.economies} economies need ${usersMin} at least, ${USERS_PER_ECONOMY_MIN} each.`,
    )
  }
  return options
}

function count(name: string, text: string, max: number): number {
  const number = Number(text)
  if (/^[1-9]\d*$/.test(text) && number <= max) return number
  throw new UsageError(`${name} is "${text}": write a whole number from 1 to ${max}.`)
}
