import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ensureRoles, inDatabase } from '#scripts/database-roles.ts'
import { MigrationFailed, migrate } from '#scripts/migrate.ts'
import { NO_FILTERS, readMigrations, withSchemaEngine } from '#scripts/schema-engine.ts'
import { testStack } from '#test/support/stack.ts'

const run = promisify(execFile)
let folder: string
let ownerUrl: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-kit-migrations-'))
  ownerUrl = await anEmptyDatabase()
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function anEmptyDatabase(): Promise<string> {
  const { adminUrl, template } = testStack()
  const name = `migrate_${randomUUID().slice(0, 8)}`
  const urls = Object.fromEntries(
    Object.entries(template).map(([role, url]) => [role, inDatabase(url, name)]),
  )
  await ensureRoles(adminUrl, { ...template, ...urls })
  return inDatabase(template.ownerUrl, name)
}

async function aMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), sql)
}

async function query(text: string, url = ownerUrl): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function columnsOf(url: string): Promise<unknown[]> {
  return query(
    `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
     FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
    url,
  )
}

/** Of the table that the engine itself makes in an empty database. */
async function columnsMadeByPrisma(): Promise<unknown[]> {
  const url = await anEmptyDatabase()
  const migrationsList = await readMigrations(folder)
  await withSchemaEngine(url, async (engine) =>
    engine.applyMigrations({ migrationsList, filters: NO_FILTERS }),
  )
  return columnsOf(url)
}

describe('migrate', () => {
  it('applies what is new, in order, and nothing twice', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);')
    await aMigration('2_extend', 'ALTER TABLE a ADD COLUMN b int;')
    expect(await migrate(ownerUrl, { folder })).toEqual(['1_create', '2_extend'])
    expect(await migrate(ownerUrl, { folder })).toEqual([])
    await aMigration('3_fill', 'INSERT INTO a VALUES (1, 2);')
    expect(await migrate(ownerUrl, { folder })).toEqual(['3_fill'])
    expect(await query('SELECT * FROM a')).toEqual([{ id: 1, b: 2 }])
  })

  it('keeps function bodies whole', async () => {
    await aMigration(
      '1_body',
      'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;',
    )
    await migrate(ownerUrl, { folder })
    expect(await query('SELECT f()')).toEqual([{ f: 1 }])
  })

  it('lets two processes that start at once take turns', async () => {
    await aMigration('1_slow', 'CREATE TABLE a (id int); SELECT pg_sleep(0.5); INSERT INTO a VALUES (1);')
    const script = `import { migrate } from '#scripts/migrate.ts'
      console.log(JSON.stringify(await migrate(${JSON.stringify(ownerUrl)}, { folder: ${JSON.stringify(folder)} })))
      process.exit(0)`
    const start = () => run(process.execPath, ['--input-type=module', '--eval', script])
    const outputs = (await Promise.all([start(), start()])).map(({ stdout }) => stdout.trim())
    expect(outputs.toSorted()).toEqual(['["1_slow"]', '[]'])
    expect(await query('SELECT * FROM a')).toEqual([{ id: 1 }])
  })

  it('gives up with one clear sentence when another process does not finish', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);')
    const other = new Client({ connectionString: ownerUrl })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(72707369)')
    try {
      await expect(migrate(ownerUrl, { folder, waitMs: 100 })).rejects.toThrow(
        /^Another process has been migrating this database for more than 100 ms/,
      )
    } finally {
      await other.end()
    }
  })

  it('leaves nothing of a failed script and takes its corrected text', async () => {
    await aMigration('1_wrong', 'CREATE TABLE a (id int); SELECT nonsense;')
    const refusal = migrate(ownerUrl, { folder })
    await expect(refusal).rejects.toThrow(MigrationFailed)
    await expect(refusal).rejects.toThrow(/1_wrong failed and was rolled back: .*"?nonsense/s)
    expect(await query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }])
    await aMigration('1_wrong', 'CREATE TABLE a (id int);')
    expect(await migrate(ownerUrl, { folder })).toEqual(['1_wrong'])
  })

  it('takes up a script that was begun and is not finished', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);')
    await migrate(ownerUrl, { folder })
    await query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('killed', 'x', '2_extend', now())`,
    )
    await aMigration('2_extend', 'ALTER TABLE a ADD COLUMN b int;')
    expect(await migrate(ownerUrl, { folder })).toEqual(['2_extend'])
    expect(await migrate(ownerUrl, { folder })).toEqual([])
  })

  it('finishes what a process that was killed in the middle of a script had begun', async () => {
    await aMigration('1_slow', 'CREATE TABLE a (id int); SELECT pg_sleep(1); INSERT INTO a VALUES (1);')
    const script = `import { migrate } from '#scripts/migrate.ts'
      await migrate(${JSON.stringify(ownerUrl)}, { folder: ${JSON.stringify(folder)} })`
    const killed = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' })
    const end = once(killed, 'exit')
    await vi.waitFor(
      async () => {
        expect(
          await query(`SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(1)%'
          AND datname = current_database() AND pid <> pg_backend_pid()`),
        ).toHaveLength(1)
      },
      { timeout: 20_000, interval: 20 },
    )
    killed.kill('SIGKILL')
    await end
    expect(await migrate(ownerUrl, { folder })).toEqual(['1_slow'])
    expect(await query('SELECT * FROM a')).toEqual([{ id: 1 }])
  })

  it('keeps the table that Prisma keeps: each takes the other one’s migrations for its own', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);')
    await migrate(ownerUrl, { folder })
    await aMigration('2_extend', 'ALTER TABLE a ADD COLUMN b int;')
    const migrationsList = await readMigrations(folder)
    await withSchemaEngine(ownerUrl, async (engine) => {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTERS })
      expect(appliedMigrationNames).toEqual(['2_extend'])
    })
    const diagnosis = await withSchemaEngine(ownerUrl, async (engine) =>
      engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters: NO_FILTERS }),
    )
    expect(diagnosis).toMatchObject({ history: null, editedMigrationNames: [], failedMigrationNames: [] })
    expect(await migrate(ownerUrl, { folder })).toEqual([])
    const rows = await query(
      `SELECT length(id) AS id, checksum ~ '^[0-9a-f]{64}$' AS checksum, logs, rolled_back_at, applied_steps_count,
         finished_at >= started_at AS finished FROM _prisma_migrations`,
    )
    const [ours, theirs] = rows
    expect(ours).toEqual(theirs)
    expect(await columnsOf(ownerUrl)).toEqual(await columnsMadeByPrisma())
  })

  it('refuses a script that would end the transaction it is recorded in', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);\nCOMMIT;\nCREATE TABLE b (id int);')
    await expect(migrate(ownerUrl, { folder })).rejects.toThrow(/^1_create says COMMIT on line 2/)
    expect(await query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }])
  })

  it('says where a script went wrong, and what cannot run in a transaction', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);\n\nCREATE INDEX CONCURRENTLY ON a (id);')
    await expect(migrate(ownerUrl, { folder })).rejects.toThrow(
      /1_create failed and was rolled back: .*CREATE INDEX CONCURRENTLY cannot run inside a transaction block/,
    )
    await aMigration('1_create', 'CREATE TABLE a (id int);\n\nSELECT nonsense;')
    await expect(migrate(ownerUrl, { folder })).rejects.toThrow(/\(line 3\)/)
  })
})

describe('ensureRoles', () => {
  it('makes roles that own nothing and stay under row-level security', async () => {
    const roles = await query(
      "SELECT rolname FROM pg_roles WHERE rolname LIKE 'ost\\_%' AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole)",
    )
    expect(roles).toEqual([])
    const [database] = await query(
      'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()',
    )
    expect(database).toEqual({ owner: 'ost_owner' })
  })

  it('may run by several processes at once', async () => {
    const { adminUrl, template } = testStack()
    const name = `roles_${randomUUID().slice(0, 8)}`
    const urls = {
      ownerUrl: inDatabase(template.ownerUrl, name),
      appUrl: inDatabase(template.appUrl, name),
      workerUrl: inDatabase(template.workerUrl, name),
    }
    await Promise.all([1, 2, 3].map(() => ensureRoles(adminUrl, urls)))
  })
})
