/** Where a command reads from and writes to; tests give their own. */
export interface Terminal {
  /** Results: what a pipe takes on. */
  out(text: string): void
  /** Everything else: progress, advice, errors. */
  err(text: string): void
  env: Readonly<Record<string, string | undefined>>
  /** Aborts on Ctrl-C, for commands that go on until then. From the first call on, the process no longer ends of it by itself. */
  stopped(): AbortSignal
}

/** The process's own. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    env: process.env,
    stopped() {
      const controller = new AbortController()
      // Comes twice: from the terminal, and from the npm script that started us.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.on(signal, () => controller.abort())
      process.on('disconnect', () => controller.abort())
      // Watching for the end of the channel must not keep us alive.
      process.channel?.unref()
      return controller.signal
    },
  }
}
