import type { Query } from './call.ts'
import type { V3Client } from './v3-client.ts'

/** Rows that a list command reads unless it is told otherwise. */
export const ROWS_DEFAULT = 100

/** The beginning of a list, as many pages as it takes. */
export async function readList<Row>(
  client: V3Client,
  path: string,
  query: Query = {},
  rowsMax = ROWS_DEFAULT,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of client.rows<Row>(path, query, rowsMax)) rows.push(row)
  return rows
}
