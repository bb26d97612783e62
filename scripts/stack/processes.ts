import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type ProcessSpec = {
  name: string
  command: string
  args: readonly string[]
  env?: Readonly<Record<string, string | undefined>>
  cwd?: string
  uid?: number
  gid?: number
  /** Asked again and again until it says true; what it throws counts as "not yet". */
  isReady: () => Promise<boolean>
  readyTimeoutMs?: number
  /** How this process is asked to stop. Default SIGTERM. */
  stopSignal?: NodeJS.Signals
  stopTimeoutMs?: number
}

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type RunningProcess = {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** True once we have asked it to stop: its end is then no surprise. */
  readonly isStopping: boolean
  readonly exited: Promise<Exit>
  stop(): Promise<void>
}

export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed'
}

const READY_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 15_000
const POLL_MS = 25
const LOG_LINES = 20

/**
 * The processes of one stack. Each has its own session, so that Ctrl-C reaches only us and we stop them in order; a
 * watchdog ends them if we die without doing so.
 */
export class Processes {
  readonly #logDir: string
  /** By name in the order of their first start; a restarted process keeps its place. */
  readonly #running = new Map<string, RunningProcess>()
  #watchdog: ChildProcess | undefined
  #isStopping = false

  constructor(logDir: string) {
    this.#logDir = logDir
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Starts a process and waits until it is ready. @throws ProcessFailed with the end of its log */
  async start(spec: ProcessSpec): Promise<RunningProcess> {
    if (this.#isStopping) throw new ProcessFailed(`${spec.name} was not started: the stack is stopping.`)
    const logFile = await this.#newLog(spec.name)
    const running = await this.#spawn(spec, logFile)
    this.#running.set(spec.name, running)
    try {
      await waitUntilReady(spec, running)
      return running
    } catch (error) {
      await running.stop()
      throw error
    }
  }

  /** Last started, first stopped. */
  async stopAll(): Promise<void> {
    this.#isStopping = true
    for (const running of [...this.#running.values()].toReversed()) await running.stop()
    this.#running.clear()
    this.#watchdog?.stdin?.end()
    this.#watchdog = undefined
  }

  /** Keeps the log of the previous run beside the new one. */
  async #newLog(name: string): Promise<string> {
    await mkdir(this.#logDir, { recursive: true })
    const logFile = join(this.#logDir, `${name}.log`)
    await rename(logFile, `${logFile}.previous`).catch(() => undefined)
    return logFile
  }

  async #spawn(spec: ProcessSpec, logFile: string): Promise<RunningProcess> {
    const log = await open(logFile, 'a')
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...spec.env },
      ...(spec.cwd !== undefined && { cwd: spec.cwd }),
      ...(spec.uid !== undefined && { uid: spec.uid }),
      ...(spec.gid !== undefined && { gid: spec.gid }),
    })
    const spawned = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (cause) => {
        reject(new ProcessFailed(`${spec.name} could not be started: ${cause.message}`, { cause }))
      })
    })
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    try {
      await spawned
    } finally {
      await log.close()
    }
    return this.#watch(spec, child, logFile, exited)
  }

  #watch(spec: ProcessSpec, child: ChildProcess, logFile: string, exited: Promise<Exit>): RunningProcess {
    const pid = child.pid
    if (pid === undefined) throw new ProcessFailed(`${spec.name} has no process id.`)
    const signal = spec.stopSignal ?? 'SIGTERM'
    const watchdog = this.#startWatchdog()
    watchdog.stdin?.write(`+${pid} ${signal}\n`)
    let isStopping = false
    let hasExited = false
    void exited.then(() => {
      hasExited = true
      if (watchdog.stdin?.writable) watchdog.stdin.write(`-${pid}\n`)
    })
    return {
      name: spec.name,
      pid,
      logFile,
      exited,
      get isStopping() {
        return isStopping
      },
      async stop() {
        if (hasExited) return
        isStopping = true
        child.kill(signal)
        const bound = new AbortController()
        const timeout = delay(spec.stopTimeoutMs ?? STOP_TIMEOUT_MS, 'late' as const, {
          signal: bound.signal,
        }).catch(() => 'stopped' as const)
        const outcome = await Promise.race([exited, timeout])
        bound.abort()
        if (outcome === 'late') child.kill('SIGKILL')
        await exited
      },
    }
  }

  #startWatchdog(): ChildProcess {
    if (this.#watchdog !== undefined) return this.#watchdog
    const watchdog = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.js')], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    // Without a watchdog everything still works; only a SIGKILL of ours would leave processes behind.
    watchdog.on('error', () => undefined)
    watchdog.stdin.on('error', () => undefined)
    watchdog.unref()
    this.#watchdog = watchdog
    return watchdog
  }
}

/** The end of a log, for people who must find out why a process ended. */
export async function lastLines(logFile: string, count = LOG_LINES): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

async function waitUntilReady(spec: ProcessSpec, running: RunningProcess): Promise<void> {
  const timeoutMs = spec.readyTimeoutMs ?? READY_TIMEOUT_MS
  const deadline = performance.now() + timeoutMs
  let exit: Exit | undefined
  void running.exited.then((value) => {
    exit = value
  })
  while (performance.now() < deadline) {
    if (exit !== undefined) throw await failure(running, `ended (${exit.signal ?? `code ${exit.code}`})`)
    if (await spec.isReady().catch(() => false)) return
    await delay(POLL_MS)
  }
  throw await failure(running, `was not ready after ${timeoutMs} ms`)
}

async function failure(running: RunningProcess, what: string): Promise<ProcessFailed> {
  const log = await lastLines(running.logFile)
  return new ProcessFailed(`${running.name} ${what}. The end of ${running.logFile}:\n${log}`)
}
