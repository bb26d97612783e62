import { randomInt } from 'node:crypto'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'

const LISTENING = '0A'
/**
 * Below what systems give to outgoing connections (Linux from 32,768, macOS from 49,152): one of those may be taken before anybody
 * listens on it. Neither what `npm start` has by default, nor what `fetch` refuses to call (10,080 is the highest).
 */
const PICKED_FROM = 11_000
const PICKED_BELOW = 25_000
const PICKS_MAX = 1_000

/** By this process: some are listened on minutes later, and free until then. */
const picked = new Set<number>()

export class PortTaken extends Error {
  override readonly name = 'PortTaken'
}

/** @throws PortTaken saying what the port is for, who has it and which variable moves us elsewhere. */
export async function requireFreePort(port: number, purpose: string, variable: string): Promise<void> {
  if (await isFree(port)) return
  const user = await findUser(port)
  const by = user === undefined ? 'another process' : user
  throw new PortTaken(
    `Port ${port}, wanted for ${purpose}, is used by ${by}: stop that or set ${variable} to a free port.`,
  )
}

/** Ports that were free a moment ago, none of them given to anybody in this process before. */
export async function pickFreePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let picks = 0; ports.length < count; picks += 1) {
    if (picks === PICKS_MAX) throw new Error('No free port was found.')
    const port = randomInt(PICKED_FROM, PICKED_BELOW)
    if (picked.has(port)) continue
    picked.add(port)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  try {
    const server = await listen(port)
    await new Promise((resolve) => server.close(resolve))
    return true
  } catch {
    return false
  }
}

function listen(port: number) {
  return new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}

/** Linux tells who listens through /proc; elsewhere, and for other people's processes, we do not know. */
async function findUser(port: number): Promise<string | undefined> {
  const inodes = await listeningSockets(port)
  if (inodes.size === 0) return undefined
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (inodes.has(target)) return describe(pid)
    }
  }
  return undefined
}

async function listeningSockets(port: number): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
  const listening = rows.filter(([, local, , state]) => local?.endsWith(suffix) && state === LISTENING)
  return new Set(listening.map((row) => `socket:[${row[9]}]`))
}

async function describe(pid: string): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return `${name.trim() || 'a process'} (process ${pid})`
}
