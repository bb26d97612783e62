import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import type { Attempt } from './story.ts'

export interface Question {
  method: 'GET' | 'POST'
  path: string
  body?: unknown
  idempotencyKey?: string
  /** Hangs up on the first attempt after this time, and asks again. */
  hangUpAfterMs?: number
}

export interface FinalAnswer {
  status: number
  body: unknown
}

/** A client that repeats a request, under its idempotency key, until the answer is final. */
export interface Caller {
  /** @throws Unanswered when its patience ends. */
  ask(question: Question): Promise<FinalAnswer>
  /** One attempt; null when no answer came. */
  askOnce(question: Question): Promise<FinalAnswer | null>
  close(): Promise<void>
}

export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

const CONNECTIONS = 64
const ANSWER_TIMEOUT_MS = 30_000
const PATIENCE_MS = 60_000
const BACKOFF_MS_FIRST = 20
const BACKOFF_MS_MAX = 500

/**
 * Stands behind a load balancer: `urls` are taken in turn, and one that refuses the connection is passed over, because a
 * request that was never sent may go to the next one.
 */
export function createCaller(options: {
  urls: () => readonly string[]
  key: string
  attempts: Attempt[]
  patienceMs?: number
}): Caller {
  const { urls, key, attempts, patienceMs = PATIENCE_MS } = options
  const agent = new Agent({
    connections: CONNECTIONS,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  })
  let turn = 0

  async function askOnce(question: Question): Promise<FinalAnswer | null> {
    const known = urls()
    for (let tried = 0; tried < known.length; tried += 1) {
      const url = known[(turn += 1) % known.length] ?? ''
      const answer = await send(url, question)
      if (answer !== 'refused') return answer
    }
    attempts.push({ at: performance.now(), ms: 0, status: null, code: 'refused', key })
    return null
  }

  async function send(url: string, question: Question): Promise<FinalAnswer | null | 'refused'> {
    const { method, path, body, idempotencyKey, hangUpAfterMs } = question
    const at = performance.now()
    try {
      const response = await agent.request({
        origin: url,
        path,
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(hangUpAfterMs !== undefined && { signal: AbortSignal.timeout(hangUpAfterMs) }),
      })
      const text = await response.body.text()
      const answer = { status: response.statusCode, body: parse(text) }
      attempts.push({ at, ms: performance.now() - at, status: answer.status, ...codeOf(answer.body), key })
      return answer
    } catch (error) {
      if (wasNeverSent(error)) return 'refused'
      const code = hangUpAfterMs === undefined ? reasonOf(error) : 'hung_up'
      attempts.push({ at, ms: performance.now() - at, status: null, code, key })
      return null
    }
  }

  return {
    askOnce,
    async ask(question) {
      const startedAt = performance.now()
      let { hangUpAfterMs, ...patient } = question
      for (let attempt = 0; ; attempt += 1) {
        const answer = await askOnce(hangUpAfterMs === undefined ? patient : { ...patient, hangUpAfterMs })
        hangUpAfterMs = undefined
        if (answer && isFinal(answer)) return answer
        if (performance.now() - startedAt > patienceMs) {
          const last = answer ? `HTTP ${answer.status}` : 'no answer'
          throw new Unanswered(`${question.method} ${question.path}: ${last} after ${patienceMs} ms`)
        }
        await sleep(Math.min(BACKOFF_MS_FIRST * 2 ** attempt, BACKOFF_MS_MAX))
      }
    },
    close: async () => agent.destroy(),
  }
}

function isFinal({ status, body }: FinalAnswer): boolean {
  if (status >= 500 || status === 429) return false
  return codeOf(body).code !== 'idempotency_key_in_progress'
}

function codeOf(body: unknown): { code?: string } {
  if (typeof body !== 'object' || body === null || !('code' in body)) return {}
  return typeof body.code === 'string' ? { code: body.code } : {}
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** No connection was made: refused, or reset while it waited to be taken by a process that stopped listening. */
function wasNeverSent(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect'
}
