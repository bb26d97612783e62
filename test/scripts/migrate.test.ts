import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureRoles, inDatabase } from '#scripts/database-roles.ts'
import { MigrationFailed, migrate } from '#scripts/migrate.ts'
import { testStack } from '#test/support/stack.ts'

const run = promisify(execFile)
let folder: string
let ownerUrl: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ost-kit-migrations-'))
  const { adminUrl, template } = testStack()
  const name = `migrate_${randomUUID().slice(0, 8)}`
  const urls = Object.fromEntries(
    Object.entries(template).map(([role, url]) => [role, inDatabase(url, name)]),
  )
  await ensureRoles(adminUrl, { ...template, ...urls })
  ownerUrl = inDatabase(template.ownerUrl, name)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function aMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), sql)
}

async function query(text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
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
    await other.query('SELECT pg_advisory_lock(7201302)')
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
})

describe('ensureRoles', () => {
  it('takes up a script whose process was killed in the middle of it', async () => {
    await aMigration('1_create', 'CREATE TABLE a (id int);')
    await migrate(ownerUrl, { folder })
    await query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) VALUES ('killed', 'x', '2_extend', now())`,
    )
    await aMigration('2_extend', 'ALTER TABLE a ADD COLUMN b int;')
    expect(await migrate(ownerUrl, { folder })).toEqual(['2_extend'])
    expect(await migrate(ownerUrl, { folder })).toEqual([])
  })

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
