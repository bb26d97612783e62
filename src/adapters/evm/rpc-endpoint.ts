import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Observer } from '#core/shared/observer.ts'
import type { RpcCall } from './rpc-client.ts'
import { RpcRefused, RpcUnavailable } from './rpc-errors.ts'

const CONNECTIONS_MAX = 16
const KEEP_ALIVE_MS = 30_000
/** Bytes. A block full of transactions is a few megabytes. */
const RESPONSE_BYTES_MAX = 128 * 1024 * 1024
const COOL_DOWN_MS_MIN = 250
const COOL_DOWN_MS_MAX = 30_000
/**
 * Milliseconds between two requests to a node that limits our rate: doubled by each refusal, reduced by each answer, so slowly that a look
 * at the chain, which is several requests and begins anew when one is refused, comes to its end; but halved within this time, because
 * answers come seldom where the distance is long, and a limit that has passed would go on for a minute.
 */
const GAP_MS_MIN = 20
const GAP_MS_MAX = 1_000
const GAP_SHRINK = 0.98
const GAP_HALVED_IN_MS = 3_000
/** A chain id that was right is asked for again after this long: URLs get re-pointed. */
const CHAIN_ID_TRUSTED_MS = 60_000

/** One node: a pool of connections, and what we think of it. */
export class RpcEndpoint {
  /** What logs and metrics call it. */
  readonly name: string
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #pool: Pool
  readonly #chainId: number
  readonly #timeoutMs: number
  readonly #observer: Observer
  #nextId = 1
  #failures = 0
  #coolUntil = 0
  /** Until then no request is made at all: the node told us to stay away. */
  #bannedUntil = 0
  #trustedUntil = 0
  /** Zero while the node takes all we ask. */
  #gapMs = 0
  #gapChangedAt = 0
  #nextTurnAt = 0
  #slowedAt = 0
  #verification: Promise<void> | null = null

