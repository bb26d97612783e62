/** Ctrl-C reaches us from the terminal and again from npm: within this time it is one wish, after it, impatience. */
const SAME_WISH_MS = 1_000

/**
 * Calls `stop(0)` once, on the first SIGINT, SIGTERM or SIGHUP, or when the process that started us is gone. A later
 * signal ends us at once; the watchdog then ends what we started.
 */
export function onStopRequest(stop: (exitCode: number) => Promise<void>): void {
  let askedAt: number | undefined
  const ask = () => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > SAME_WISH_MS) process.exit(1)
      return
    }
    askedAt = performance.now()
    void stop(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
  process.on('disconnect', ask)
  // Watching for the end of the channel must not keep us alive.
  process.channel?.unref()
  // Whoever read our output may leave first.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
}
