/** Shows how far a long piece of work is: one line rewritten on a terminal, a line now and then elsewhere. */
export interface ProgressBar {
  update(done: number, note?: string): void
  end(note?: string): void
}

export interface Output {
  write(text: string): unknown
  isTTY?: boolean
  /** Width of the terminal. */
  columns?: number
}

const BAR_WIDTH = 28
const REDRAW_MS = 100
const LINE_EVERY_MS = 5_000

export function startProgressBar(
  title: string,
  total: number,
  output: Output,
  isPlain = !output.isTTY,
): ProgressBar {
  const startedAt = performance.now()
  let drawnAt = Number.NEGATIVE_INFINITY
  const draw = (done: number, note: string, isEnd: boolean) => {
    const now = performance.now()
    if (!isEnd && now - drawnAt < (isPlain ? LINE_EVERY_MS : REDRAW_MS)) return
    drawnAt = now
    const line = lineOf({ title, done, total, note, elapsedMs: now - startedAt, withBar: !isPlain })
    // A line that wraps could not be rewritten.
    const fitting = line.slice(0, (output.columns ?? line.length + 1) - 1)
    output.write(isPlain ? `${line}\n` : `\r\x1b[2K${isEnd ? `${line}\n` : fitting}`)
  }
  draw(0, '', false)
  return {
    update: (done, note = '') => draw(done, note, false),
    end: (note = '') => draw(total, note, true),
  }
}

interface Line {
  title: string
  done: number
  total: number
  note: string
  elapsedMs: number
  withBar: boolean
}

/** One state of the bar as text. */
export function lineOf({ title, done, total, note, elapsedMs, withBar }: Line): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(share * BAR_WIDTH)
  const bar = withBar ? ` ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}` : ''
  const left = share > 0 && share < 1 ? `, ${duration((elapsedMs / share) * (1 - share))} left` : ''
  const count = `${formatCount(done)}/${formatCount(total)}`
  const parts = [`${count} in ${duration(elapsedMs)}${left}`, ...(note === '' ? [] : [note])]
  return `${title}${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${parts.join(' · ')}`
}

/** `"45 s"`, `"3 min 20 s"`; with `finest` ms also `"12 ms"`. */
export function duration(ms: number, finest: 'ms' | 's' = 's'): string {
  const seconds = ms / 1_000
  if (finest === 'ms' && ms < 1_000) return `${Math.round(ms)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Groups of three digits: `"20,000"`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
