import { Client } from 'pg'

/**
 * Copies every row of one migrated database into another, empty one, as pg_dump and pg_restore do it: from one snapshot, while
 * others go on writing. (The dump programs themselves are not among the binaries that the tests bring.)
 *
 * @param urls Of a role that may switch triggers off: the server's administrator.
 */
export async function copyDatabase(urls: { from: string; to: string }): Promise<void> {
  const [source, target] = [new Client(urls.from), new Client(urls.to)]
  await Promise.all([source.connect(), target.connect()])
  try {
    await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await target.query("BEGIN; SET LOCAL session_replication_role = 'replica'")
    const { rows: tables } = await source.query<{ name: string; columns: string }>(
      `SELECT table_name AS name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' AND table_name <> '_prisma_migrations'
       GROUP BY table_name`,
    )
    for (const { name, columns } of tables) {
      // As text all the way, so that no number passes through JavaScript.
      const { rows } = await source.query<{ all: string | null }>(
        `SELECT json_agg(t)::text AS all FROM "${name}" t`,
      )
      await target.query(
        `INSERT INTO "${name}" (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::"${name}", $1::json)`,
        [rows[0]?.all ?? '[]'],
      )
    }
    await target.query('COMMIT')
  } finally {
    await Promise.allSettled([source.end(), target.end()])
  }
}
