/** `npm run test:faults`: breaks everything that can break, many times, while payments are made, and judges what is left. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CATALOGUE } from '#test/faults/catalogue.ts'
import { removeLeftovers } from '#test/faults/bed.ts'
import type { Fault } from '#test/faults/fault.ts'
import { createReport, HEADING, readRows, timeTold } from '#test/faults/report.ts'
import { runLives } from '#test/faults/run.ts'
import { planLives, planTries } from '#test/faults/schedule.ts'
import { writeDocs } from '#test/faults/write-docs.ts'
import { ROOT } from './stack/settings.ts'
import { onStopRequest } from './stack/stop-request.ts'

const USAGE = `npm run test:faults -- [--only F8,kill-worker] [--tries 3] [--seed 42] [--beds 6] [--list] [--docs]

  --only    faults by their names, separated by commas; all of them without it
  --tries   of each fault, instead of the number that each has by itself
  --seed    of the first try; every further one has the next. By chance without it; it is printed
  --beds    platforms at the same time (6)
  --list    says what there is
  --docs    writes what the last runs found into docs/reliability.md, and does nothing else
`
const SEED_MAX = 1_000_000
const BEDS_MAX = 8

const file = join(ROOT, '.local/faults.json')
const options = await readOptions()
const print = (line: string) => void process.stdout.write(`${line}\n`)
// What runs below us is ended by its watchdog; there is nothing to be finished.
onStopRequest(async () => process.exit(130))
// Of whatever the end of a platform cuts: a run of half an hour is not lost by it, and does not pass either.
let unhandled = 0
process.on('unhandledRejection', (reason) => {
  unhandled += 1
  print(`✗ nobody waited for: ${reason instanceof Error ? reason.message : String(reason)}`)
})

const plans = options.faults.map((fault) => planTries(fault, options))
const report = createReport({
  planned: new Map(plans.flatMap((plan) => (plan[0] ? [[plan[0].fault, plan.length]] : []))),
  folder: join(ROOT, '.local/faults'),
  print,
  // A run of some leaves the rows of the others.
  earlier: options.faults === CATALOGUE ? [] : await readRows(file),
})
const startedAt = performance.now()
print(`Seed ${options.seed}. ${plans.length} faults, ${plans.flat().length} tries.\n${HEADING}`)
await removeLeftovers()
const lives = plans.flatMap(planLives)
await runLives(lives, {
  beds: Math.min(options.beds, lives.length),
  async onLife(result, bed) {
    await report.add(result, bed)
    await report.write(file)
  },
  onReplay: report.addReplay,
})
const rows = report.rows()
const failed = rows.filter(({ failed_seeds: seeds }) => seeds.length > 0)
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
const verdict = failed.length === 0 ? 'All passed' : `${failed.length} did not pass`
print(
  `\n${verdict}: ${rows.length} faults, ${sum(rows.map((row) => row.tries))} tries in ${minutes} min. In full: ${file}`,
)
print(`Seconds of all platforms: ${timeTold(rows)}.`)
process.exit(failed.length === 0 && unhandled === 0 ? 0 : 1)

async function readOptions(): Promise<{
  faults: readonly Fault[]
  tries?: number
  seed: number
  beds: number
}> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      tries: { type: 'string' },
      seed: { type: 'string' },
      beds: { type: 'string', default: '6' },
      docs: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) end(USAGE)
  if (values.docs) {
    const missing = await writeDocs(file)
    end(`docs/reliability.md is written. Without a row: ${missing.join(', ') || 'none'}.\n`)
  }
  if (values.list) end(CATALOGUE.map(({ id, name }) => `${id.padEnd(24)} ${name}\n`).join(''))
  const tries = values.tries === undefined ? {} : { tries: number('tries', values.tries, 10_000) }
  const seed =
    values.seed === undefined
      ? Math.floor(Math.random() * SEED_MAX)
      : number('seed', values.seed, Number.MAX_SAFE_INTEGER)
  return { faults: chosen(values.only), ...tries, seed, beds: number('beds', values.beds, BEDS_MAX) }
}

function chosen(only: string | undefined): readonly Fault[] {
  if (only === undefined) return CATALOGUE
  return only.split(',').map((id) => {
    const fault = CATALOGUE.find((one) => one.id === id.trim())
    return fault ?? fail(`There is no fault "${id}": --list says what there is.`)
  })
}

function number(name: string, text: string, max: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0 && value <= max) return value
  return fail(`--${name} is "${text}": use a whole number from 1 to ${max}.`)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function end(text: string): never {
  process.stdout.write(text)
  process.exit(0)
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(2)
}
