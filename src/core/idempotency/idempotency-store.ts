import type { Fingerprint } from './fingerprint.ts'

/** The first result of a request, as it was sent. */
export interface StoredResponse {
  status: number
  body: unknown
}

/** A key's record: the request it belongs to and what that request ended with. */
export interface IdempotencyRecord {
  fingerprint: Fingerprint
  response: StoredResponse
}

/** Port: idempotency records of one tenant, inside the unit of work that holds the request's effect. */
export interface IdempotencyStore {
  /** Takes the key for the rest of the unit of work. False: another one holds it, so the first request is still running. */
  lock(scopeId: string, key: string): Promise<boolean>
  /** The key's record. @throws IdempotencyKeyReused when the record is of another kind of request (no stored response). */
  find(scopeId: string, key: string): Promise<IdempotencyRecord | null>
  insert(scopeId: string, key: string, record: IdempotencyRecord): Promise<void>
}
