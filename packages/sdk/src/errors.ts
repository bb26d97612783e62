import { ApiError } from './api-error.ts'
import { ERROR_CLASSES, type ErrorCode } from './generated/errors.ts'
import type { Problem, Transaction } from './generated/types.ts'

/** No answer came, in spite of every try: it is not known whether the request had its effect. `cause` says why. */
export class ConnectionFailed extends Error {
  override readonly name: string = 'ConnectionFailed'
  /** Send the request again with it, however much later: it has one effect. */
  readonly idempotencyKey: string | undefined

  constructor(message: string, idempotencyKey: string | undefined, cause: unknown) {
    super(message, { cause })
    this.idempotencyKey = idempotencyKey
  }
}

/** A try took longer than `timeoutMs`, and so did those after it. */
export class RequestTimedOut extends ConnectionFailed {
  override readonly name = 'RequestTimedOut'
}

/** The time of a `waitFor` was up first. The transaction goes on: it is neither done nor failed. */
export class WaitTimedOut extends Error {
  override readonly name = 'WaitTimedOut'
  /** As it stood last. */
  readonly transaction: Transaction

  constructor(transaction: Transaction, timeoutMs: number) {
    super(`${transaction.id} is still ${transaction.status} after ${timeoutMs} ms.`)
    this.transaction = transaction
  }
}

/** A transaction that was waited for ended without moving anything: its funds are released. */
export class TransactionFailed extends Error {
  override readonly name = 'TransactionFailed'
  readonly transaction: Transaction

  constructor(transaction: Transaction) {
    const { id, failure } = transaction
    super(`${id} failed: ${failure?.reason} (${failure?.code})`)
    this.transaction = transaction
  }
}

/** A request that says it is a webhook was not signed with the secret, or is too old. Answer it with 400. */
export class WebhookNotVerified extends Error {
  override readonly name = 'WebhookNotVerified'
}

/** The error of an answer: the class of its code where this version knows it. */
export function toApiError(
  problem: Partial<Problem> & Pick<Problem, 'status' | 'code' | 'detail'>,
  retryAfterMs: number | undefined,
): ApiError {
  const ErrorClass = isKnown(problem.code) ? ERROR_CLASSES[problem.code] : ApiError
  return new ErrorClass(problem, retryAfterMs)
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CLASSES, code)
}
