import type { Problem } from './generated/types.ts'

/** A field that is wrong: its JSON pointer in the body, or `?name` in the query, and what is wrong with it. */
export interface FieldError {
  pointer: string
  detail: string
}

/** The API said no. Each code has a class of its own, such as `InsufficientFunds`; `code` says the same as text. */
export class ApiError extends Error {
  readonly status: number
  /** Stable: never renamed. `http_<status>` where something before the API answered. */
  readonly code: string
  /** Name it when you ask for help: it finds the request in the platform's log. */
  readonly requestId: string | undefined
  /** Every wrong field. */
  readonly fields: readonly FieldError[]
  /** What the code has to tell besides, such as the missing scopes. */
  readonly details: Readonly<Record<string, unknown>>
  /** The same request may succeed later without a change. */
  readonly isRetryable: boolean
  /** How long the API asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(
    problem: Partial<Problem> & Pick<Problem, 'status' | 'code' | 'detail'>,
    retryAfterMs?: number,
  ) {
    const {
      status,
      code,
      detail,
      request_id: requestId,
      errors = [],
      details = {},
      retryable = false,
    } = problem
    const wrong = errors.map((field) => `\n  ${field.pointer || 'the body'} ${field.detail}`).join('')
    const request = requestId === undefined ? '' : `, request ${requestId}`
    super(`${detail}${wrong} (${code}, HTTP ${status}${request})`)
    this.name = new.target.name
    this.status = status
    this.code = code
    this.requestId = requestId
    this.fields = errors
    this.details = details
    this.isRetryable = retryable
    this.retryAfterMs = retryAfterMs
  }
}
