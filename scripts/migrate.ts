import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Client, DatabaseError } from 'pg'
import { ensureRoles } from './database-roles.ts'
import { readScripts, type Script } from './schema-engine.ts'

const MIGRATIONS = join(import.meta.dirname, '../prisma/migrations')

/** The one that `prisma migrate deploy` holds: whoever migrates waits for everybody who does. */
const MIGRATION_LOCK = 72_707_369

/** A migration that waits longer than this for a busy table gives way instead of blocking the platform. */
const TABLE_LOCK_TIMEOUT = '30s'
/** A session of the server ends its statement so soon after the process that sent it is gone. */
const CLIENT_GONE_AFTER = '1s'

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
 * Each is one transaction, its row of `_prisma_migrations` in it, so a process may be killed at any moment: a migration is
 * there and recorded, or neither. May run in several processes at once: they take turns, also with what a killed one left
 * running, because the session that runs the scripts is the one that holds the lock. The URL must reach PostgreSQL directly: a
 * pooler in transaction mode would drop the lock between two statements.
 * @throws MigrationFailed when a migration fails, or when another process does not finish in time
 */
export async function migrate(ownerUrl: string, options: MigrateOptions = {}): Promise<string[]> {
  const { folder = MIGRATIONS, waitMs = 120_000 } = options
  const scripts = await readScripts(folder)
  for (const script of scripts) assertIsOneTransaction(script)
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 })
  // If the server ends this connection, the lock is gone; the statement in progress reports it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await takeTurn(client, waitMs)
    await client.query(
      `SET lock_timeout = '${TABLE_LOCK_TIMEOUT}'; SET client_connection_check_interval = '${CLIENT_GONE_AFTER}'`,
    )
    const applied = await readApplied(client)
    const missing = scripts.filter(({ name }) => !applied.has(name))
    for (const script of missing) await apply(client, script)
    return missing.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

async function takeTurn(client: Client, waitMs: number): Promise<void> {
  await client.query(`SET lock_timeout = ${Math.max(1, Math.trunc(waitMs))}`)
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
  } catch (cause) {
    const isTimeout = cause instanceof DatabaseError && cause.code === '55P03'
    if (!isTimeout) throw cause
    throw new MigrationFailed(
      `Another process has been migrating this database for more than ${waitMs} ms: wait for it to finish or end it, then start again.`,
      { cause },
    )
  }
}

/** As Prisma makes it (migration persistence of its schema engine). */
const TABLE = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

/**
 * Names of what is finished. What Prisma's own command left as begun is told to be rolled back: it sends a script as one
 * transaction too, and nobody else is at work on it while we hold the lock.
 */
async function readApplied(client: Client): Promise<Set<string>> {
  await client.query(TABLE)
  await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  )
  const { rows } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  return new Set(rows.map(({ name }) => name))
}

async function apply(client: Client, { name, text }: Script): Promise<void> {
  const checksum = createHash('sha256').update(text).digest('hex')
  await client.query('BEGIN')
  try {
    // Parsed and run as a whole: function bodies keep their semicolons.
    await client.query(text)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (cause) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => undefined)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MigrationFailed(
      `The database could not be migrated: ${name} failed and was rolled back: ${reason}${whereIn(text, cause)}`,
      { cause },
    )
  }
}

/** Statements that would end the transaction; alone on their line, as nothing within a function body is. */
const ENDS_TRANSACTION = /^[ \t]*(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|ABORT)\b[^\n;]*;/im

function assertIsOneTransaction({ name, text }: Script): void {
  const found = ENDS_TRANSACTION.exec(text)
  if (found === null) return
  const line = lineOf(text, found.index)
  throw new MigrationFailed(
    `${name} says ${found[1]?.toUpperCase()} on line ${line}: each migration is one transaction already, in which it is recorded. Take the statement out, or split the migration.`,
  )
}

function whereIn(text: string, cause: unknown): string {
  if (!(cause instanceof DatabaseError) || cause.position === undefined) return ''
  return ` (line ${lineOf(text, Number(cause.position) - 1)})`
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
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
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
