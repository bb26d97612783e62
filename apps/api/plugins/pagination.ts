import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { deriveKey } from '#adapters/crypto/sealer.ts'
import { DomainError } from '#core/shared/errors.ts'
import type { Page, PageRequest } from '#core/shared/page.ts'
import type { AppDeps } from '../deps.ts'
import type { Paging } from '../schemas/common.ts'

const MAC_BYTES = 16
/** Never used: the current key is always the first. */
const NO_KEY = Buffer.alloc(32)

/** What decides which rows a list has. */
export type ListRequest = Pick<FastifyRequest, 'url' | 'server' | 'credential' | 'economyId'> & {
  query: Paging
}

/** A page of a list as it is answered. */
export interface List {
  object: 'list'
  data: Record<string, unknown>[]
  has_more: boolean
  next_cursor: string | null
}

/** The places of a list's rows, for those who ask for a cursor of each. */
const places = new WeakMap<object, { request: ListRequest; after: string[] }>()

declare module 'fastify' {
  interface FastifyInstance {
    /** The first makes cursors; all of them are believed, so that no list breaks off while keys are rotated. */
    cursorKeys: readonly Buffer[]
  }
}

/** Cursors are opaque and signed: they name the last row seen and work for the same caller, route and filters only. */
export const pagination = fp(async (app: FastifyInstance, deps: AppDeps) => {
  const { keyEncryptionKey, previousKeyEncryptionKeys } = deps.config.keys
  const keys = [keyEncryptionKey, ...previousKeyEncryptionKeys]
  app.decorate(
    'cursorKeys',
    keys.map((key) => deriveKey(key, 'cursor')),
  )
})

/** The page that a list's query asks for. @throws InvalidCursor */
export function pageOf(request: ListRequest): PageRequest {
  const { limit, order, cursor } = request.query
  return { limit, order, ...(cursor !== undefined && { after: openCursor(request, cursor) }) }
}

/** What a list answers. */
interface PresentedList<Item> {
  object: 'list'
  data: Item[]
  has_more: boolean
  next_cursor: string | null
}

/** A page as lists answer it. `placeOf` says what a page that goes on after the row asks for: its id, where it has one. */
export function toList<Row extends { id: string }, Item>(
  request: ListRequest,
  page: Page<Row>,
  present: (row: Row) => Item,
): PresentedList<Item>
export function toList<Row, Item>(
  request: ListRequest,
  page: Page<Row>,
  present: (row: Row) => Item,
  placeOf: (row: Row) => string,
): PresentedList<Item>
export function toList<Row, Item>(
  request: ListRequest,
  page: Page<Row>,
  present: (row: Row) => Item,
  placeOf: (row: Row) => string = idOf,
): PresentedList<Item> {
  const list = {
    object: 'list' as const,
    data: page.rows.map(present),
    has_more: page.nextAfter !== null,
    next_cursor: page.nextAfter === null ? null : makeCursor(request, page.nextAfter),
  }
  places.set(list, { request, after: page.rows.map((row) => placeOf(row)) })
  return list
}

/** The signature sees to it that only rows with an id come here. */
function idOf(row: unknown): string {
  return (row as { id: string }).id
}

/** A cursor for each row of a list that toList made: the list goes on after it. */
export function edgeCursors(list: object): string[] {
  const place = places.get(list)
  return place ? place.after.map((after) => makeCursor(place.request, after)) : []
}

/** The cursor of a place in a list. */
export function makeCursor(request: ListRequest, after: string): string {
  return Buffer.concat([macOf(request, after), Buffer.from(after, 'utf8')]).toString('base64url')
}

/** The place that a cursor names. @throws InvalidCursor */
export function openCursor(request: ListRequest, cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  const after = bytes.subarray(MAC_BYTES).toString('utf8')
  const mac = bytes.subarray(0, MAC_BYTES)
  const isOurs = request.server.cursorKeys.some(
    (key) => mac.length === MAC_BYTES && timingSafeEqual(mac, macOf(request, after, key)),
  )
  if (!isOurs) throw new InvalidCursor()
  return after
}

/** Binds a cursor to everything that decides which rows a list has, and in which order. */
function macOf(request: ListRequest, after: string, key = request.server.cursorKeys[0] ?? NO_KEY): Buffer {
  const { limit: _limit, cursor: _cursor, ...filters } = request.query
  const [path] = request.url.split('?', 1)
  const sorted = Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1))
  const subject = JSON.stringify([request.credential?.tenantId, request.economyId, path, sorted, after])
  return createHmac('sha256', key).update(subject).digest().subarray(0, MAC_BYTES)
}

class InvalidCursor extends DomainError {
  constructor() {
    super(
      'invalid_cursor',
      'The cursor does not belong to this list with these filters. Start without a cursor.',
      {},
      [{ pointer: '?cursor', detail: 'is not a next_cursor of this list with these filters' }],
    )
  }
}
