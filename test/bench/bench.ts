import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '#scripts/stack/settings.ts'
import type { Progress } from '#scripts/stack/progress.ts'
import { type Bed, PROFILE_DIR, startBed } from './bed.ts'
import type { BenchOptions } from './options.ts'
import { type Details, writeDetails } from './details.ts'
import { REPORT_FILE, type Row, writeJson } from './report.ts'
import { accept } from './rows/accept.ts'
import { coldStart } from './rows/cold-start.ts'
import { gas } from './rows/gas.ts'
import { growth } from './rows/growth.ts'
import { lanes } from './rows/lanes.ts'
import { latency } from './rows/latency.ts'
import { memory } from './rows/memory.ts'
import { read } from './rows/read.ts'
import { scale } from './rows/scale.ts'
import { settle } from './rows/settle.ts'
import { stages } from './rows/stages.ts'
import { webhooks } from './rows/webhooks.ts'
import { type BenchRun, createRun, type Section } from './run.ts'
import { summariseProfiles, writeStatements } from './write-profiles.ts'

const LOGS_DIR = join(ROOT, '.local/bench-logs')

/** In the order in which they are measured. */
const SECTIONS: readonly Section[] = [
  accept,
  read,
  settle,
  latency,
  lanes,
  gas,
  coldStart,
  webhooks,
  memory,
  growth,
  stages,
  scale,
]

/** @throws RangeError where a row of `--only` does not exist. */
export async function runBench(
  options: BenchOptions,
  progress: Progress,
  onBed: (bed: Bed) => void,
): Promise<Row[]> {
  const sections = chosen(options.only)
  const details: Details = {}
  if (options.isProfiling) await rm(PROFILE_DIR, { recursive: true, force: true })
  const bed = await startBed({ progress, isProfiling: options.isProfiling })
  onBed(bed)
  const run = createRun({
    bed,
    progress,
    isQuick: options.isQuick,
    wantsHistory: sections.some(({ needsHistory }) => needsHistory),
    details,
  })
  const rows: Row[] = []
  try {
    for (const section of sections) {
      const found = await section.run(run)
      rows.push(...found.filter(({ name }) => options.only?.includes(name) ?? true))
      // What is measured for the documentation only is no table.
      if (rows.length > 0) await writeJson(REPORT_FILE, rows)
      await writeDetails(details)
    }
    return rows
  } catch (error) {
    await keepLogs(bed)
    throw error
  } finally {
    await leaveProfiles(bed, run).catch((error: unknown) => progress.line(String(error)))
    await run.close()
    await bed.stop()
    if (bed.profileDir !== undefined) await summariseProfiles(bed.profileDir, progress)
  }
}

/** What the processes said before a run failed would be gone with the run's folder. */
async function keepLogs({ logDir }: Bed): Promise<void> {
  await rm(LOGS_DIR, { recursive: true, force: true })
  await cp(logDir, LOGS_DIR, { recursive: true })
}

/** The processes write their profiles when they end. */
async function leaveProfiles({ profileDir }: Bed, { platforms }: BenchRun): Promise<void> {
  if (profileDir === undefined) return
  for (const platform of platforms) await writeStatements(profileDir, platform.name, platform)
}

function chosen(only: readonly string[] | undefined): Section[] {
  const known = SECTIONS.flatMap(({ rows }) => rows)
  const unknown = only?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length > 0) {
    throw new RangeError(`There is no row ${unknown.join(', ')}: choose from ${known.join(', ')}.`)
  }
  return SECTIONS.filter(({ rows, isExtra }) =>
    only === undefined ? !isExtra : rows.some((name) => only.includes(name)),
  )
}
