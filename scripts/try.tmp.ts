import { Processes } from '/work/main/scripts/stack/processes.ts'
import { startPostgres } from '/work/main/scripts/stack/postgres.ts'
import { startRedis, findRedis } from '/work/main/scripts/stack/redis.ts'
import { startAnvil } from '/work/main/scripts/stack/anvil.ts'
import { createProgress } from '/work/main/scripts/stack/progress.ts'
import { ensureRoles } from '/work/main/scripts/database-roles.ts'
import { migrate } from '/work/main/scripts/migrate.ts'
const d = '/work/main/.local/try'
const p = createProgress()
const ps = new Processes(d + '/logs')
const admin = await p.step('pg', () =>
  startPostgres(ps, { dataDir: d + '/postgres', port: 25999, password: 'pw' }),
)
await p.step('redis', () =>
  startRedis(ps, { dataDir: d + '/redis-data', serverDir: d + '/redis', port: 26999 }),
)
await p.step('anvil', () =>
  startAnvil(ps, { name: 'v', chainId: 31001, port: 28998, blockTimeSeconds: 1, dataDir: d + '/v' }),
)
const u = (r: string) => `postgresql://${r}:x@127.0.0.1:25999/ost_kit`
const urls = { ownerUrl: u('ost_owner'), appUrl: u('ost_app'), workerUrl: u('ost_worker') }
await p.step('roles', () => ensureRoles(admin, urls))
await p.step('migrate', async (n) => n(String(await migrate(urls.ownerUrl))))
await p.step('migrate', async (n) => n(String(await migrate(urls.ownerUrl))))
if (process.argv[2] === 'hang') {
  setInterval(() => {}, 1e6)
} else await p.step('stop', () => ps.stopAll())
