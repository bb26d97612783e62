import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { ensureRoles, inDatabase } from '#scripts/database-roles.ts'
import { migrate } from '#scripts/migrate.ts'
import { testStack } from '#test/support/stack.ts'

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations')

export interface DatabaseBefore {
  /** As the schema's owner. */
  owner: Client
  /** Applies the migration, and none after it. */
  migrateOn(): Promise<void>
  close(): Promise<void>
}

/** An empty database as the version before this migration had it. */
export async function databaseBefore(migration: string): Promise<DatabaseBefore> {
  const { adminUrl, template } = testStack()
  const name = `before_${randomUUID().slice(0, 8)}`
  const urls = Object.entries(template).map(([role, url]) => [role, inDatabase(url, name)])
  await ensureRoles(adminUrl, { ...template, ...Object.fromEntries(urls) })
  const ownerUrl = inDatabase(template.ownerUrl, name)
  const folder = await mkdtemp(join(tmpdir(), 'ost-kit-before-'))
  const bring = async (isWanted: (name: string) => boolean) => {
    const names = (await readdir(MIGRATIONS)).filter((one) => /^\d/.test(one) && isWanted(one))
    await Promise.all(names.map((one) => cp(join(MIGRATIONS, one), join(folder, one), { recursive: true })))
    await migrate(ownerUrl, { folder })
  }
  await bring((one) => one < migration)
  const owner = new Client({ connectionString: ownerUrl })
  await owner.connect()
  return {
    owner,
    migrateOn: () => bring((one) => one === migration),
    async close() {
      await owner.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
