import type pg from 'pg'

/** A connection, and how many transactions on it are not answered yet. */
export interface Line {
  readonly client: pg.PoolClient
  underway: number
  isBroken: boolean
}

/**
 * Connections on which transactions follow each other: the next one begins on the server when the one before has ended there, and
 * not when its answer has come back and been dealt with. It may be sent once that one has been sent to its COMMIT.
 */
export class Lines {
  readonly #pool: pg.Pool
  /** One on which everything has been sent to its COMMIT. */
  #offered: Line | undefined

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** A connection for itself. */
  async open(): Promise<Line> {
    return { client: await this.#pool.connect(), underway: 1, isBroken: false }
  }

  /** The offered connection, which from now on nobody else gets until it is offered again; or one for itself. */
  async join(): Promise<Line> {
    const line = this.#offered
    if (!line) return this.open()
    this.#offered = undefined
    line.underway += 1
    return line
  }

  /** The caller's transaction was sent to its COMMIT: another one may follow. */
  offer(line: Line): void {
    if (!line.isBroken) this.#offered = line
  }

  /** The caller's transaction has been answered. @param isBroken the connection must not be used again. */
  leave(line: Line, isBroken = false): void {
    line.underway -= 1
    line.isBroken ||= isBroken
    const isLast = line.underway === 0
    if (this.#offered === line && (isLast || line.isBroken)) this.#offered = undefined
    if (isLast) line.client.release(line.isBroken)
  }
}
