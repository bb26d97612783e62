/**
 * Columns of values as PostgreSQL's arrays, written here: the driver quotes and escapes each value as any text, which took longer
 * than all the rest of a call.
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */

/** Ids, numbers, hashes and words: nothing that needs quotes. */
export function columnOf(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** The same where most batches have no value at all: `unnest` fills up what is shorter than its other columns with NULL. */
export function sparseColumnOf(values: readonly (string | number | bigint | null)[]): string {
  return values.every((value) => value === null) ? '{}' : columnOf(values)
}

/** Rows of which many are alike in some columns: one of each kind, and the kind of every row, counted from 1 as PostgreSQL does. */
export function kindsOf<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): { kinds: Row[]; places: string } {
  const kinds = new Map<string, { row: Row; place: number }>()
  const places = rows.map((row) => {
    const key = keyOf(row)
    const known = kinds.get(key)
    if (known) return known.place
    const place = kinds.size + 1
    kinds.set(key, { row, place })
    return place
  })
  return { kinds: [...kinds.values()].map(({ row }) => row), places: columnOf(places) }
}

/** Bytes, each given as 0x and hexadecimal digits. */
export function bytesColumnOf(values: readonly string[]): string {
  return `{${values.map((value) => `"\\\\x${value.slice(2)}"`).join(',')}}`
}

/** Places of rows (`ctid`). */
export function placesColumnOf(values: readonly string[]): string {
  return `{${values.map((value) => `"${value}"`).join(',')}}`
}

/** Any text. */
export function textColumnOf(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`
}

export function timeColumnOf(values: readonly Date[]): string {
  return columnOf(values.map((value) => value.toISOString()))
}

/** Values as JSON. The same value again, as an empty object often is, is written once. */
export function jsonColumnOf(values: readonly unknown[]): string {
  return `{${jsonTexts(values).join(',')}}`
}

/** The same where most batches have one value for all rows: that is written once then, and read by `alike`. */
export function alikeJsonColumnOf(values: readonly unknown[]): string {
  const texts = jsonTexts(values)
  return `{${(texts.every((text) => text === texts[0]) ? texts.slice(0, 1) : texts).join(',')}}`
}

/** A row's value of `column`, which came by `alikeJsonColumnOf` as `parameter`: rows without one have that of the first. */
export function alike(column: string, parameter: string): string {
  return `coalesce(${column}, (${parameter}::jsonb[])[1])`
}

function jsonTexts(values: readonly unknown[]): string[] {
  const empty = new Map<string, string>()
  return values.map((value) => {
    const text = JSON.stringify(value)
    if (text.length > 2) return quotedJson(text)
    const known = empty.get(text) ?? quotedJson(text)
    empty.set(text, known)
    return known
  })
}

/** Of text that is JSON, and so has no control characters, JSON's own quotes are those of an array: written at once, and half as dear. */
function quotedJson(json: string): string {
  return JSON.stringify(json)
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/**
 * Where the row of `table` with this primary key is: `place`, of the relation `found`; for an UPDATE, whose own table the planner
 * may reach however it likes. OFFSET 0 keeps the look-up as it stands: one by the primary key for each row before it. Joined
 * plainly, an economy that is younger than the statistics is read from end to end for every row, by any index that begins with it.
 * The row must be locked, or have one writer at a time: it is found again by its place.
 * @param key The values of the primary key's columns, in terms of the relations before.
 */
export function foundByKey(table: string, key: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(key).map(([column, value]) => `${table}.${column} = ${value}`)
  return `CROSS JOIN LATERAL (SELECT ctid AS place FROM ${table} WHERE ${conditions.join(' AND ')} OFFSET 0) AS found`
}

/**
 * A condition on rows that are found by their primary key anyway. As a plain comparison with a status that rows only pass
 * through, the planner would take it for the rarest thing (its statistics are always stale) and compare every such row with
 * every row of the batch: minutes instead of milliseconds. A CASE it takes for a coin toss.
 */
export function unestimated(condition: string): string {
  return `CASE WHEN ${condition} THEN true ELSE false END`
}
