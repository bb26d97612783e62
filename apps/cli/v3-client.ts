import { setTimeout as sleep } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { Agent, type Dispatcher } from 'undici'
import { ApiRefusal, ApiUnreachable, type Problem } from './errors.ts'

/** A client of the platform's own /v3 API: keep-alive, bounded concurrency by connection, safe retries. */
export interface V3Client {
  readonly url: string
  /** One request, repeated while the answer says that repeating is right. @throws ApiRefusal, ApiUnreachable */
  request<Body>(call: Call): Promise<Answer<Body>>
  get<Body>(path: string, query?: Query): Promise<Body>
  /** Carries an Idempotency-Key of its own unless given one, so that a repeated request has one effect. */
  post<Body>(path: string, body?: unknown, idempotencyKey?: string): Promise<Body>
  patch<Body>(path: string, body: unknown): Promise<Body>
  delete(path: string): Promise<void>
  /** Every row of a list, page by page. */
  rows<Row>(path: string, query?: Query, rowsMax?: number): AsyncGenerator<Row>
  /** The same connections with another key or economy. */
  with(identity: Identity): V3Client
  close(): Promise<void>
}

export interface Identity {
  key?: string
  /** Sent as `OST-Economy`: which economy a key of the whole tenant means. */
  economyId?: string
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Query
  body?: unknown
  idempotencyKey?: string
  /** Seconds that the answer may be held until the transaction has settled. */
  waitSeconds?: number
  /** Closes the first attempt's connection after so long without an answer, as an impatient caller would. */
  giveUpFirstAfterMs?: number
}

export interface Answer<Body> {
  status: number
  body: Body
  /** The platform answered from the first request with the same Idempotency-Key. */
  isReplayed: boolean
  attempts: number
  /** Of the attempt that was answered. */
  latencyMs: number
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type RetryReason = 'rate_limited' | 'overloaded' | 'in_progress' | 'server_error' | 'network'

export interface ClientOptions extends Identity {
  url: string
  /** Connections, and so requests at one time. */
  connections?: number
  /** Longest time that one request may go on repeating while the API answers "later". */
  patienceMs?: number
  /** The same while no answer comes at all. */
  patienceUnreachableMs?: number
  onRetry?(reason: RetryReason): void
}

const CONNECTIONS_DEFAULT = 8
const PATIENCE_MS_DEFAULT = 15_000
const PATIENCE_UNREACHABLE_MS_DEFAULT = 2_000
/** Longer than the longest wait that `Prefer: wait` may ask for. */
const ANSWER_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 5_000
const KEEP_ALIVE_MS = 30_000
const BACKOFF_MS_FIRST = 50
const BACKOFF_MS_MAX = 2_000
const PAGE_LIMIT = 100
const ROWS_MAX_DEFAULT = 10_000_000

export function createV3Client(options: ClientOptions): V3Client {
  const agent = new Agent({
    connections: options.connections ?? CONNECTIONS_DEFAULT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  })
  return clientOver(agent, { ...options, url: options.url.replace(/\/+$/, '') })
}

function clientOver(agent: Agent, options: ClientOptions): V3Client {
  const request = <Body>(call: Call) => repeat<Body>(agent, options, call)
  const client: V3Client = {
    url: options.url,
    request,
    async get<Body>(path: string, query: Query = {}) {
      return (await request<Body>({ method: 'GET', path, query })).body
    },
    async post<Body>(path: string, body: unknown = {}, idempotencyKey: string = randomUUID()) {
      return (await request<Body>({ method: 'POST', path, body, idempotencyKey })).body
    },
    async patch<Body>(path: string, body: unknown) {
      return (await request<Body>({ method: 'PATCH', path, body })).body
    },
    async delete(path) {
      await request({ method: 'DELETE', path })
    },
    rows: (path, query = {}, rowsMax = ROWS_MAX_DEFAULT) => readRows(client, path, query, rowsMax),
    with: (identity) => clientOver(agent, { ...options, ...identity }),
    close: () => agent.close(),
  }
  return client
}

interface PageOf<Row> {
  data: Row[]
  next_cursor: string | null
}

async function* readRows<Row>(
  client: V3Client,
  path: string,
  query: Query,
  rowsMax: number,
): AsyncGenerator<Row> {
  let cursor: string | undefined
  let left = rowsMax
  do {
    const limit = Math.min(left, PAGE_LIMIT)
    const page = await client.get<PageOf<Row>>(path, { ...query, limit, cursor })
    for (const row of page.data) yield row
    left -= page.data.length
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined && left > 0)
}

/**
 * Sends the call until it is answered for good. Every method but POST may be repeated by itself; a POST because it carries its
 * Idempotency-Key along, so that an attempt whose answer was lost is not a second effect.
 */
async function repeat<Body>(agent: Agent, options: ClientOptions, call: Call): Promise<Answer<Body>> {
  const startedAt = performance.now()
  const maySendAgain = call.method !== 'POST' || call.idempotencyKey !== undefined
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(agent, options, call, attempt)
    if ('answer' in outcome) {
      const { status, headers, body, latencyMs } = outcome.answer
      const isReplayed = headers['idempotency-replayed'] === 'true'
      // The one cast of the wire: the API builds its answers by the schemas that /openapi.json shows.
      return { status, body: body as Body, isReplayed, attempts: attempt, latencyMs }
    }
    const waitMs = outcome.retryAfterMs ?? backoffMs(attempt)
    const isTooLate = performance.now() + waitMs > startedAt + patienceFor(outcome.reason, options)
    if (!maySendAgain || outcome.reason === null || isTooLate) throw outcome.error
    options.onRetry?.(outcome.reason)
    await sleep(waitMs)
  }
}

function patienceFor(reason: RetryReason | null, options: ClientOptions): number {
  if (reason === 'network') return options.patienceUnreachableMs ?? PATIENCE_UNREACHABLE_MS_DEFAULT
  return options.patienceMs ?? PATIENCE_MS_DEFAULT
}

interface RawAnswer {
  status: number
  headers: Dispatcher.ResponseData['headers']
  body: unknown
  latencyMs: number
}

type Outcome =
  | { answer: RawAnswer }
  /** `reason: null`: repeating would change nothing. */
  | { error: ApiRefusal | ApiUnreachable; reason: RetryReason | null; retryAfterMs?: number }

async function attemptOnce(
  agent: Agent,
  options: ClientOptions,
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
      origin: options.url,
      path: pathOf(call),
      method: call.method,
      headers: headersOf(options, call),
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
      return { error: new ApiUnreachable(options.url, cause), reason: 'network', retryAfterMs: 0 }
    return { error: new ApiUnreachable(options.url, cause), reason: 'network' }
  }
}

function pathOf({ path, query = {} }: Call): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

function headersOf(options: ClientOptions, call: Call): Record<string, string> {
  return {
    accept: 'application/json',
    ...(call.body !== undefined && { 'content-type': 'application/json' }),
    ...(options.key !== undefined && { authorization: `Bearer ${options.key}` }),
    ...(options.economyId !== undefined && { 'ost-economy': options.economyId }),
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

/** Doubles, with half of it at random so that callers who failed together do not come back together. */
function backoffMs(attempt: number): number {
  const full = Math.min(BACKOFF_MS_FIRST * 2 ** (attempt - 1), BACKOFF_MS_MAX)
  return full / 2 + (Math.random() * full) / 2
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
