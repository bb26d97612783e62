import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DomainError, InvalidRequest } from '#core/shared/errors.ts'

/** Documents remembered by their hash; of at most 20,000 characters each. */
const DOCUMENTS_MAX = 1_000
const SHA256 = /^[0-9a-f]{64}$/

/** What a request says: a document, its hash, or both. */
export interface AskedQuery {
  query?: string | undefined
  extensions?: unknown
}

/** Gives the document that a request means. @throws PersistedQueryNotFound, QueryNotListed, InvalidRequest */
export type FindQuery = (asked: AskedQuery) => string

/**
 * Automatic persisted queries: a client sends a document's hash instead of it, and the document with it once when we do not know
 * it. With a list, only its documents run, by hash or in full.
 *
 * @param listFile a JSON object of documents by their SHA-256 in hex; null: whatever is valid runs.
 * @see https://www.apollographql.com/docs/apollo-server/performance/apq
 */
export function createFindQuery(listFile: string | null): FindQuery {
  const listed = listFile === null ? null : readList(listFile)
  const known = new Map<string, string>(listed ?? [])
  return ({ query, extensions }) => {
    const hash = hashOf(extensions)
    if (query !== undefined) {
      if (hash !== null && sha256(query) !== hash)
        throw new InvalidRequest([
          { pointer: '/extensions/persistedQuery/sha256Hash', detail: 'is not the SHA-256 of the query' },
        ])
      if (listed && !listed.has(hash ?? sha256(query))) throw new QueryNotListed()
      if (hash !== null && !listed) remember(known, hash, query)
      return query
    }
    if (hash === null) throw new InvalidRequest([{ pointer: '/query', detail: 'is missing' }])
    const found = known.get(hash)
    if (found === undefined) throw listed ? new QueryNotListed() : new PersistedQueryNotFound()
    return found
  }
}

function remember(known: Map<string, string>, hash: string, query: string): void {
  known.delete(hash)
  known.set(hash, query)
  const [oldest] = known.keys()
  if (known.size > DOCUMENTS_MAX && oldest !== undefined) known.delete(oldest)
}

function hashOf(extensions: unknown): string | null {
  const { persistedQuery } = (extensions ?? {}) as {
    persistedQuery?: { version?: unknown; sha256Hash?: unknown }
  }
  if (persistedQuery === undefined || persistedQuery === null) return null
  const { version, sha256Hash } = persistedQuery
  if (version === 1 && typeof sha256Hash === 'string' && SHA256.test(sha256Hash)) return sha256Hash
  throw new InvalidRequest([
    { pointer: '/extensions/persistedQuery', detail: 'must have version 1 and the sha256Hash in hex' },
  ])
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function readList(file: string): Map<string, string> {
  const list = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)
  for (const [hash, query] of list)
    if (sha256(query) !== hash) throw new TypeError(`${file}: ${hash} is not the SHA-256 of its document`)
  return new Map(list)
}

/** Clients know this message and send the document. */
class PersistedQueryNotFound extends DomainError {
  constructor() {
    super('persisted_query_not_found', 'PersistedQueryNotFound')
  }
}

class QueryNotListed extends DomainError {
  constructor() {
    super('query_not_listed', 'This installation runs listed documents only, and this one is not among them.')
  }
}
