import { setTimeout as sleep } from 'node:timers/promises'
import { ApiUnreachable } from '../errors.ts'
import type { Query } from '../call.ts'
import type { V3Client } from '../v3-client.ts'
import type { WireEvent, WireEventPage } from '../wire.ts'
import { type Forwarded, forwardEvent } from './forward-event.ts'
import { keepPlace, type Place } from './place.ts'

export interface Listener {
  economy: V3Client
  forwardTo: string
  /** Empty: everything. */
  topics: readonly string[]
  /** Where it stands and what it signs with; kept in `file`. */
  place: Place
  file: string
  stop: AbortSignal
  onForwarded(event: WireEvent, forwarded: Forwarded, retryInMs: number | null): void
  onUnreachable(error: ApiUnreachable): void
}

const PAGE_LIMIT = 100
const POLL_MS = 1_000
const RETRY_MS_FIRST = 1_000
const RETRY_MS_MAX = 30_000

/**
 * Forwards the events of an economy one at a time, in the order of its log, until it is told to stop. An event that is not taken is sent
 * again until it is; then the place is kept. So each is sent at least once, whenever the listener is ended. @returns how many were taken.
 */
export async function listen(listener: Listener): Promise<number> {
  const { place, file, stop } = listener
  let count = 0
  while (!stop.aborted) {
    const page = await readPage(listener)
    if (page === undefined) break
    for (const event of page.data) {
      if (!isWanted(event, listener)) continue
      if (!(await forwardUntilTaken(event, listener))) return count
      count += 1
      place.taken.push(event.id)
      await keepPlace(file, place)
    }
    // A page that is not full may grow: its rows are known by their ids until the next page begins.
    await moveOn(listener, page)
    if (!page.has_more) await pause(POLL_MS, stop)
  }
  return count
}

/** Goes to the end of the log as it is now, forwarding nothing. */
export async function skipToEnd(
  listener: Pick<Listener, 'economy' | 'place' | 'file' | 'stop'>,
): Promise<void> {
  for (;;) {
    const page = await listener.economy.get<WireEventPage>('/v3/events', queryOf(listener.place))
    await moveOn(listener, page)
    if (!page.has_more || listener.stop.aborted) return
  }
}

async function moveOn({ place, file }: Pick<Listener, 'place' | 'file'>, page: WireEventPage): Promise<void> {
  if (page.next_cursor === null || page.next_cursor === place.cursor) return
  place.cursor = page.next_cursor
  place.taken = []
  await keepPlace(file, place)
}

function isWanted({ id, type }: WireEvent, { topics, place }: Listener): boolean {
  return (topics.length === 0 || topics.includes(type)) && !place.taken.includes(id)
}

/** The next page; undefined when it was told to stop before the API answered. */
async function readPage(listener: Listener): Promise<WireEventPage | undefined> {
  while (!listener.stop.aborted) {
    try {
      return await listener.economy.get<WireEventPage>('/v3/events', queryOf(listener.place))
    } catch (error) {
      if (!(error instanceof ApiUnreachable)) throw error
      listener.onUnreachable(error)
      await pause(POLL_MS, listener.stop)
    }
  }
  return undefined
}

function queryOf({ cursor }: Place): Query {
  return { limit: PAGE_LIMIT, ...(cursor !== null && { cursor }) }
}

/** @returns false when it was told to stop first. */
async function forwardUntilTaken(event: WireEvent, listener: Listener): Promise<boolean> {
  const { forwardTo, place, stop } = listener
  for (let retryMs = RETRY_MS_FIRST; !stop.aborted; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
    const forwarded = await forwardEvent(event, { url: forwardTo, secret: place.secret }, stop)
    if (stop.aborted && !forwarded.isTaken) return false
    listener.onForwarded(event, forwarded, forwarded.isTaken ? null : retryMs)
    if (forwarded.isTaken) return true
    await pause(retryMs, stop)
  }
  return false
}

/** Ends early when told to stop. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined)
}
