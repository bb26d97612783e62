import { join } from 'node:path'
import { CommanderError } from 'commander'
import { EXIT, explain } from '#apps/cli/explain.ts'
import { localDataDir } from '#apps/cli/local-stack.ts'
import { createProgress } from '../stack/progress.ts'
import { writePrivate } from '../stack/settings.ts'
import { simulateCommand } from './options.ts'
import { reportText } from './report.ts'
import { simulate } from './simulate.ts'

/** `npm run simulate`: a partner backend's day in a few minutes, and the proof that no money was lost. */
try {
  const command = simulateCommand(async (options) => {
    const report = await simulate(options, {
      env: process.env,
      output: process.stdout,
      progress: createProgress(),
    })
    const file = join(localDataDir(process.env), 'simulate.json')
    await writePrivate(file, report)
    process.stdout.write(`${reportText(report)}\n  In full: ${file}\n`)
    if (!report.passed) process.exitCode = EXIT.refused
  })
  await command.exitOverride().parseAsync(process.argv)
} catch (error) {
  process.exitCode = endWith(error)
}

function endWith(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  const explanation = explain(error)
  if (!explanation) throw error
  process.stderr.write(`${explanation.text}\n`)
  return explanation.exitCode
}
