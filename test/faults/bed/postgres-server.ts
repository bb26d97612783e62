import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { type DatabaseUrls, ensureRoles } from '#scripts/database-roles.ts'
import { migrate } from '#scripts/migrate.ts'
import { startPostgres } from '#scripts/stack/postgres.ts'
import type { Processes, RunningProcess } from '#scripts/stack/processes.ts'

/** A database cluster of the bed's own, which may be killed and frozen. What it committed, it keeps. */
export interface PostgresServer {
  urls: DatabaseUrls
  /** Of a superuser, without one of the databases above. */
  adminUrl: string
  /** Rows as a superuser sees them, whatever row-level security says. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Several reads of one moment. */
  atOneMoment<Result>(read: (sql: PostgresServer['sql']) => Promise<Result>): Promise<Result>
  /** SIGQUIT, "immediate": nothing is rolled back or written out; recovery runs at the next start. */
  crash(): Promise<void>
  start(): Promise<void>
  /** SIGSTOP and SIGCONT for the server and every process of it. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Ends every connection of the platform's roles. */
  terminateConnections(): Promise<void>
  close(): Promise<void>
}

const DATABASE = 'ost_faults'
const PASSWORD = 'test'

export async function startPostgresServer(
  processes: Processes,
  options: { dataDir: string; port: number },
): Promise<PostgresServer> {
  let running: RunningProcess
  let adminUrl = ''
  const start = async () => {
    const started = await startPostgres(processes, { ...options, password: PASSWORD })
    running = started.process
    adminUrl = started.adminUrl
  }
  await start()
  const urls = urlsOf(adminUrl)
  await ensureRoles(adminUrl, urls)
  await migrate(urls.ownerUrl)
  const pool = new pg.Pool({ connectionString: withRole(adminUrl, 'postgres'), max: 4 })
  // Connections that the server's end cuts are no failure of a test.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const sql: PostgresServer['sql'] = async (text, values = []) => (await pool.query(text, values)).rows

  return {
    urls,
    adminUrl,
    sql,
    async atOneMoment(read) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
        const result = await read(async (text, values = []) => (await client.query(text, values)).rows)
        await client.query('COMMIT')
        client.release()
        return result
      } catch (error) {
        client.release(true)
        throw error
      }
    },
    start,
    async crash() {
      process.kill(running.pid, 'SIGQUIT')
      await running.exited
    },
    async freeze() {
      process.kill(running.pid, 'SIGSTOP')
      for (const pid of await childrenOf(running.pid)) send(pid, 'SIGSTOP')
    },
    async thaw() {
      for (const pid of await childrenOf(running.pid)) send(pid, 'SIGCONT')
      send(running.pid, 'SIGCONT')
    },
    async terminateConnections() {
      await sql(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('ost_app', 'ost_worker')`,
      )
    },
    close: async () => pool.end(),
  }
}

function urlsOf(adminUrl: string): DatabaseUrls {
  return {
    ownerUrl: withRole(adminUrl, 'ost_owner'),
    appUrl: withRole(adminUrl, 'ost_app'),
    workerUrl: withRole(adminUrl, 'ost_worker'),
  }
}

function withRole(adminUrl: string, role: string): string {
  const url = new URL(adminUrl)
  url.username = role
  url.password = PASSWORD
  url.pathname = `/${DATABASE}`
  return url.href
}

/** Every backend has a session of its own, so a signal to the group would miss them. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const children = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      // Field 4 is the parent; the name in field 2 may hold spaces.
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(ppid) === parent ? [Number(pid)] : []
    }),
  )
  return children.flat()
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in the meantime.
  }
}
