import type { ApiRequest } from './caller.ts'
import { ConnectionFailed, RequestTimedOut, toApiError } from './errors.ts'
import type { Problem } from './generated/types.ts'
import { type SigningKey, signatureHeaders } from './sign-request.ts'

/** How to reach the API, and as who. */
export interface Connection {
  /** Without a slash at its end. */
  baseUrl: string
  apiKey?: string | undefined
  signingKey?: SigningKey | undefined
  economyId?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  fetch: typeof fetch
}

/** A request as it is sent. */
export interface Attempt extends ApiRequest {
  headers: Readonly<Record<string, string>>
  idempotencyKey: string | undefined
  timeoutMs: number
  signal: AbortSignal | undefined
}

export interface Answer {
  status: number
  body: unknown
}

/** How one try ended: with an answer, or with an error that may be worth another try. */
export type Outcome =
  | { answer: Answer }
  | { error: Error; isWorthRetrying: boolean; status?: number; retryAfterMs?: number | undefined }

const TEXT_SHOWN_MAX = 200
const RETRIED_STATUSES = [429, 500, 502, 503, 504]

/** Sends a request once. @throws the signal's reason when the caller's signal ends it. */
export async function attemptOnce(connection: Connection, attempt: Attempt): Promise<Outcome> {
  const { signal, timeoutMs, idempotencyKey } = attempt
  const timeout = AbortSignal.timeout(timeoutMs)
  const [url, init] = await requestOf(connection, attempt, timeout)
  try {
    const response = await connection.fetch(url, init)
    return toOutcome(response, await response.text())
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    const error = timeout.aborted
      ? new RequestTimedOut(`No answer from ${connection.baseUrl} in ${timeoutMs} ms.`, idempotencyKey, cause)
      : new ConnectionFailed(
          `No answer from ${connection.baseUrl}: ${reasonOf(cause)}.`,
          idempotencyKey,
          cause,
        )
    return { error, isWorthRetrying: true }
  }
}

async function requestOf(
  connection: Connection,
  attempt: Attempt,
  timeout: AbortSignal,
): Promise<[url: string, init: RequestInit]> {
  const { method, signal } = attempt
  const path = attempt.path + queryOf(attempt.query)
  const body = attempt.body === undefined ? null : JSON.stringify(attempt.body, asDecimal)
  const { apiKey, signingKey } = connection
  const headers = {
    ...attempt.headers,
    ...(body !== null && { 'content-type': 'application/json' }),
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    // Anew for each try: the API takes a signature once.
    ...(signingKey && (await signatureHeaders(signingKey, { method, path, headers: attempt.headers, body }))),
  }
  const signals = signal ? AbortSignal.any([signal, timeout]) : timeout
  return [connection.baseUrl + path, { method, headers, body, signal: signals, redirect: 'error' }]
}

function queryOf(query: object = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

function asDecimal(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

function toOutcome(response: Response, text: string): Outcome {
  const { status, ok } = response
  const body = parseJson(text)
  if (ok) return { answer: { status, body } }
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'))
  const error = toApiError(toProblem(status, body, text), retryAfterMs)
  const isInProgress = error.code === 'idempotency_key_in_progress'
  return { error, status, retryAfterMs, isWorthRetrying: isInProgress || RETRIED_STATUSES.includes(status) }
}

/** The answer's problem, or one of our own making where something in between answered, such as a proxy. */
function toProblem(status: number, body: unknown, text: string) {
  if (isProblem(body)) return body
  const detail = `The answer is not the API's own: ${text.slice(0, TEXT_SHOWN_MAX) || 'empty'}`
  return { status, code: `http_${status}`, detail, retryable: RETRIED_STATUSES.includes(status) }
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    'detail' in body &&
    typeof body.detail === 'string'
  )
}

/** Seconds, or a date. */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Fetch hides what happened in its error's cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
