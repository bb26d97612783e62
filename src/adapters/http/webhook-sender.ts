import { Agent, type Dispatcher } from 'undici'
import type { SendResult, WebhookSender } from '#core/webhook/webhook-sender.ts'
import { createPublicConnector, type Resolve } from './public-connector.ts'

/** Milliseconds for one try, from the look-up of the name to the last byte that is read. */
export const SEND_TIMEOUT_MS = 10_000
/** Bytes of an answer that are read; the connection is closed on more. */
const RESPONSE_BYTES_MAX = 4_096
const KEEP_ALIVE_MS = 10_000

export interface HttpWebhookSender extends WebhookSender {
  close(): Promise<void>
}

/** Sends webhooks by HTTP/1.1 over connections that are kept for the next one. Redirects are answers like any other. */
export function createWebhookSender(options: {
  allowPrivateNetworks: boolean
  timeoutMs?: number
  resolve?: Resolve
}): HttpWebhookSender {
  const { timeoutMs = SEND_TIMEOUT_MS } = options
  const agent = new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: options.allowPrivateNetworks ? { timeout: timeoutMs } : createPublicConnector(options.resolve),
  })
  return {
    send: async ({ url, headers, body }) =>
      new Promise((resolve) => {
        const exchange = new Exchange(timeoutMs, resolve)
        try {
          const { origin, pathname, search } = new URL(url)
          const request = { origin, path: pathname + search, headers: { ...HEADERS, ...headers }, body }
          agent.dispatch({ ...request, method: 'POST' }, exchange)
        } catch (error) {
          exchange.fail(error)
        }
      }),
    close: async () => agent.destroy(),
  }
}

/**
 * One request and its answer, without a stream: the beginning of the body is kept, and with what is longer, or takes longer
 * than a try may, the connection is closed.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now()
  readonly #settle: (result: SendResult) => void
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  readonly #parts: Buffer[] = []
  #length = 0
  #status = 0
  #retryAfter: string | string[] | undefined
  #controller: Dispatcher.DispatchController | null = null
  #isOver = false

  constructor(timeoutMs: number, settle: (result: SendResult) => void) {
    this.#settle = settle
    this.#timeoutMs = timeoutMs
    this.#timer = setTimeout(() => this.#timeOut(), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The look-up of the name or the connection took too long: nobody waits for this any more.
    if (this.#isOver) controller.abort(new Error('too late'))
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status
    this.#retryAfter = headers['retry-after']
  }

  onResponseData(controller: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#isOver) return
    this.#parts.push(part.subarray(0, RESPONSE_BYTES_MAX - this.#length))
    this.#length += part.length
    if (this.#length <= RESPONSE_BYTES_MAX) return
    this.#answer()
    controller.abort(new Error('too long'))
  }

  onResponseEnd(): void {
    this.#answer()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }

  fail(error: unknown): void {
    this.#end({ kind: 'error', error: inWords(error, this.#timeoutMs), durationMs: this.#durationMs() })
  }

  #answer(): void {
    this.#end({
      kind: 'answer',
      status: this.#status,
      body: Buffer.concat(this.#parts).toString('utf8'),
      retryAfterMs: retryAfterMs(this.#retryAfter),
      durationMs: this.#durationMs(),
    })
  }

  #timeOut(): void {
    this.fail(Object.assign(new Error('timeout'), { name: 'TimeoutError' }))
    this.#controller?.abort(new Error('too late'))
  }

  #end(result: SendResult): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#settle(result)
  }

  #durationMs(): number {
    return performance.now() - this.#startedAt
  }
}

const HEADERS = { 'content-type': 'application/json', 'user-agent': 'OST-KIT-Webhooks/3' }

/** Seconds or a date, in milliseconds from now; null: neither. */
function retryAfterMs(header: string | string[] | undefined): number | null {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}

/** The cause in words that the receiver's owner understands; no addresses of ours, no stack. */
function inWords(error: unknown, timeoutMs: number): string {
  const cause = rootCause(error)
  if (!(cause instanceof Error)) return 'The request failed.'
  if (cause.name === 'TimeoutError' || /Timeout/.test(cause.name)) {
    return `The receiver did not answer within ${timeoutMs / 1_000} s.`
  }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : null
  return (code !== null && WORDS[code]) || `The request failed: ${cause.message.slice(0, 200)}`
}

function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0])
  return error instanceof Error && error.cause instanceof Error ? rootCause(error.cause) : error
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The receiver refuses connections.',
  ECONNRESET: 'The receiver closed the connection.',
  UND_ERR_SOCKET: 'The receiver closed the connection.',
  EPIPE: 'The receiver closed the connection.',
  ENOTFOUND: "The receiver's name does not resolve.",
  ENODATA: "The receiver's name does not resolve.",
  EAI_AGAIN: "The receiver's name does not resolve at the moment.",
  ETIMEDOUT: 'The connection to the receiver timed out.',
  UND_ERR_CONNECT_TIMEOUT: 'The connection to the receiver timed out.',
  CERT_HAS_EXPIRED: "The receiver's TLS certificate has expired.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The receiver's TLS certificate is self-signed.",
  SELF_SIGNED_CERT_IN_CHAIN: "The receiver's TLS certificate is self-signed.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The receiver's TLS certificate cannot be verified.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The receiver's TLS certificate is for another name.",
}
