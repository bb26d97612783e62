import { suffixOf } from '#adapters/crypto/uuid-suffix.ts'

/** An id as the API takes it, from the same or from the bare UUID that logs and timelines show. */
export function toWireId(prefix: string, text: string): string {
  const uuid = text.trim().toLowerCase()
  return UUID.test(uuid) ? `${prefix}_${suffixOf(uuid)}` : text
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
