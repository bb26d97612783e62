import { appCommand } from '#scripts/stack/app-command.ts'
import type { Exit, Processes, RunningProcess } from '#scripts/stack/processes.ts'
import { ROOT } from '#scripts/stack/settings.ts'

export type Environment = Readonly<Record<string, string>>

/** One of our processes as an operator runs it, on the same port at every start. */
export interface App {
  readonly name: string
  readonly url: string
  readonly isRunning: boolean
  /** Of the present run. @throws when it was never started. */
  readonly pid: number
  /** Starts it and waits until it is ready. `extra` is added to its environment for this run only. */
  start(extra?: Environment, options?: { waits?: boolean }): Promise<void>
  /** SIGTERM; how it ended. */
  stop(): Promise<Exit>
  /** SIGKILL: it gets no chance to tidy up. Nothing happens when it is dead already. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** How it ended, when it does. */
  ended(): Promise<Exit>
}

export interface AppSpec {
  name: string
  main: 'api' | 'worker'
  port: number
  ready: string
  env: Environment
}

const READY_TIMEOUT_MS = 60_000
const ASK_TIMEOUT_MS = 2_000

export function createApp(processes: Processes, { name, main, port, ready, env }: AppSpec): App {
  const url = `http://127.0.0.1:${port}`
  let running: RunningProcess | undefined
  let isRunning = false

  function current(): RunningProcess {
    if (running === undefined) throw new Error(`${name} was not started`)
    return running
  }

  function signal(which: NodeJS.Signals): void {
    if (isRunning) process.kill(current().pid, which)
  }

  return {
    name,
    url,
    get isRunning() {
      return isRunning
    },
    get pid() {
      return current().pid
    },
    async start(extra = {}, { waits = true } = {}) {
      const started = await processes.start({
        name,
        ...(await appCommand(main)),
        env: { ...env, ...extra },
        cwd: ROOT,
        isReady: async () => !waits || (await isReady(`${url}${ready}`)),
        readyTimeoutMs: READY_TIMEOUT_MS,
      })
      running = started
      isRunning = true
      void started.exited.then(() => {
        if (running === started) isRunning = false
      })
    },
    async stop() {
      if (isRunning) await current().stop()
      return current().exited
    },
    async kill() {
      signal('SIGKILL')
      await running?.exited
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    ended: async () => current().exited,
  }
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })).ok
}