  constructor(options: {
    url: string
    name: string
    chainId: number
    timeoutMs: number
    observer: Observer
  }) {
    const url = new URL(options.url)
    this.name = options.name
    this.#path = `${url.pathname}${url.search}`
    this.#headers = { 'content-type': 'application/json', ...basicAuthorization(url) }
    this.#chainId = options.chainId
    this.#timeoutMs = options.timeoutMs
    this.#observer = options.observer
    this.#pool = new Pool(url.origin, {
      connections: CONNECTIONS_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      connectTimeout: options.timeoutMs,
      maxResponseSize: RESPONSE_BYTES_MAX,
    })
  }

  coolingMs(): number {
    return Math.max(0, Math.max(this.#coolUntil, this.#bannedUntil) - performance.now())
  }

  /** @throws RpcUnavailable */
  async send(calls: readonly RpcCall[]): Promise<unknown[]> {
    if (this.#gapMs > 0) await this.#takeTurn()
    const bannedMs = this.#bannedUntil - performance.now()
    if (bannedMs > 0) throw new RpcUnavailable(`${this.name} asked us to wait`, { retryAfterMs: bannedMs })
    const sentAt = performance.now()
    try {
      if (sentAt > this.#trustedUntil) await this.#verifyInTurn()
      const outcomes = await this.#post(calls)
      this.#failures = 0
      this.#coolUntil = 0
      if (this.#gapMs > 0) this.#shrinkGap()
      return outcomes
    } catch (error) {
      const unavailable = toUnavailable(this.name, error)
      this.#coolDown(unavailable, sentAt)
      throw unavailable
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  /** Requests to a node that limits our rate go out one by one, so that most are answered instead of refused. */
  async #takeTurn(): Promise<void> {
    const now = performance.now()
    const turnAt = Math.max(now, this.#nextTurnAt)
    if (turnAt - now > this.#timeoutMs)
      throw new RpcUnavailable(`too much waits for ${this.name}, which limits our rate`)
    this.#nextTurnAt = turnAt + this.#gapMs
    if (turnAt > now) await delay(turnAt - now)
  }

  #coolDown(failure: RpcUnavailable, sentAt: number): void {
    const coolMs = Math.min(COOL_DOWN_MS_MIN * 2 ** this.#failures, COOL_DOWN_MS_MAX)
    this.#failures = Math.min(this.#failures + 1, 16)
    this.#coolUntil = performance.now() + coolMs
    if (failure.retryAfterMs === null) {
      // Whoever answers there next may be another node.
      this.#trustedUntil = 0
      return
    }
    this.#bannedUntil = performance.now() + Math.min(failure.retryAfterMs, COOL_DOWN_MS_MAX)
    // Many refusals of requests that were out together are one reason to slow down.
    if (sentAt < this.#slowedAt) return
    this.#slowedAt = performance.now()
    this.#gapChangedAt = this.#slowedAt
    this.#gapMs = Math.min(Math.max(2 * this.#gapMs, GAP_MS_MIN), GAP_MS_MAX)
  }

  #shrinkGap(): void {
    const now = performance.now()
    const byTime = 2 ** ((this.#gapChangedAt - now) / GAP_HALVED_IN_MS)
    this.#gapMs = this.#gapMs < GAP_MS_MIN ? 0 : this.#gapMs * Math.min(GAP_SHRINK, byTime)
    this.#gapChangedAt = now
  }

  /** A question of its own: a node that limits our rate would refuse what came right behind it, again and again. */
  async #verifyInTurn(): Promise<void> {
    await this.#verifyOnce()
    if (this.#gapMs > 0) await this.#takeTurn()
  }

  #verifyOnce(): Promise<void> {
    this.#verification ??= this.#verify().finally(() => {
      this.#verification = null
    })
    return this.#verification
  }

  async #verify(): Promise<void> {
    const [answer] = await this.#post([{ method: 'eth_chainId', params: [] }])
    if (typeof answer !== 'string' || Number(answer) !== this.#chainId) {
      this.#observer.log('error', 'chain.wrong_chain_id', {
        endpoint: this.name,
        expected: this.#chainId,
        actual: typeof answer === 'string' ? Number(answer) : null,
      })
      throw new RpcUnavailable(`${this.name} is not a node of chain ${this.#chainId}`)
    }
    this.#trustedUntil = performance.now() + CHAIN_ID_TRUSTED_MS
  }

  async #post(calls: readonly RpcCall[]): Promise<unknown[]> {
    const requests = calls.map((call) => ({ jsonrpc: '2.0', id: this.#nextId++, ...call }))
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: this.#headers,
      body: JSON.stringify(requests.length === 1 ? requests[0] : requests),
      signal: AbortSignal.timeout(this.#timeoutMs),
    })
    const text = await body.text()
    if (statusCode === 429) {
      const retryAfterMs = Math.max(Number(headers['retry-after']) * 1_000 || 0, COOL_DOWN_MS_MIN)
      throw new RpcUnavailable(`${this.name} limits our rate`, { retryAfterMs })
    }
    if (statusCode >= 500) throw new RpcUnavailable(`${this.name} answered ${statusCode}`)
    return outcomesOf(parseAnswers(this.name, text), requests, this.name)
  }
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {}
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

interface Answer {
  result?: unknown
  error?: { code?: unknown; message?: unknown; data?: unknown }
}

function parseAnswers(name: string, text: string): Map<unknown, Answer> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new RpcUnavailable(`${name} answered something that is not JSON`, { cause })
  }
  const answers = new Map<unknown, Answer>()
  for (const answer of Array.isArray(parsed) ? parsed : [parsed]) {
    if (typeof answer === 'object' && answer !== null && 'id' in answer) answers.set(answer.id, answer)
  }
  return answers
}

function outcomesOf(
  answers: Map<unknown, Answer>,
  requests: readonly { id: number }[],
  name: string,
): unknown[] {
  return requests.map(({ id }) => {
    const answer = answers.get(id)
    if (!answer) throw new RpcUnavailable(`${name} gave no answer to our request id`)
    if (answer.error === undefined || answer.error === null) {
      if (!('result' in answer)) throw new RpcUnavailable(`${name} gave neither result nor error`)
      return answer.result
    }
    const { code, message, data } = answer.error
    const refused = new RpcRefused(
      typeof message === 'string' ? message : 'no message',
      typeof code === 'number' ? code : 0,
      typeof data === 'string' ? data : null,
    )
    if (isTransient(refused)) throw new RpcUnavailable(`${name}: ${refused.message}`, { cause: refused })
    return refused
  })
}

/** Errors in JSON-RPC's clothes that say nothing of what was asked. */
const TRANSIENT =
  /rate.?limit|too many requests|exceeded.*(?:capacity|quota)|timed? ?out|temporarily unavailable|try again|overloaded|header not found/i

function isTransient(refused: RpcRefused): boolean {
  // -32005: limit exceeded, -32002: resource unavailable (EIP-1474).
  return refused.code === -32005 || refused.code === -32002 || TRANSIENT.test(refused.message)
}

function toUnavailable(name: string, error: unknown): RpcUnavailable {
  if (error instanceof RpcUnavailable) return error
  const words = error instanceof Error ? error.message : String(error)
  return new RpcUnavailable(`${name} did not answer: ${words}`, { cause: error })
}
