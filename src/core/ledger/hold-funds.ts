import type { BaseUnits } from '../shared/money.ts'

/** A wallet's balance as locked by the running database transaction, in base units. */
export interface LockedBalance {
  settled: BaseUnits
  held: BaseUnits
}

/** What a batch adds to one account's reservations. */
export interface Reservation {
  held: BaseUnits
  pendingIn: BaseUnits
}

/**
 * The funds of one batch: hands them out first come, first served, over balances locked in the database.
 * Keeps what it reserved per account, so that the batch ends in one update per account.
 */
export class FundsBook {
  readonly reservations = new Map<string, Reservation>()
  readonly #balances: ReadonlyMap<string, LockedBalance>

  constructor(balances: ReadonlyMap<string, LockedBalance>) {
    this.#balances = balances
  }

  /** Base units of the account that nothing reserves: settled − held − what this batch holds. */
  available(accountId: string): BaseUnits {
    const balance = this.#balances.get(accountId)
    if (!balance) return 0n
    return balance.settled - balance.held - (this.reservations.get(accountId)?.held ?? 0n)
  }

  /** Reserves `amount` of the account when it is available; otherwise changes nothing and answers false. */
  hold(accountId: string, amount: BaseUnits): boolean {
    if (this.available(accountId) < amount) return false
    this.#of(accountId).held += amount
    return true
  }

  /** Notes money on its way to the account. */
  expect(accountId: string, amount: BaseUnits): void {
    this.#of(accountId).pendingIn += amount
  }

  /** @returns puts every reservation back to what it is now. */
  checkpoint(): () => void {
    const before = [...this.reservations].map(([id, reservation]) => [id, { ...reservation }] as const)
    return () => {
      this.reservations.clear()
      for (const [id, reservation] of before) this.reservations.set(id, reservation)
    }
  }

  #of(accountId: string): Reservation {
    let reservation = this.reservations.get(accountId)
    if (!reservation) {
      reservation = { held: 0n, pendingIn: 0n }
      this.reservations.set(accountId, reservation)
    }
    return reservation
  }
}
