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
