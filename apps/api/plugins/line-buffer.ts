interface Options {
  /** Characters that are written at once at most, give or take a line. */
  lengthMax: number
  /** Milliseconds that a line waits for others. */
  delayMs: number
}

/**
 * Gathers lines and hands them on many at once. Pino's own buffering measures all that it holds with every line, so the more
 * it gathers the more each line costs.
 */
export class LineBuffer {
  readonly #out: { write(text: string): unknown }
  readonly #options: Options
  #text = ''
  #timer: NodeJS.Timeout | null = null

  constructor(out: { write(text: string): unknown }, options: Options) {
    this.#out = out
    this.#options = options
  }

  write(line: string): void {
    this.#text += line
    if (this.#text.length >= this.#options.lengthMax) return this.flush()
    this.#timer ??= setTimeout(() => this.flush(), this.#options.delayMs).unref()
  }

  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#text !== '') this.#out.write(this.#text)
    this.#text = ''
  }
}
