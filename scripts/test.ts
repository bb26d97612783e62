/** `npm test`: every check and every test, against real components that exist for this run only. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foundryBinary } from './foundry-binary.ts'
import {
  type Check,
  FORMAT,
  LINT,
  runChecks,
  runTool,
  SDK_CURRENT,
  SOLIDITY_FORMAT,
  showTool,
  TYPES,
} from './stack/checks.ts'
import { exists } from './stack/exists.ts'
import { createProgress } from './stack/progress.ts'
import { ROOT } from './stack/settings.ts'
import { onStopRequest } from './stack/stop-request.ts'
import { ANSWERS_FILE, findUnseenAnswers } from './stack/unseen-answers.ts'
import { environmentOf, startTestStack } from './test-stack.ts'

type Tally = { passed: number; failed: number; skipped: number }

const BINDINGS_CHECK: Check = {
  title: 'contract bindings',
  command: 'node',
  args: ['scripts/generate-bindings.ts', '--check'],
}

const progress = createProgress()
const reports = await mkdtemp(join(tmpdir(), 'ost-kit-test-'))
let stopStack: (() => Promise<void>) | undefined

onStopRequest(async () => {
  await stopServers()
  process.exit(130)
})

let exitCode = 1
try {
  exitCode = await runAll()
} finally {
  await stopServers()
  await rm(reports, { recursive: true, force: true })
}
process.exit(exitCode)

async function runAll(): Promise<number> {
  const checks = [TYPES, LINT, FORMAT, SDK_CURRENT]
  if (await exists(join(ROOT, 'contracts/foundry.toml'))) checks.push(SOLIDITY_FORMAT)
  if (await exists(join(ROOT, 'scripts/generate-bindings.ts'))) checks.push(BINDINGS_CHECK)
  const failedChecks = await runChecks(progress, checks)

  const tallies = [await runVitest('unit', {})]
  progress.line('\nReal components for this run:')
  const { stack, stop } = await startTestStack(progress)
  stopStack = stop
  const answersFile = join(reports, 'answers')
  tallies.push(await runVitest('integration', { ...environmentOf(stack), [ANSWERS_FILE]: answersFile }))
  tallies.push(await checkAnswers(answersFile))
  await stopServers()
  if (await exists(join(ROOT, 'contracts/foundry.toml'))) tallies.push(await runForge())

  if (failedChecks.length > 0) progress.line(`\nFailed checks: ${failedChecks.join(', ')}.`)
  const total = sum([...tallies, { passed: 0, failed: failedChecks.length, skipped: 0 }])
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  progress.line(`${total.passed} passed, ${total.failed} failed${skipped}`)
  return total.failed === 0 ? 0 : 1
}

/** A documented answer that no test has seen fails the run: it is untested, or it cannot happen and should not be promised. */
async function checkAnswers(answersFile: string): Promise<Tally> {
  const unseen = await findUnseenAnswers(answersFile)
  for (const answer of unseen) progress.line(`✗ documented, and seen by no test: ${answer}`)
  return { passed: unseen.length === 0 ? 1 : 0, failed: unseen.length, skipped: 0 }
}

async function runVitest(project: string, env: Readonly<Record<string, string>>): Promise<Tally> {
  const report = join(reports, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = ['run', '--project', project, '--passWithNoTests', ...reporters]
  progress.line(`\nTests: ${project}`)
  const isOk = await showTool({ command: 'vitest', args }, env)
  return readVitestReport(report, isOk)
}

async function readVitestReport(path: string, isOk: boolean): Promise<Tally> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return { passed: 0, failed: isOk ? 0 : 1, skipped: 0 }
  // The reporter's format, which follows Jest's.
  const report = JSON.parse(text) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
    numTodoTests: number
  }
  const tally = {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }
  // A file that does not load, or an error outside any test, fails the run without a failed test.
  return !isOk && tally.failed === 0 ? { ...tally, failed: 1 } : tally
}

type ForgeReport = Record<string, { test_results: Record<string, { status: string; reason: string | null }> }>

async function runForge(): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  progress.line('\nTests: contracts')
  await progress
    .step('forge test', async (note) => {
      const { isOk, output } = await runTool({
        command: foundryBinary('forge'),
        args: ['test', '--json'],
        cwd: 'contracts',
      })
      const report = parseForgeReport(output)
      if (report === undefined) throw new Error(output)
      for (const [file, { test_results: results }] of Object.entries(report)) {
        for (const [name, { status, reason }] of Object.entries(results)) {
          if (status === 'Success') tally.passed += 1
          if (status === 'Skipped') tally.skipped += 1
          if (status !== 'Failure') continue
          tally.failed += 1
          progress.line(`✗ ${file} ${name}: ${reason ?? 'failed'}`)
        }
      }
      note(`${tally.passed} passed, ${tally.failed} failed`)
      if (!isOk && tally.failed === 0) throw new Error(output)
    })
    .catch((error: unknown) => {
      tally.failed += 1
      progress.line(error instanceof Error ? error.message : String(error))
    })
  return tally
}

/** The report is one line among compiler messages. */
function parseForgeReport(output: string): ForgeReport | undefined {
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  try {
    return line === undefined ? undefined : (JSON.parse(line) as ForgeReport)
  } catch {
    return undefined
  }
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((total, tally) => ({
    passed: total.passed + tally.passed,
    failed: total.failed + tally.failed,
    skipped: total.skipped + tally.skipped,
  }))
}

async function stopServers(): Promise<void> {
  const stop = stopStack
  stopStack = undefined
  await stop?.()
}
