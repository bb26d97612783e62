import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The process that has claimed the file and still runs, if there is one. */
export async function ownerOf(pidFile: string): Promise<number | undefined> {
  const [pid = '', startedAt = ''] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n')
  if (!(Number(pid) > 0) || !isAlive(Number(pid))) return undefined
  // Numbers are given out again: a process with another start time is a stranger.
  return (await startTime(Number(pid))) === startedAt ? Number(pid) : undefined
}

/** @throws when another process has it: two stacks must not share one folder. */
export async function claim(pidFile: string): Promise<() => Promise<void>> {
  const owner = await ownerOf(pidFile)
  if (owner !== undefined) {
    throw new Error(
      `npm start already runs here (process ${owner}): stop it first, or set LOCAL_DATA_DIR and ports.`,
    )
  }
  await mkdir(dirname(pidFile), { recursive: true })
  await rm(pidFile, { force: true })
  // Fails if another start has come in between.
  await writeFile(pidFile, `${process.pid}\n${await startTime(process.pid)}\n`, { flag: 'wx' })
  return () => rm(pidFile, { force: true })
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces. Elsewhere unknown. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
