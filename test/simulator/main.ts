/** `npm run test:simulator`: as many histories of the money path as one likes, each from a seed that replays it. */
import { Command, CommanderError, Option } from 'commander'
import { formatCount, startProgressBar } from '#scripts/simulate/progress-bar.ts'
import { UsageError } from '#apps/cli/errors.ts'
import { failureText, simulate } from './simulate.ts'

const SEEDS_MAX = 10_000_000
const SEED_MAX = 2_000_000_000
const EXAMPLES = `
Examples:
  $ npm run test:simulator
  $ npm run test:simulator -- --seeds 10000 --seed 123
  $ npm run test:simulator -- --seeds 1 --seed 4711      replays one history

Ends with 0 when every promise was kept, with 1 at the first seed that broke one, with 2 on a wrong command line.
`

const command = new Command('test:simulator')
  .description(
    'Plays histories of the money path in memory: crashes, lost answers, re-orgs, rotations; judges each.',
  )
  .addOption(new Option('--seeds <count>', 'histories to play').default('10000'))
  .addOption(new Option('--seed <number>', 'seed of the first one; the others count up').default('1'))
  .addHelpText('after', EXAMPLES)
  .exitOverride()
  .action(async ({ seeds, seed }: { seeds: string; seed: string }) => {
    const first = whole('--seed', seed, SEED_MAX)
    process.exitCode = (await play(first, whole('--seeds', seeds, SEEDS_MAX))) ? 0 : 1
  })

try {
  await command.parseAsync(process.argv)
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n`)
  else if (!(error instanceof CommanderError)) throw error
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : 2
}

async function play(first: number, count: number): Promise<boolean> {
  const bar = startProgressBar('Histories', count, process.stdout)
  const totals = { steps: 0, crashes: 0, transactions: 0 }
  for (let index = 0; index < count; index += 1) {
    const { failure, world } = await simulate(first + index)
    if (failure) {
      bar.end(`seed ${first + index} failed`)
      process.stdout.write(failureText(await simulate(first + index, { shrinks: true })))
      return false
    }
    totals.steps += world.scheduler.trace.length
    totals.crashes += world.scheduler.trace.filter((line) => line.endsWith(' crash')).length
    totals.transactions += world.tables.transactions.committed.size
    bar.update(index + 1)
  }
  bar.end()
  const { transactions, crashes, steps } = totals
  process.stdout.write(
    `${formatCount(count)} histories kept every promise: ${formatCount(transactions)} transactions, ${formatCount(crashes)} crashes, ${formatCount(steps)} steps.\n`,
  )
  return true
}

function whole(name: string, text: string, max: number): number {
  const number = Number(text)
  if (/^[1-9]\d*$/.test(text) && number <= max) return number
  throw new UsageError(`${name} is "${text}": write a whole number from 1 to ${max}.`)
}
