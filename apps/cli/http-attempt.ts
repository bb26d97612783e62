import type { Agent, Dispatcher } from 'undici'
import { ApiRefusal, ApiUnreachable, type Problem } from './errors.ts'
import type { Call, Identity, RetryReason } from './call.ts'

/** Where a call goes, and as who. */
export interface Target extends Identity {
  url: string
}

/** What came back from the API. */
export interface RawAnswer {
  status: number
  headers: Dispatcher.ResponseData['headers']
  body: unknown
  latencyMs: number
}

/** How one attempt ended: with an answer, or with an error that may or may not be worth another attempt. */
export type Outcome =
  | { answer: RawAnswer }
  /** `reason: null`: repeating would change nothing. */
  | { error: ApiRefusal | ApiUnreachable; reason: RetryReason | null; retryAfterMs?: number }

/** Sends the call once. */
export async function attemptOnce(
  agent: Agent,
  target: Target,
  call: Call,
  attempt: number,
): Promise<Outcome> {
  const startedAt = performance.now()
  const signal =
    attempt === 1 && call.giveUpFirstAfterMs !== undefined
      ? AbortSignal.timeout(call.giveUpFirstAfterMs)
      : undefined
  try {
    const response = await agent.request({
      origin: new URL(target.url).origin,
      path: pathOf(target, call),
      method: call.method,
      headers: headersOf(target, call),
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(signal && { signal }),
    })
    const text = await response.body.text()
    const body = parseJson(text)
    const { statusCode: status, headers } = response
    if (status < 300) return { answer: { status, headers, body, latencyMs: performance.now() - startedAt } }
    const error = new ApiRefusal(toProblem(status, body, text))
    const retryAfterMs = readRetryAfter(headers['retry-after'])
    return { error, reason: reasonToRetry(error), ...(retryAfterMs !== undefined && { retryAfterMs }) }
  } catch (cause) {
    if (signal?.aborted)
      return { error: new ApiUnreachable(target.url, cause), reason: 'network', retryAfterMs: 0 }
    return { error: new ApiUnreachable(target.url, cause), reason: 'network' }
  }
}

/** Under the API's own path, where it is not at the root of its host. */
function pathOf({ url }: Target, { path, query = {} }: Call): string {
  const base = new URL(url).pathname.replace(/\/+$/, '')
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? `${base}${path}` : `${base}${path}?${text}`
}

function headersOf(target: Target, call: Call): Record<string, string> {
  return {
    accept: 'application/json',
    ...(call.body !== undefined && { 'content-type': 'application/json' }),
    ...(target.key !== undefined && { authorization: `Bearer ${target.key}` }),
    ...(target.economyId !== undefined && { 'ost-economy': target.economyId }),
    ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
    ...(call.waitSeconds !== undefined && { prefer: `wait=${call.waitSeconds}` }),
  }
}

function reasonToRetry({ problem }: ApiRefusal): RetryReason | null {
  if (problem.code === 'idempotency_key_in_progress') return 'in_progress'
  if (problem.status === 429) return 'rate_limited'
  if (problem.status === 503 || problem.status === 502 || problem.status === 504) return 'overloaded'
  return problem.status === 500 ? 'server_error' : null
}

/** Seconds, or a date. */
function readRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const TEXT_SHOWN_MAX = 200

/** The answer's problem; one of our own making where something in between answered, such as a proxy. */
function toProblem(status: number, body: unknown, text: string): Problem {
  if (isProblem(body)) return body
  const detail = `The answer was not the API's own: HTTP ${status} ${text.slice(0, TEXT_SHOWN_MAX)}`.trim()
  return { status, code: `http_${status}`, title: `HTTP ${status}`, detail, errors: [] }
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
