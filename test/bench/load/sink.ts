import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A receiver of webhooks in a process of its own. */
export interface Sink {
  url: string
  /** Waits for so many requests. @returns how many came per second between the first and the last. */
  perSecondOf(count: number): Promise<number>
  stop(): void
}

const POLL_MS = 100
const TIMEOUT_MS = 120_000

export async function startSink(): Promise<Sink> {
  const child = fork(join(import.meta.dirname, 'sink-server.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const message = async (): Promise<unknown> => (await once(child, 'message'))[0]
  const url = String(await message())
  return {
    url,
    async perSecondOf(count) {
      const deadline = performance.now() + TIMEOUT_MS
      for (;;) {
        const answer = message()
        child.send('report')
        // What the sink's process sends.
        const report = (await answer) as { count: number; seconds: number }
        if (report.count >= count) return (report.count - 1) / report.seconds
        if (performance.now() > deadline) throw new Error(`only ${report.count} of ${count} deliveries came`)
        await sleep(POLL_MS)
      }
    },
    stop: () => void child.kill(),
  }
}
