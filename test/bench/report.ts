import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT } from '#scripts/stack/settings.ts'

/** One figure beside what it is measured against. */
export interface Row {
  name: string
  unit: string
  ours: number
  beside: number
  ratio: number
  /** In words of the ratio: `≥ 3`, `≤ 2`. */
  goal: string
  pass: boolean
  /** Of a shortened run, whose figures are for development only. */
  quick?: true
}

type Goal = { atLeast: number } | { atMost: number }

/** Where the table is kept for docs/performance.md and for whoever compares runs. */
export const REPORT_FILE = join(ROOT, '.local/bench.json')
/** What was measured on the way: costs, rounds, stages. */
export const DETAILS_FILE = join(ROOT, '.local/bench-details.json')

/** A row whose ratio is ours by beside. */
export function row(options: {
  name: string
  unit: string
  ours: number
  beside: number
  goal: Goal
  /** Medians of ratios pair by pair where ours and beside took turns; else the ratio of the two figures. */
  ratio?: number
  /** A further condition, beside the ratio. */
  also?: boolean
}): Row {
  const { name, unit, ours, beside, goal, ratio = ours / beside, also = true } = options
  const isMet = 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost
  const words = 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`
  return { name, unit, ours, beside, ratio, goal: words, pass: isMet && also }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

const HEADINGS = ['name', 'ours', 'beside', 'unit', 'ratio', 'goal', '']

/** The table as people read it, in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((one) => [
    one.name,
    figure(one.ours),
    figure(one.beside),
    one.unit,
    figure(one.ratio),
    one.goal,
    `${one.pass ? 'pass' : 'FAIL'}${one.quick ? ' (quick)' : ''}`,
  ])
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  )
  const format = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [
    format(HEADINGS),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...lines.map(format),
  ].join('\n')
}

/** Three significant digits, and no fractions where there are thousands. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-GB')
  return Number(value.toPrecision(3)).toString()
}

export async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.partial`, `${JSON.stringify(value, null, 2)}\n`)
  await rename(`${file}.partial`, file)
}
