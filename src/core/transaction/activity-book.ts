import type { ActivityWindows, WindowTotals } from '../rule/evaluate-rules.ts'
import type { BaseUnits } from '../shared/money.ts'

const EMPTY: WindowTotals = { count: 0, sum: 0n }

/** What rules see of the past: stored windows plus what this batch has accepted so far. */
export class ActivityBook {
  readonly #windows: Map<string, ActivityWindows>

  constructor(windows: ReadonlyMap<string, ActivityWindows>) {
    this.#windows = new Map(windows)
  }

  /** Windows of a subject by its `refKey`; zeros when nothing was accepted. */
  of(key: string): ActivityWindows {
    return this.#windows.get(key) ?? { hour: EMPTY, day: EMPTY, month: EMPTY }
  }

  /** Counts one accepted transaction in. */
  add(key: string, amount: BaseUnits): void {
    const { hour, day, month } = this.of(key)
    const plus = (totals: WindowTotals): WindowTotals => ({
      count: totals.count + 1,
      sum: totals.sum + amount,
    })
    this.#windows.set(key, { hour: plus(hour), day: plus(day), month: plus(month) })
  }

  /** @returns puts every window back to what it is now. */
  checkpoint(): () => void {
    const before = [...this.#windows]
    return () => {
      this.#windows.clear()
      for (const [key, windows] of before) this.#windows.set(key, windows)
    }
  }
}
