import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivate } from '#scripts/stack/settings.ts'
import type { Bed } from './bed.ts'
import type { Fault } from './fault.ts'
import type { Finding } from './finding.ts'
import type { TryResult } from './run.ts'
import { replayCommand } from './schedule.ts'

/** A fault's line in `.local/faults.json`. */
export interface FaultRow {
  fault: string
  name: string
  /** Of any length: those of the fault's full length are the first ones. */
  tries: number
  /** Payments that were accepted over all tries. */
  accepted: number
  lost: number
  doubled: number
  mismatches: number
  drained_s_max: number
  /** Of all tries, with load, fault and judgement. */
  seconds: number
  /** Seeds of tries that did not pass. */
  failed_seeds: number[]
}

export interface Report {
  add(result: TryResult, bed: Bed): Promise<void>
  rows(): FaultRow[]
  write(file: string): Promise<void>
}

/** What was found in one try is shown up to here; the file beside its logs has all of it. */
const SHOWN_MAX = 5

/** Collects results, prints a line when a fault is through, and keeps the logs of what did not pass in `folder`. */
export function createReport(options: {
  planned: ReadonlyMap<Fault, number>
  folder: string
  print: (line: string) => void
}): Report {
  const { planned, folder, print } = options
  const rows = new Map<Fault, FaultRow>()

  async function add(result: TryResult, bed: Bed): Promise<void> {
    const { fault, findings } = result
    const row = rows.get(fault) ?? emptyRow(fault)
    rows.set(fault, row)
    row.tries += 1
    row.accepted += result.accepted
    row.lost += count(findings, 'lost')
    row.doubled += count(findings, 'doubled')
    row.mismatches += count(findings, 'mismatch')
    row.drained_s_max = Math.max(row.drained_s_max, Math.round(result.drainedS * 10) / 10)
    row.seconds = Math.round((row.seconds + result.seconds) * 10) / 10
    if (findings.length > 0) {
      row.failed_seeds.push(result.seed)
      await keep(result, bed)
    }
    if (row.tries === planned.get(fault)) print(lineOf(row))
  }

  async function keep({ fault, seed, findings }: TryResult, bed: Bed): Promise<void> {
    const place = join(folder, `${fault.id}-${seed}`)
    await mkdir(place, { recursive: true })
    const told = findings.map(({ verdict, kind, what }) => `${verdict} ${kind}: ${what}`)
    await writeFile(join(place, 'findings.txt'), `${told.join('\n')}\n`)
    await cp(bed.logFolder, place, { recursive: true })
    print(`✗ ${fault.id}, seed ${seed}: ${findings.length} findings, with the logs in ${place}`)
    for (const line of told.slice(0, SHOWN_MAX)) print(`    ${line}`)
    print(`    again: ${replayCommand({ fault, seed })}`)
  }

  return {
    add,
    rows: () => [...rows.values()],
    write: (file) => writePrivate(file, [...rows.values()]),
  }
}

function emptyRow({ id, name }: Fault): FaultRow {
  return {
    fault: id,
    name,
    tries: 0,
    accepted: 0,
    lost: 0,
    doubled: 0,
    mismatches: 0,
    drained_s_max: 0,
    seconds: 0,
    failed_seeds: [],
  }
}

function count(findings: readonly Finding[], kind: Finding['kind']): number {
  return findings.filter((finding) => finding.kind === kind).length
}

const ID_WIDTH = 24

export const HEADING = `  ${'fault'.padEnd(ID_WIDTH)} tries  accepted  lost  doubled  mismatches  drained ≤ s  seconds`

function lineOf(row: FaultRow): string {
  const mark = row.failed_seeds.length === 0 ? '✓' : '✗'
  const cells = [
    `${row.tries}`.padStart(5),
    `${row.accepted}`.padStart(9),
    `${row.lost}`.padStart(5),
    `${row.doubled}`.padStart(8),
    `${row.mismatches}`.padStart(11),
    row.drained_s_max.toFixed(1).padStart(12),
    row.seconds.toFixed(0).padStart(8),
  ]
  return `${mark} ${row.fault.padEnd(ID_WIDTH)} ${cells.join(' ')}`
}
