import { DomainError } from '../shared/errors.ts'

/** The platform has no such lane. */
export class LaneNotFound extends DomainError {
  constructor() {
    super('lane_not_found', 'No lane with this id exists. GET /v3/platform/lanes lists them.')
  }
}

/** The platform has no such submission. */
export class SubmissionNotFound extends DomainError {
  constructor() {
    super(
      'submission_not_found',
      "No submission with this id exists. A transaction's timeline names its own.",
    )
  }
}

/** The lane's pause cannot be ended this way. */
export class LaneStateConflict extends DomainError {
  constructor(message: string) {
    super('lane_state_conflict', message)
  }
}

/** Coins have value there. */
export class CoinTransferForbidden extends DomainError {
  constructor() {
    super('coin_transfer_forbidden', 'Coins of the chain are sent in sandbox economies only.')
  }
}

/** The economy has sent what it may in 24 hours. @param leftWei What it may still send. */
export class CoinBudgetExceeded extends DomainError {
  constructor(leftWei: bigint) {
    super('coin_budget_exceeded', `The economy may send ${leftWei} wei more within 24 hours.`, {
      left_wei: leftWei.toString(),
    })
  }
}
