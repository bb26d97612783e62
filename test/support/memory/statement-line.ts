/**
 * The statements of one transaction, as a connection sends them: each begins when the one before has ended, whether its answer
 * is waited for or not, and none does anything after one that failed.
 */
export class StatementLine {
  #last: Promise<unknown> = Promise.resolve()

  inTurn<Args extends unknown[], Result>(
    statement: (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result> {
    return (...args) => {
      const answer = this.#last.then(() => statement(...args))
      answer.catch(() => {})
      this.#last = answer
      return answer
    }
  }

  /** @throws what the first statement that failed threw. */
  async end(): Promise<void> {
    await this.#last
  }
}
