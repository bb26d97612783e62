import { join } from 'node:path'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import { Client } from 'pg'
import { ensureRoles } from './database-roles.ts'
import { NO_FILTERS, readMigrations, withSchemaEngine } from './schema-engine.ts'

const MIGRATIONS = join(import.meta.dirname, '../prisma/migrations')

/** Any number, the same in every process: one migrates, the others wait. */
const MIGRATION_LOCK = 7_201_302
/** Held by Prisma's engine for as long as its session lives. */
const PRISMA_LOCK = 72_707_369

/** A migration that waits longer than this for a busy table gives way instead of blocking the platform. */
const TABLE_LOCK_TIMEOUT = '30s'

export type MigrateOptions = {
  folder?: string
  /** How long to wait for another process that is migrating. */
  waitMs?: number
}

export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed'
}

/**
 * Applies the migrations the database does not have yet and returns their names.
 *
 * May run in several processes at once: they take turns. The URL must reach PostgreSQL directly, because a pooler in
 * transaction mode would drop the lock between two statements.
 * @throws MigrationFailed when a migration fails, or when another process does not finish in time
 */
export async function migrate(ownerUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const { folder = MIGRATIONS, waitMs = 120_000 } = options
  const lock = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 })
  // If the server ends this connection, the lock is gone; the statement in progress reports it.
  lock.on('error', () => undefined)
  await lock.connect()
  try {
    await takeTurn(lock, waitMs)
    await clearUnfinished(lock)
    return await applyMigrations(ownerUrl, folder)
  } finally {
    await lock.end()
  }
}

async function takeTurn(client: Client, waitMs: number): Promise<void> {
  await client.query(`SET lock_timeout = ${Math.max(1, Math.trunc(waitMs))}`)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
  } catch (cause) {
    const isTimeout = cause instanceof Error && 'code' in cause && cause.code === '55P03'
    if (!isTimeout) throw cause
    throw new MigrationFailed(
      `Another process has been migrating this database for more than ${waitMs} ms: wait for it to finish or end it, then start again.`,
      { cause },
    )
  }
}

/**
 * A process that was killed leaves its migration as begun and its engine's session perhaps still at work, which ends with the
 * server's next look at the connection. After that nothing of an unfinished script is left: it runs as one transaction.
 */
async function clearUnfinished(client: Client): Promise<void> {
  const { rows } = await client.query<{ known: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known`,
  )
  if (!rows[0]?.known) return
  await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK])
  await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  )
  await client.query('SELECT pg_advisory_unlock($1)', [PRISMA_LOCK])
}

async function applyMigrations(ownerUrl: string, folder: string): Promise<string[]> {
  const migrationsList = await readMigrations(folder)
  const apply = async (engine: SchemaEngine) => {
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTERS })
      return appliedMigrationNames
    } catch (cause) {
      const reason = await explain(engine, cause)
      throw new MigrationFailed(`The database could not be migrated: ${reason}`, { cause })
    }
  }
  return withSchemaEngine(ownerUrl, apply, `-c lock_timeout=${TABLE_LOCK_TIMEOUT}`)
}

/**
 * A script runs as one transaction, so nothing of a failed one is left. Saying so in `_prisma_migrations` lets the
 * corrected script apply at the next start instead of being refused until someone resolves the failure by hand.
 */
async function explain(engine: SchemaEngine, cause: unknown): Promise<string> {
  const message = messageOf(cause)
  const failed = /migration_name="([^"]+)"/.exec(message)?.[1]
  if (failed === undefined) return message
  await engine.markMigrationRolledBack({ migrationName: failed })
  const reason = message.split('\n   0: ')[0] ?? message
  return `${failed} failed and was rolled back: ${reason.replace('external connector error\n', '')}`
}

/** The engine throws plain objects and strings as well as errors. */
function messageOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message
  return typeof cause === 'string' ? cause : JSON.stringify(cause)
}

if (import.meta.main) {
  const { DATABASE_ADMIN_URL, DATABASE_OWNER_URL, DATABASE_URL, DATABASE_WORKER_URL } = process.env
  if (!DATABASE_OWNER_URL) {
    console.error('DATABASE_OWNER_URL is not set: give it the PostgreSQL URL of the role ost_owner.')
    process.exit(1)
  }
  try {
    if (DATABASE_ADMIN_URL && DATABASE_URL && DATABASE_WORKER_URL) {
      const urls = { ownerUrl: DATABASE_OWNER_URL, appUrl: DATABASE_URL, workerUrl: DATABASE_WORKER_URL }
      await ensureRoles(DATABASE_ADMIN_URL, urls)
    }
    const applied = await migrate(DATABASE_OWNER_URL)
    console.log(applied.length === 0 ? 'Nothing to migrate.' : `Applied ${applied.join(', ')}.`)
    // The engine leaves the 10 s timer of its lock behind, which would keep the process alive.
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
