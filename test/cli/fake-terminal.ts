import type { Terminal } from '#apps/cli/terminal.ts'

/** A terminal that remembers what was written to it. */
export interface FakeTerminal extends Terminal {
  written: { out: string; err: string }
  /** Ctrl-C. */
  stop(): void
}

export function fakeTerminal(env: Record<string, string | undefined>): FakeTerminal {
  const written = { out: '', err: '' }
  const controller = new AbortController()
  return {
    written,
    stop: () => controller.abort(),
    stopped: () => controller.signal,
    out: (text) => void (written.out += `${text}\n`),
    err: (text) => void (written.err += `${text}\n`),
    env,
  }
}
