import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivate } from '#scripts/stack/settings.ts'
import type { Bed } from './bed.ts'
import { CATALOGUE } from './catalogue.ts'
import type { Fault } from './fault.ts'
import type { Finding } from './finding.ts'
import { type LifeResult, NOTHING_SPENT, type Spent } from './life.ts'
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
  /** Of the tries after which everything had to end: the last ones of their lives. */
  drained_s_max: number
  /** Of all tries. */
  seconds: Spent
  /** Seeds of tries that did not pass; of all tries of a life in which something was found when none of them shows it alone. */
  failed_seeds: number[]
}

/** What earlier runs left; nothing where none did. */
export async function readRows(file: string): Promise<FaultRow[]> {
  const text = await readFile(file, 'utf8').catch(() => '[]')
  // Written by `write` below.
  return JSON.parse(text) as FaultRow[]
}

export interface Report {
  add: (result: LifeResult, bed?: Bed) => Promise<void>
  /** A try of a life in which something was found, alone: says whose fault it was, and counts as no further try. */
  addReplay: (result: LifeResult, bed?: Bed) => Promise<void>
  rows(): FaultRow[]
  write(file: string): Promise<void>
}

/** What was found in one life is shown up to here; the file beside its logs has all of it. */
const SHOWN_MAX = 5

/** Collects results, prints a line when a fault is through, and keeps the logs of what did not pass in `folder`. */
export function createReport(options: {
  planned: ReadonlyMap<Fault, number>
  folder: string
  print: (line: string) => void
  /** Rows of an earlier run, kept for faults that are not tried in this one. */
  earlier?: readonly FaultRow[]
}): Report {
  const { planned, folder, print, earlier = [] } = options
  const tried = new Set([...planned.keys()].map(({ id }) => id))
  const kept = earlier.filter(({ fault }) => !tried.has(fault))
  const rows = new Map<Fault, FaultRow>()
  let writing = Promise.resolve()

  async function add(result: LifeResult, bed?: Bed): Promise<void> {
    const { life, findings } = result
    const [{ fault }] = life
    const row = rows.get(fault) ?? emptyRow(fault)
    rows.set(fault, row)
    row.tries += life.length
    row.accepted += result.accepted
    row.lost += count(findings, 'lost')
    row.doubled += count(findings, 'doubled')
    row.mismatches += count(findings, 'mismatch')
    row.drained_s_max = Math.max(row.drained_s_max, tenths(result.drainedS))
    row.seconds = sum(row.seconds, result.spent)
    if (findings.length > 0) {
      row.failed_seeds.push(...life.map(({ seed }) => seed))
      await keep(result, bed)
    }
    if (row.tries === planned.get(fault)) print(lineOf(row))
  }

  async function addReplay(result: LifeResult, bed?: Bed): Promise<void> {
    const [{ fault, seed }] = result.life
    if (result.findings.length === 0) return print(`  ${fault.id}, seed ${seed} alone: nothing found`)
    return keep(result, bed)
  }

  async function keep({ life, findings }: LifeResult, bed?: Bed): Promise<void> {
    const [{ fault }] = life
    const seeds = [...new Set([life[0], life.at(-1)])].map((one) => one?.seed).join('-')
    const place = join(folder, `${fault.id}-${seeds}`)
    await mkdir(place, { recursive: true })
    const told = findings.map(({ verdict, kind, what }) => `${verdict} ${kind}: ${what}`)
    await writeFile(join(place, 'findings.txt'), `${told.join('\n')}\n`)
    if (bed) await cp(bed.logFolder, place, { recursive: true })
    print(`✗ ${fault.id}, seed ${seeds}: ${findings.length} findings, with the logs in ${place}`)
    for (const line of told.slice(0, SHOWN_MAX)) print(`    ${line}`)
    print(`    again: ${replayCommand(life)}`)
  }

  return {
    add,
    addReplay,
    rows: () => [...rows.values()],
    // Beds end their lives when they like; the file is written by one after the other.
    write: async (file) =>
      (writing = writing.then(async () => writePrivate(file, inOrder([...kept, ...rows.values()])))),
  }
}

function inOrder(rows: readonly FaultRow[]): FaultRow[] {
  const place = new Map(CATALOGUE.map(({ id }, index) => [id, index]))
  return rows.toSorted((a, b) => (place.get(a.fault) ?? -1) - (place.get(b.fault) ?? -1))
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
    seconds: NOTHING_SPENT,
    failed_seeds: [],
  }
}

function count(findings: readonly Finding[], kind: Finding['kind']): number {
  return findings.filter((finding) => finding.kind === kind).length
}

function sum(one: Spent, other: Spent): Spent {
  return {
    start: tenths(one.start + other.start),
    load: tenths(one.load + other.load),
    fault: tenths(one.fault + other.fault),
    settle: tenths(one.settle + other.settle),
    drain: tenths(one.drain + other.drain),
    judge: tenths(one.judge + other.judge),
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

const ID_WIDTH = 24
const PARTS = Object.keys(NOTHING_SPENT).map((part) => part.padStart(7))

/** Seconds of all platforms together, by what was done in them. */
export function timeTold(rows: readonly FaultRow[]): string {
  const all = rows.reduce((total, { seconds }) => sum(total, seconds), NOTHING_SPENT)
  return Object.entries(all)
    .map(([part, seconds]) => `${part} ${Math.round(seconds)}`)
    .join(', ')
}

export const HEADING = `  ${'fault'.padEnd(ID_WIDTH)} tries  accepted  lost  doubled  mismatches  drained ≤ s  seconds:${PARTS.join('')}`

function lineOf(row: FaultRow): string {
  const mark = row.failed_seeds.length === 0 ? '✓' : '✗'
  const cells = [
    `${row.tries}`.padStart(5),
    `${row.accepted}`.padStart(9),
    `${row.lost}`.padStart(5),
    `${row.doubled}`.padStart(8),
    `${row.mismatches}`.padStart(11),
    row.drained_s_max.toFixed(1).padStart(12),
    ' '.repeat(8),
  ]
  const seconds = Object.values(row.seconds).map((value: number) => value.toFixed(0).padStart(7))
  return `${mark} ${row.fault.padEnd(ID_WIDTH)} ${cells.join(' ')}${seconds.join('')}`
}
