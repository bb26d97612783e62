import { createHash } from 'node:crypto'

/**
 * An id that follows from another one and a word: the same whenever it is asked for, so that what is told by it is told once.
 * It begins with the time that `id`, a UUIDv7, begins with, and is a UUIDv8 (RFC 9562). Pure.
 */
export function derivedId(id: string, word: string): string {
  const digest = createHash('sha256').update(`${id} ${word}`).digest('hex')
  const variant = ((Number.parseInt(digest.slice(3, 4), 16) & 0x3) | 0x8).toString(16)
  return `${id.slice(0, 13)}-8${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(7, 19)}`
}
