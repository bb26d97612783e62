import { ChainUnavailable } from '#core/chain/chain-rpc.ts'

/** The node answered, and its answer is an error. `data` carries a revert's bytes where there are any. */
export class RpcRefused extends Error {
  readonly code: number
  readonly data: string | null

  constructor(message: string, code: number, data: string | null) {
    super(message)
    this.name = 'RpcRefused'
    this.code = code
    this.data = data
  }
}

/** No node gave a usable answer: timeout, reset, 429, 5xx, HTML, a foreign id, or all nodes cooling down. */
export class RpcUnavailable extends ChainUnavailable {
  /** How long the node asked us to stay away, if it did. */
  readonly retryAfterMs: number | null

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options)
    this.name = 'RpcUnavailable'
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/**
 * A call's answer. A refusal of a plain read says that this node cannot serve us, not that the answer is no.
 * @throws ChainUnavailable
 */
export function answered(outcome: unknown): unknown {
  if (outcome instanceof RpcRefused)
    throw new ChainUnavailable(`a node refused to read: ${outcome.message}`, { cause: outcome })
  return outcome
}
