/**
 * Tables in memory with what the money path relies on in Postgres: a database transaction sees what was committed and its own
 * writes, writes become visible together or not at all, rows are locked until its end, and whoever waits for a lock sees what
 * the other one committed (READ COMMITTED).
 */
export class MemoryDatabase {
  #xid = 0n
  /** Database transactions that changed something. */
  commits = 0
  readonly #open = new Set<MemoryTx>()
  readonly #locks = new Map<string, Lock>()

  begin(): MemoryTx {
    this.#xid += 1n
    const ended = (hasWritten: boolean) => {
      this.#open.delete(tx)
      if (hasWritten) this.commits += 1
    }
    const tx = new MemoryTx(this.#xid, this.#locks, ended)
    this.#open.add(tx)
    return tx
  }

  /** Number of the oldest database transaction that still runs; that of the next one when none does. */
  get xmin(): bigint {
    let oldest = this.#xid + 1n
    for (const { xid } of this.#open) if (xid < oldest) oldest = xid
    return oldest
  }
}

interface Lock {
  owner: MemoryTx
  waiting: (() => void)[]
}

/** Rows by key. Rows are never changed in place. */
export class Table<Row extends object> {
  readonly committed = new Map<string, Row>()
}

/** Where a call waits for its turn: a process, which may die or lose its connection there. */
export interface Gate {
  step(label: string): Promise<void>
  /** Told of database transactions that end with the process. */
  holds?(tx: MemoryTx): void
}

/** Waits for nothing. */
export const openGate: Gate = { step: async () => {} }

/** One database transaction. */
export class MemoryTx {
  readonly xid: bigint
  readonly #locks: Map<string, Lock>
  readonly #ended: (hasWritten: boolean) => void
  readonly #mine = new Set<string>()
  readonly #written = new Map<Table<object>, Map<string, object>>()
  isOpen = true

  constructor(xid: bigint, locks: Map<string, Lock>, ended: (hasWritten: boolean) => void) {
    this.xid = xid
    this.#locks = locks
    this.#ended = ended
  }

  get<Row extends object>(table: Table<Row>, key: string): Row | undefined {
    return this.#writtenTo(table)?.get(key) ?? table.committed.get(key)
  }

  /** In no order that anybody may rely on. */
  all<Row extends object>(table: Table<Row>): Row[] {
    const written = this.#writtenTo(table)
    if (!written) return [...table.committed.values()]
    return [...new Map([...table.committed, ...written]).values()]
  }

  put<Row extends object>(table: Table<Row>, key: string, row: Row): void {
    let written = this.#written.get(table)
    if (!written) {
      written = new Map()
      this.#written.set(table, written)
    }
    written.set(key, row)
  }

  /** Changes a row's fields. False when there is no such row, or it does not fit `where`. */
  change<Row extends object>(
    table: Table<Row>,
    key: string,
    fields: Partial<Row>,
    where: (row: Row) => boolean = () => true,
  ): boolean {
    const row = this.get(table, key)
    if (!row || !where(row)) return false
    this.put(table, key, { ...row, ...fields })
    return true
  }

  /** Takes a row lock, after whoever has it; `gate` decides when to go on after a wait. */
  async lock(gate: Gate, name: string): Promise<void> {
    while (!this.tryLock(name)) {
      await new Promise<void>((resolve) => this.#locks.get(name)?.waiting.push(resolve))
      await gate.step(`db woken ${name}`)
    }
  }

  /** In sorted order, so that no two wait for each other. */
  async lockAll(gate: Gate, names: Iterable<string>): Promise<void> {
    for (const name of [...new Set(names)].sort()) await this.lock(gate, name)
  }

  tryLock(name: string): boolean {
    const lock = this.#locks.get(name)
    if (lock) return lock.owner === this
    this.#locks.set(name, { owner: this, waiting: [] })
    this.#mine.add(name)
    return true
  }

  commit(): void {
    for (const [table, rows] of this.#written) for (const [key, row] of rows) table.committed.set(key, row)
    this.#end(this.#written.size > 0)
  }

  rollback(): void {
    this.#end(false)
  }

  #end(hasWritten: boolean): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#written.clear()
    for (const name of this.#mine) {
      const lock = this.#locks.get(name)
      this.#locks.delete(name)
      for (const wake of lock?.waiting ?? []) wake()
    }
    this.#ended(hasWritten)
  }

  #writtenTo<Row extends object>(table: Table<Row>): Map<string, Row> | undefined {
    // Only `put` fills the map, with rows of the table's own type.
    return this.#written.get(table) as Map<string, Row> | undefined
  }
}

/** Runs `work` in a database transaction. A throw, or the death of the process, takes everything back. */
export async function transact<Result>(
  database: MemoryDatabase,
  gate: Gate,
  name: string,
  work: (tx: MemoryTx) => Promise<Result>,
): Promise<Result> {
  await gate.step(`db begin ${name}`)
  const tx = database.begin()
  gate.holds?.(tx)
  let result: Result
  try {
    result = await work(tx)
    await gate.step(`db commit ${name}`)
    tx.commit()
  } catch (error) {
    tx.rollback()
    throw error
  }
  await gate.step(`db committed ${name}`)
  return result
}

/** One statement by itself: sees what is committed, changes nothing. */
export async function atOnce<Result>(
  database: MemoryDatabase,
  gate: Gate,
  name: string,
  query: (tx: MemoryTx) => Result,
): Promise<Result> {
  await gate.step(`db ${name}`)
  const tx = database.begin()
  try {
    return query(tx)
  } finally {
    tx.rollback()
  }
}
