import { setTimeout as sleep } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { Agent } from 'undici'
import type { Answer, Call, Identity, Query, RetryReason } from './call.ts'
import { attemptOnce } from './http-attempt.ts'

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
/** An error inside the platform may have passed a moment later; one that stays is no reason to wait. */
const SERVER_ERROR_ATTEMPTS_MAX = 5
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
    const isHopeless = outcome.reason === 'server_error' && attempt >= SERVER_ERROR_ATTEMPTS_MAX
    if (!maySendAgain || outcome.reason === null || isTooLate || isHopeless) throw outcome.error
    options.onRetry?.(outcome.reason)
    await sleep(waitMs)
  }
}

function patienceFor(reason: RetryReason | null, options: ClientOptions): number {
  if (reason === 'network') return options.patienceUnreachableMs ?? PATIENCE_UNREACHABLE_MS_DEFAULT
  return options.patienceMs ?? PATIENCE_MS_DEFAULT
}

/** Doubles, with half of it at random so that callers who failed together do not come back together. */
function backoffMs(attempt: number): number {
  const full = Math.min(BACKOFF_MS_FIRST * 2 ** (attempt - 1), BACKOFF_MS_MAX)
  return full / 2 + (Math.random() * full) / 2
}
