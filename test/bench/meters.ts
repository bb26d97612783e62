import { readdir, readFile } from 'node:fs/promises'
import type { Platform } from './platform.ts'

/** Seconds of processor time by process, of one stretch of work. */
export type CpuSeconds = Record<'api' | 'worker' | 'postgres' | 'redis' | 'chain' | 'client', number>

/** What a stretch of work cost. */
export interface Cost {
  cpuSeconds: CpuSeconds
  /** Written to Postgres' log. */
  walBytes: number
  /** By which the database has grown, indexes included. */
  databaseBytes: number
}

/** USER_HZ: Linux counts processor time in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100
const BYTES_PER_KIB = 1_024

/** Starts counting. @returns what ends the count and tells the cost since. */
export async function startMeter(platform: Platform): Promise<() => Promise<Cost>> {
  const before = await readMeters(platform)
  return async () => {
    const after = await readMeters(platform)
    // Both have the same keys: they were made by the same function.
    const cpuSeconds = Object.fromEntries(
      Object.entries(after.cpu).map(([name, value]) => [
        name,
        value - (before.cpu[name as keyof CpuSeconds] ?? 0),
      ]),
    ) as CpuSeconds
    return {
      cpuSeconds,
      walBytes: after.walBytes - before.walBytes,
      databaseBytes: after.databaseBytes - before.databaseBytes,
    }
  }
}

async function readMeters(platform: Platform) {
  const { bed, api, worker, chain } = platform
  const client = process.cpuUsage()
  const [postgres, ...others] = await Promise.all([
    cpuSecondsOfFamily(bed.postgres.pid),
    api.pid === undefined ? 0 : cpuSecondsOf(api.pid),
    worker.pid === undefined ? 0 : cpuSecondsOf(worker.pid),
    cpuSecondsOf(bed.redis.pid),
    chain ? cpuSecondsOf(chain.process.pid) : 0,
  ])
  const [row] = await platform.sql<{ wal: string; size: string }>(
    `SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS wal, pg_database_size(current_database()) AS size`,
  )
  const [apiCpu, workerCpu, redis, chainCpu] = others
  return {
    cpu: {
      api: apiCpu,
      worker: workerCpu,
      postgres,
      redis,
      chain: chainCpu,
      client: (client.user + client.system) / 1_000_000,
    },
    walBytes: Number(row?.wal ?? 0),
    databaseBytes: Number(row?.size ?? 0),
  }
}

/** Resident memory now, in bytes; none of what does not run. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  return statusBytes(pid, 'VmRSS')
}

/** The most resident memory that the process has had, in bytes. */
export async function peakResidentBytes(pid: number | undefined): Promise<number> {
  return statusBytes(pid, 'VmHWM')
}

async function statusBytes(pid: number | undefined, field: string): Promise<number> {
  if (pid === undefined) return 0
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * BYTES_PER_KIB
}

/** Processor time of a process since its start. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const [own] = await statOf(pid)
  return own
}

/** A process with its children, those that have ended included. */
async function cpuSecondsOfFamily(pid: number): Promise<number> {
  const [own, ended] = await statOf(pid)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  let sum = own + ended
  for (const child of pids) {
    const [seconds, , parent] = await statOf(child).catch(() => [0, 0, 0] as const)
    if (parent === pid) sum += seconds
  }
  return sum
}

/** Its own time, its ended children's, and its parent. The name in field 2 may hold spaces. */
async function statOf(pid: number): Promise<readonly [own: number, ended: number, parent: number]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const at = (index: number): number => fields[index] ?? 0
  return [(at(11) + at(12)) / TICKS_PER_SECOND, (at(13) + at(14)) / TICKS_PER_SECOND, at(1)]
}
