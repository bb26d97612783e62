import { setTimeout as delay } from 'node:timers/promises'
import { lastLines, type Processes, type RunningProcess } from './processes.ts'

const BACKOFF_MS_MIN = 500
const BACKOFF_MS_MAX = 30_000
/** A process that ran this long was well: its next end starts a new count. */
const STABLE_MS = 60_000
const RESTARTS_MAX = 10

/**
 * Starts a process and starts it again when it ends without being asked to, a bounded number of times in a row; the rest
 * of the stack goes on meanwhile.
 */
export async function keepRunning(
  processes: Processes,
  report: (text: string) => void,
  start: () => Promise<RunningProcess>,
): Promise<void> {
  const first = await start()
  void watch(first)

  async function watch(started: RunningProcess): Promise<void> {
    let running: RunningProcess | undefined = started
    let startedAt = performance.now()
    for (let failures = 1; failures <= RESTARTS_MAX; failures += 1) {
      if (running !== undefined) {
        const { code, signal } = await running.exited
        if (processes.isStopping) return
        if (performance.now() - startedAt > STABLE_MS) failures = 1
        report(`! ${first.name} ended (${signal ?? `code ${code}`}). The end of ${first.logFile}:`)
        report(await lastLines(first.logFile))
      }
      const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** (failures - 1), BACKOFF_MS_MAX)
      report(`! ${first.name} starts again in ${backoffMs / 1000} s`)
      await delay(backoffMs)
      if (processes.isStopping) return
      running = await start().catch((error: unknown) => {
        if (!processes.isStopping) report(error instanceof Error ? error.message : String(error))
        return undefined
      })
      startedAt = performance.now()
      if (running !== undefined) report(`! ${first.name} runs again`)
    }
    report(
      `! ${first.name} failed ${RESTARTS_MAX} times in a row and stays down: correct it and run npm start again.`,
    )
  }
}
