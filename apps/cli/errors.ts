/** What the API says when it refuses: RFC 9457, as far as a caller needs it. */
export interface Problem {
  status: number
  code: string
  title: string
  detail: string
  errors?: readonly { pointer: string; detail: string }[]
  details?: Readonly<Record<string, unknown>>
  request_id?: string
}

/** The API answered, and the answer was no. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

/** No answer came from the API. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable'

  constructor(url: string, cause: unknown) {
    super(`No answer from ${url} (${reasonOf(cause)}). Is the platform running? Start it with: npm start`, {
      cause,
    })
  }
}

/** The command line cannot be followed as it stands; says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command did what it was told, and what it found is not as it should be. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  // A connection tried over IPv4 and IPv6 fails with both reasons and no message of its own.
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0])
  return cause.message
}
