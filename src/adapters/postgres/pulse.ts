import pg from 'pg'

/** Milliseconds between an answer and the next question. */
const BEAT_INTERVAL_MS = 100
/** Milliseconds. Silence is counted in turns of a timer: a process that stood still itself blames nobody. */
const TICK_MS = 50

/** What ends work on a database that has stopped answering. Whether the work was done is not known. */
export class DatabaseSilent extends Error {
  override readonly name = 'DatabaseSilent'
  readonly code = 'DATABASE_SILENT'
}

/**
 * Feels whether the server answers at all, over a connection of its own. A slow statement is given its time while the server
 * lives; but when nothing has been heard for `silenceMs` (frozen, cut off, gone), whoever waits is told at once.
 */
export class Pulse {
  readonly #config: pg.ClientConfig
  readonly #ticksMax: number
  readonly #waiting = new Set<(error: DatabaseSilent) => void>()
  readonly #tick: NodeJS.Timeout
  #client: pg.Client | null = null
  #beat: NodeJS.Timeout | null = null
  #silentTicks = 0
  #isClosed = false

  constructor(options: { url: string; applicationName: string; silenceMs: number }) {
    this.#config = {
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.silenceMs,
      query_timeout: options.silenceMs,
      keepAlive: true,
    }
    this.#ticksMax = Math.max(1, Math.ceil(options.silenceMs / TICK_MS))
    this.#tick = setInterval(() => this.#count(), TICK_MS).unref()
    void this.#run()
  }

  get isLost(): boolean {
    return this.#silentTicks >= this.#ticksMax
  }

  /** Does `work` while the server lives. @throws DatabaseSilent at once when it is lost, or is lost meanwhile. */
  async guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isLost) throw new DatabaseSilent('the database does not answer')
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.add(reject)
      work()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject))
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#tick)
    if (this.#beat) clearTimeout(this.#beat)
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => {})
  }

  #count(): void {
    this.#silentTicks = Math.min(this.#silentTicks + 1, this.#ticksMax)
    if (!this.isLost) return
    for (const reject of this.#waiting) reject(new DatabaseSilent('the database stopped answering'))
    this.#waiting.clear()
  }

  async #run(): Promise<void> {
    try {
      this.#client ??= await this.#connect()
      await this.#client.query('SELECT 1')
      this.#silentTicks = 0
    } catch (error) {
      // A server that refuses has answered; what it refuses, each caller hears itself.
      if (error instanceof pg.DatabaseError) this.#silentTicks = 0
      const broken = this.#client
      this.#client = null
      broken?.end().catch(() => {})
    }
    if (!this.#isClosed) this.#beat = setTimeout(() => void this.#run(), BEAT_INTERVAL_MS).unref()
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config)
    // A connection that breaks while idle is noticed by the next question.
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    if (this.#isClosed) await client.end()
    return client
  }
}
