import { readdir, readFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { ROOT } from '#scripts/stack/settings.ts'

/** A function's own time in a CPU profile. */
export interface SelfTime {
  functionName: string
  place: string
  milliseconds: number
  share: number
}

interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame }[]
  samples: number[]
  timeDeltas: number[]
}

/** Lines and columns are counted from 0. */
interface CallFrame {
  functionName: string
  url: string
  lineNumber: number
  columnNumber: number
}

const MODULES = 'node_modules/'

/** The functions in which the processor was, in order of their own time; idling is left out, but not of the shares. */
export async function topOfProfile(file: string, count: number): Promise<SelfTime[]> {
  // V8's own format, written by --cpu-prof.
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as CpuProfile
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const maps = await mapsOf(nodes.map(({ callFrame }) => callFrame.url))
  const times = new Map<string, SelfTime>()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)
    const milliseconds = (timeDeltas[index] ?? 0) / 1_000
    if (!frame || frame.functionName === '(idle)') continue
    total += milliseconds
    const place = frame.url === '' ? 'native' : placeOf(frame, maps)
    const functionName = frame.functionName || '(anonymous)'
    const key = `${functionName} ${place}`
    const known = times.get(key)
    if (known) known.milliseconds += milliseconds
    else times.set(key, { functionName, place, milliseconds, share: 0 })
  }
  return [...times.values()]
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, count)
    .map((time) => ({ ...time, share: time.milliseconds / total }))
}

function placeOf(frame: CallFrame, maps: ReadonlyMap<string, SourceMap>): string {
  const { url } = frame
  if (url.startsWith('node:')) return url
  const { path, line } = inSources(frame, maps.get(url))
  const module = path.lastIndexOf(MODULES)
  return `${module === -1 ? path : path.slice(module + MODULES.length)}:${line + 1}`
}

/** Programs are built of many sources; a map tells which. */
function inSources({ url, lineNumber, columnNumber }: CallFrame, map: SourceMap | undefined) {
  if (!url.startsWith('file://')) return { path: url, line: lineNumber }
  const file = fileURLToPath(url)
  const found = map?.findEntry(lineNumber, columnNumber)
  if (!found || !('originalSource' in found)) return { path: relative(ROOT, file), line: lineNumber }
  return { path: relative(ROOT, resolve(dirname(file), found.originalSource)), line: found.originalLine }
}

async function mapsOf(urls: readonly string[]): Promise<Map<string, SourceMap>> {
  const maps = new Map<string, SourceMap>()
  for (const url of new Set(urls)) {
    if (!url.startsWith('file://')) continue
    const text = await readFile(`${fileURLToPath(url)}.map`, 'utf8').catch(() => undefined)
    if (text !== undefined) maps.set(url, new SourceMap(JSON.parse(text)))
  }
  return maps
}

/** Every profile below a folder. */
export async function profilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.cpuprofile')).map((name) => join(folder, name))
}

/** A statement, what it cost, and how Postgres executes it. */
export interface SlowStatement {
  database: string
  role: string
  calls: number
  totalMs: number
  meanMs: number
  rows: number
  query: string
  plan: string
}

/** The statements of a database on which Postgres spent most time, with their generic plans under their role. */
export async function slowestStatements(databaseUrl: string, count: number): Promise<SlowStatement[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, string>>(
      `SELECT current_database() AS database, rolname AS role, calls, total_exec_time AS total, mean_exec_time AS mean, rows, query
       FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
       WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND rolname LIKE 'ost%'
       ORDER BY total_exec_time DESC LIMIT $1`,
      [count],
    )
    const statements: SlowStatement[] = []
    for (const { database = '', role = '', calls, total, mean, rows: returned, query = '' } of rows) {
      statements.push({
        database,
        role,
        calls: Number(calls),
        totalMs: Number(total),
        meanMs: Number(mean),
        rows: Number(returned),
        query,
        plan: await planOf(client, role, query),
      })
    }
    return statements
  } finally {
    await client.end()
  }
}

/** The plan for any parameters, as the role that runs it sees it: with its row-level security. */
async function planOf(client: Client, role: string, query: string): Promise<string> {
  if (!/^\s*(select|insert|update|delete|with)\b/i.test(query)) return ''
  try {
    await client.query(`SET ROLE ${client.escapeIdentifier(role)}`)
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${query}`)
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  } catch (error) {
    return `no plan: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    await client.query('RESET ROLE')
  }
}
