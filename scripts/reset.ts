/** `npm run reset`: forgets the local data, so that the next start is a first one. Stops nothing. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ownerOf } from './stack/pid-file.ts'
import { removePostgres } from './stack/postgres.ts'
import { foldersIn, readSettings } from './stack/settings.ts'

/** Costs a download to get back and holds no data. */
const KEPT = ['redis']

const settings = await readSettings()
const folders = foldersIn(settings['LOCAL_DATA_DIR'] ?? '.local')
const owner = await ownerOf(folders.pidFile)
if (owner !== undefined) {
  console.error(`npm start is running (process ${owner}) on this data: stop it first.`)
  process.exit(1)
}
await removePostgres(folders.postgres)
const known = ['demo.json', 'logs', 'redis-data', 'secrets.json', 'start.pid', 'utility-chain', 'value-chain']
for (const name of known) await rm(join(folders.data, name), { recursive: true, force: true })
const left = (await readdir(folders.data).catch(() => [])).filter((name) => !KEPT.includes(name))
console.log(`The local data are gone.${left.length > 0 ? ` Left in place: ${left.join(', ')}.` : ''}`)
