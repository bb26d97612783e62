import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type DatabaseUrls, ensureRoles, inDatabase } from '#scripts/database-roles.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import type { Fault, Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'

const findings = new WeakMap<Scene, Finding[]>()
/** A whole migration takes about as long on an idle machine. */
const KILLED_WITHIN_MS = 1_500

/** Of a database of its own, in the same cluster, while the platform works beside it. */
export const migratedTwice: Fault = {
  id: 'F20',
  name: 'two processes migrate at once, one is killed in the middle, a third finishes',
  drainedWithinS: 30,
  async inject(bed, random, scene) {
    const name = `migrated_${scene.seed}`
    const { adminUrl, urls } = bed.postgres
    const own: DatabaseUrls = {
      ownerUrl: inDatabase(urls.ownerUrl, name),
      appUrl: inDatabase(urls.appUrl, name),
      workerUrl: inDatabase(urls.workerUrl, name),
    }
    await ensureRoles(adminUrl, own)
    const first = startMigration(own)
    const second = startMigration(own)
    await sleep(random.below(KILLED_WITHIN_MS))
    first.kill()
    const codes = {
      killed: await first.ended,
      other: await second.ended,
      again: await startMigration(own).ended,
    }
    const whats: string[] = []
    if (codes.other !== 0) whats.push(`the migration beside a killed one ended with ${codes.other}`)
    if (codes.again !== 0) whats.push(`the migration after both ended with ${codes.again}`)
    whats.push(...(await unfinished(own.ownerUrl, await appliedTo(urls.ownerUrl))))
    findings.set(
      scene,
      whats.map((what) => ({ verdict: 'V5', kind: 'mismatch', what })),
    )
    await bed.postgres.sql(`DROP DATABASE ${name} WITH (FORCE)`)
  },
  async heal() {},
  check: (scene) => findings.get(scene) ?? [],
}

function startMigration(urls: DatabaseUrls) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/migrate.ts')], {
    env: { ...process.env, DATABASE_OWNER_URL: urls.ownerUrl },
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { ended, kill: () => child.kill('SIGKILL') }
}

/** What is missing or half done beside what a database that was migrated in peace has. */
async function unfinished(url: string, expected: readonly string[]): Promise<string[]> {
  const applied = await appliedTo(url)
  const missing = expected.filter((name) => !applied.includes(name))
  return missing.length === 0 ? [] : [`${missing.join(', ')} are not applied`]
}

async function appliedTo(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ migration_name: string }>(
      // What a deployment of another fault added to this bed is not the product's.
      `SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL AND migration_name NOT LIKE '2999%'`,
    )
    return rows.map((row) => row.migration_name)
  } finally {
    await client.end()
  }
}
