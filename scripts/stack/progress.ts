/** Prints steps as they happen: one line each, with its time; rewritten in place on a terminal, appended in CI. */
export type Progress = {
  /** Runs one step. `note` adds a word on what it found; a step that fails is marked and its error passed on. */
  step: <T>(title: string, run: (note: (text: string) => void) => Promise<T>) => Promise<T>
  line: (text: string) => void
}

/** A step silent for longer says in a plain log that it is still at work. */
const REMINDER_MS = 10_000
const TITLE_WIDTH = 46

export function createProgress(output: NodeJS.WriteStream = process.stdout): Progress {
  const isTerminal = output.isTTY && !process.env['CI']
  return {
    async step(title, run) {
      const startedAt = performance.now()
      let note = ''
      const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
      const end = (mark: string) => {
        const line = `${mark} ${title.padEnd(TITLE_WIDTH)} ${seconds().padStart(8)}${note && `  ${note}`}`
        output.write(isTerminal ? `\r\x1b[2K${line}\n` : `${line}\n`)
      }
      if (isTerminal) output.write(`· ${title} …`)
      const reminder = setInterval(() => {
        if (!isTerminal) output.write(`· ${title} … ${seconds()}\n`)
      }, REMINDER_MS)
      try {
        const result = await run((text) => {
          note = text
        })
        end('✓')
        return result
      } catch (error) {
        end('✗')
        throw error
      } finally {
        clearInterval(reminder)
      }
    },
    line(text) {
      output.write(`${text}\n`)
    },
  }
}

/** For tests and tools: runs the steps and prints nothing. */
export const silentProgress: Progress = {
  step: (_title, run) => run(() => undefined),
  line: () => undefined,
}
