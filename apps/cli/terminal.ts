/** Where a command reads from and writes to; tests give their own. */
export interface Terminal {
  /** Results: what a pipe takes on. */
  out(text: string): void
  /** Everything else: progress, advice, errors. */
  err(text: string): void
  env: Readonly<Record<string, string | undefined>>
}

/** The process's own. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    env: process.env,
  }
}
