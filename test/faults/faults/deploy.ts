import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#scripts/migrate.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import type { App } from '../bed/app.ts'
import type { Bed } from '../bed.ts'
import { failedRequests, type Fault, type Scene } from '../fault.ts'
import type { Finding } from '../finding.ts'
import { stopInTime } from './terminate-processes.ts'

const MIGRATIONS = join(ROOT, 'prisma/migrations')
const findings = new WeakMap<Scene, Finding[]>()

/** As an operator deploys: one process after the other, the migration while old and new ones run side by side. */
export const rollingDeploy: Fault = {
  id: 'F25',
  name: 'a rolling restart of two apis and two workers with a migration in between',
  drainedWithinS: 30,
  needsPeace: true,
  fleet: { apis: 2, workers: 2 },
  async inject(bed, _random, scene) {
    const [firstApi, secondApi] = bed.apis
    const [firstWorker, secondWorker] = bed.workers
    const found = [await restart(firstApi), await restart(firstWorker)]
    await migrateOneFurther(bed, scene.seed)
    found.push(await restart(secondApi), await restart(secondWorker))
    findings.set(scene, found.flat())
  },
  async heal(bed) {
    await bed.scale({ apis: bed.apis.length, workers: bed.workers.length })
  },
  // Whoever asks through a load balancer notices nothing at all.
  check: (scene) => [...(findings.get(scene) ?? []), ...failedRequests(scene)],
}

async function restart(app: App | undefined): Promise<Finding[]> {
  if (app === undefined) return []
  const found = await stopInTime(app)
  await app.start()
  return found
}

/** Adds a column to a table that every accept writes, as a real expanding migration would. */
async function migrateOneFurther(bed: Bed, seed: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ost-faults-'))
  try {
    await cp(MIGRATIONS, folder, { recursive: true })
    const name = `29990101${String(seed % 1_000_000).padStart(6, '0')}_add_a_column`
    await mkdir(join(folder, name))
    const column = `deployed_${seed}`
    await writeFile(
      join(folder, name, 'migration.sql'),
      `ALTER TABLE transaction ADD COLUMN IF NOT EXISTS ${column} TEXT;\n`,
    )
    await keepApplied(bed, folder)
    await migrate(bed.postgres.urls.ownerUrl, { folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Migrations that earlier tries have applied to this database must be in the folder too. */
async function keepApplied(bed: Bed, folder: string): Promise<void> {
  const rows = await bed.postgres.sql<{ migration_name: string }>(
    `SELECT migration_name FROM _prisma_migrations WHERE migration_name LIKE '29990101%'`,
  )
  for (const { migration_name: name } of rows) {
    await mkdir(join(folder, name), { recursive: true })
    const seed = Number(name.slice(8, 14))
    await writeFile(
      join(folder, name, 'migration.sql'),
      `ALTER TABLE transaction ADD COLUMN IF NOT EXISTS deployed_${seed} TEXT;\n`,
    )
  }
}
