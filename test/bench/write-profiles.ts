import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Progress } from '#scripts/stack/progress.ts'
import { profilesIn, slowestStatements, topOfProfile } from './profiles.ts'
import type { Platform } from './platform.ts'

const FUNCTIONS = 30
const STATEMENTS = 15

/** Asks Postgres for its slowest statements while it still runs. */
export async function writeStatements(folder: string, name: string, platform: Platform): Promise<string> {
  const statements = await slowestStatements(platform.database.adminUrl, STATEMENTS)
  const text = statements
    .map(
      (one) =>
        `${one.totalMs.toFixed(0)} ms in ${one.calls} calls of ${one.meanMs.toFixed(3)} ms, ${one.rows} rows, as ${one.role}\n${one.query}\n\n${one.plan}\n`,
    )
    .join(`\n${'-'.repeat(100)}\n\n`)
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.sql.txt`)
  await writeFile(file, text)
  return file
}

/** Sums up the CPU profiles that the processes left when they ended. */
export async function summariseProfiles(folder: string, progress: Progress): Promise<void> {
  for (const file of await profilesIn(folder)) {
    const top = await topOfProfile(file, FUNCTIONS)
    const lines = top.map(
      ({ functionName, place, milliseconds, share }) =>
        `${(share * 100).toFixed(1).padStart(5)} %  ${milliseconds.toFixed(0).padStart(7)} ms  ${functionName}  ${place}`,
    )
    const summary = file.replace(/\.cpuprofile$/, '.txt')
    await writeFile(summary, `${lines.join('\n')}\n`)
    progress.line(`\n${relative(folder, summary)}\n${lines.slice(0, 12).join('\n')}`)
  }
}
