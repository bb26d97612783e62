import { randomBytes } from 'node:crypto'

const SECRET_BYTES = 32

/** The secret of a hash lock. */
export function newSecret(): Uint8Array {
  return new Uint8Array(randomBytes(SECRET_BYTES))
}
