import type { TransactionReader, TransactionRef } from './transaction-reader.ts'

/** Milliseconds between two looks; one query serves every waiter of the process. */
const LOOK_INTERVAL_MS = 100

interface Waiter {
  ref: TransactionRef
  deadline: number
  done(): void
}

/** Lets requests wait for their transaction's settlement (`Prefer: wait`), by one shared query, from Postgres alone. */
export class SettlementWaiter {
  readonly #transactions: TransactionReader
  readonly #nowMs: () => number
  #waiters: Waiter[] = []
  #isLooking = false
  #isReleased = false

  constructor(transactions: TransactionReader, nowMs: () => number) {
    this.#transactions = transactions
    this.#nowMs = nowMs
  }

  /** Resolves when the transaction is settled or has failed, at the latest after `timeoutMs`. */
  wait(ref: TransactionRef, timeoutMs: number): Promise<void> {
    if (this.#isReleased) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ ref, deadline: this.#nowMs() + timeoutMs, done: resolve })
      if (!this.#isLooking) void this.#look()
    })
  }

  /** Lets everybody go now, and nobody wait any more: the process is to end, and what they wait for happens elsewhere. */
  release(): void {
    this.#isReleased = true
    for (const waiter of this.#waiters.splice(0)) waiter.done()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    while (this.#waiters.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
      // A failed look is no failure of the wait: the next one is due in a moment and the deadline bounds it.
      const settled = new Set(
        await this.#transactions.findSettled(this.#waiters.map(({ ref }) => ref)).catch(() => []),
      )
      const isOver = (waiter: Waiter) => settled.has(waiter.ref.id) || waiter.deadline <= this.#nowMs()
      const over = this.#waiters.filter(isOver)
      this.#waiters = this.#waiters.filter((waiter) => !over.includes(waiter))
      for (const waiter of over) waiter.done()
    }
    this.#isLooking = false
  }
}
