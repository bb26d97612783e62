/**
 * Prints the SQL that takes the database from the migrations to schema.prisma. A developer's tool:
 *   node_modules/.bin/node scripts/create-migration.ts > prisma/migrations/<timestamp>_<verb>/migration.sql
 * It replays the migrations in a database of its own that it drops again, so its role must be allowed to create one.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { inDatabase } from './database-roles.ts'
import { localAdminUrl } from './stack/settings.ts'
import { NO_FILTERS, readMigrations, readSchema, withSchemaEngine } from './schema-engine.ts'

const PRISMA = join(import.meta.dirname, '../prisma')

export async function diffMigrations(adminUrl: string, folder = PRISMA): Promise<string> {
  const migrations = await readMigrations(join(folder, 'migrations'))
  const files = await readSchema(join(folder, 'schema.prisma'))
  return inThrowawayDatabase(adminUrl, (url) =>
    withSchemaEngine(url, async (engine) => {
      const { stdout } = await engine.diff({
        from: { tag: 'migrations', ...migrations },
        to: { tag: 'schemaDatamodel', files },
        script: true,
        exitCode: null,
        filters: NO_FILTERS,
      })
      return stdout ?? ''
    }),
  )
}

/** The engine replays into the very database that it is connected to, so it gets one that nobody will miss. */
async function inThrowawayDatabase<T>(adminUrl: string, use: (url: string) => Promise<T>): Promise<T> {
  const name = `shadow_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    await admin.query(`CREATE DATABASE ${name}`)
    return await use(inDatabase(adminUrl, name))
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  }
}

if (import.meta.main) {
  const adminUrl = process.env['DATABASE_ADMIN_URL'] ?? (await localAdminUrl())
  if (adminUrl === undefined) {
    console.error(
      'There is no database to replay the migrations in: run npm start first, or set DATABASE_ADMIN_URL.',
    )
    process.exit(1)
  }
  const sql = await diffMigrations(adminUrl)
  // The engine leaves the 10 s timer of its lock behind, which would keep the process alive.
  process.stdout.write(sql, () => process.exit(0))
}
