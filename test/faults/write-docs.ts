import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '#scripts/stack/settings.ts'
import { CATALOGUE } from './catalogue.ts'
import { type FaultRow, readRows } from './report.ts'

const FILE = join(ROOT, 'docs/reliability.md')
const [BEGIN, END] = ['<!-- faults:table -->', '<!-- /faults:table -->']

/**
 * Puts what the last runs found between the marks of docs/reliability.md, so that no figure there is typed by hand.
 * @returns what the table cannot say yet: faults without a row.
 */
export async function writeDocs(resultsFile: string): Promise<string[]> {
  const rows = await readRows(resultsFile)
  const text = await readFile(FILE, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from === -1 || to === -1)
    throw new Error(`docs/reliability.md has no place for the table: ${BEGIN} ${END}`)
  await writeFile(FILE, `${text.slice(0, from + BEGIN.length)}\n\n${tableOf(rows)}\n\n${text.slice(to)}`)
  const told = new Set(rows.map(({ fault }) => fault))
  return CATALOGUE.map(({ id }) => id).filter((id) => !told.has(id))
}

export function tableOf(rows: readonly FaultRow[]): string {
  const total = (key: 'tries' | 'accepted' | 'lost' | 'doubled' | 'mismatches') =>
    rows.reduce((sum, row) => sum + row[key], 0)
  const count = (value: number) => value.toLocaleString('en-GB')
  return [
    `${rows.length} faults, ${count(total('tries'))} tries, ${count(total('accepted'))} accepted payments: ${total('lost')} lost, ${total('doubled')} doubled, ${total('mismatches')} mismatches.`,
    '',
    '| fault | what breaks | tries | payments | lost | doubled | mismatches | drained within, s |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map(
      (row) =>
        `| ${row.fault} | ${row.name} | ${row.tries} | ${count(row.accepted)} | ${row.lost} | ${row.doubled} | ${row.mismatches} | ${row.drained_s_max.toFixed(1)} |`,
    ),
  ].join('\n')
}
