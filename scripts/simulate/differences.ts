/** Examples that are kept of each kind; the rest is counted. */
const EXAMPLES_MAX = 10

/** Everything that is not as it should be, by kind. None: the run has passed. */
export class Differences {
  readonly #byKind = new Map<string, { count: number; examples: string[] }>()

  add(kind: string, example: string): void {
    const known = this.#byKind.get(kind) ?? { count: 0, examples: [] }
    known.count += 1
    if (known.examples.length < EXAMPLES_MAX) known.examples.push(example)
    this.#byKind.set(kind, known)
  }

  /** Notes a difference unless the two are the same. */
  same<Value>(kind: string, subject: string, found: Value, expected: Value): void {
    if (found !== expected) this.add(kind, `${subject}: ${String(found)}, expected ${String(expected)}`)
  }

  get count(): number {
    return [...this.#byKind.values()].reduce((sum, { count }) => sum + count, 0)
  }

  list(): { kind: string; count: number; examples: readonly string[] }[] {
    return [...this.#byKind].map(([kind, { count, examples }]) => ({ kind, count, examples }))
  }
}
