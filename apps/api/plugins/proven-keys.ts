import type { Credential } from '#core/tenant/authenticate-api-key.ts'

/** Headers remembered at once. */
const HEADERS_MAX = 10_000

/**
 * Authorization headers whose key was proven genuine: what a header says need not be taken apart and hashed for every request.
 * A proof holds for the very credential that it was made for, so it ends when that is looked up anew; the secrets in them are
 * kept no longer than `ttlMs` after the next proof.
 */
export class ProvenKeys {
  readonly #proofs = new Map<string, Credential>()
  readonly #ttlMs: number
  #since = 0

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs
  }

  /** Whose key the header has been proven to hold. */
  find(header: string): Credential | undefined {
    return this.#proofs.get(header)
  }

  note(header: string, credential: Credential): void {
    const now = performance.now()
    if (now - this.#since >= this.#ttlMs || this.#proofs.size >= HEADERS_MAX) {
      this.#proofs.clear()
      this.#since = now
    }
    this.#proofs.set(header, credential)
  }
}
