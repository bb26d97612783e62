import { DomainError } from '../shared/errors.ts'

/** The route moves money and takes no request without a key. */
export class IdempotencyKeyMissing extends DomainError {
  constructor() {
    super(
      'idempotency_key_missing',
      'This request needs the header Idempotency-Key: make one per intent (a UUID, say) and repeat it on every retry.',
    )
  }
}

/** The first request with this key has not ended yet. */
export class IdempotencyKeyInProgress extends DomainError {
  constructor() {
    super(
      'idempotency_key_in_progress',
      'The first request with this Idempotency-Key is still running. Repeat it in a moment to get its result.',
    )
  }
}

/** The key belongs to a request that was not the same. */
export class IdempotencyKeyReused extends DomainError {
  constructor(differing: readonly string[]) {
    super(
      'idempotency_key_reused',
      `This Idempotency-Key was used for a different request; what differs: ${differing.join(', ')}. Use a new key.`,
      { differing },
    )
  }
}
