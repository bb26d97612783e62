import { DomainError } from '../shared/errors.ts'
import type { BaseUnits } from '../shared/money.ts'

/** No transaction of this economy has the id. */
export class TransactionNotFound extends DomainError {
  constructor() {
    super('transaction_not_found', 'No transaction with this id exists in the economy.')
  }
}

/** The parties do not fit the transaction type's kind. */
export class InvalidParties extends DomainError {
  constructor(pointer: string, detail: string) {
    super('invalid_parties', detail, {}, [{ pointer, detail }])
  }
}

/** Tokens on their way to be redeemed must be exactly as many as are redeemed. */
export class UnfitUnstakeType extends DomainError {
  constructor(name: string) {
    const detail = `cannot be moved exactly: the economy has a transaction type "${name}" of its own, in fiat or of a fixed amount. Rename it`
    super('invalid_amount', `The amount ${detail}.`, {}, [{ pointer: '/amount', detail }])
  }
}

/** The economy takes no transactions in its present state. */
export class EconomyNotActive extends DomainError {
  constructor(status: string) {
    super(
      'economy_not_active',
      `The economy is ${status}; transactions are accepted only while it is active.`,
      { status },
    )
  }
}

/** The payer's wallet is in self-custody: only the user's own signature moves it. */
export class UserNotManaged extends DomainError {
  constructor() {
    super(
      'user_not_managed',
      "The payer's wallet is in self-custody; only a signature of the user's own device can move it.",
    )
  }
}

/** The payer's available balance (settled − held) does not cover amount and commission. Amounts in base units. */
export class InsufficientFunds extends DomainError {
  constructor(available: BaseUnits, required: BaseUnits) {
    super(
      'insufficient_funds',
      `The payer has ${available} base units available; the transaction needs ${required}.`,
      {
        available: available.toString(),
        required: required.toString(),
      },
    )
  }
}
