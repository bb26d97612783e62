/** A column of a table: its title, what it shows of a row, and where numbers stand. */
export interface Column<Row> {
  title: string
  show(row: Row): string
  align?: 'right'
}

const GAP = '  '

/** Rows as aligned text for people. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.show(row)))
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  )
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => {
        const width = widths[at] ?? 0
        return columns[at]?.align === 'right' ? text.padStart(width) : text.padEnd(width)
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map((column) => column.title.toUpperCase())), ...cells.map(line)].join('\n')
}

/** Names and values under each other. */
export function fields(entries: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length))
  return Object.entries(entries)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n')
}
