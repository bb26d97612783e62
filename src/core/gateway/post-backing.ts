import { ChainUnavailable } from '../chain/chain-rpc.ts'
import type { BlockPosition } from '../ledger/chain-store.ts'
import { LedgerInconsistency } from '../ledger/errors.ts'
import type { Clock } from '../shared/clock.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { Observer } from '../shared/observer.ts'
import type { SeenBacking } from './backing.ts'
import {
  type BackingAccount,
  type BackingPosting,
  type Book,
  type GatewayLog,
  type Holdings,
  planPostings,
} from './backing-accounts.ts'

/** A book of an economy, the gateway it is posted from, and how far it is. */
export interface BookInWork {
  book: Book
  chainId: number
  /** The gateway on that chain. */
  gateway: string
  /** The chain's first block that can hold a log of it. */
  startNumber: number
  /** The block up to which it is posted; null: nothing was read yet. */
  position: BlockPosition | null
  /** A re-org, deeper than what was final, took the block at `position`. */
  isOrphaned: boolean
  /** The chain's newest final block; null while it is not followed. */
  final: BlockPosition | null
}

/** Both books of an economy, as one moment of the database shows them. */
export interface BackingInWork {
  economyId: string
  tenantId: string
  /** The economy's id at both gateways. */
  termsId: string
  books: Readonly<Record<Book, BookInWork>>
}

/** Where both books stand, to be found unchanged by whoever writes. */
export type BookPositions = Readonly<Record<Book, BlockPosition | null>>

/** A backing's books as a whole, with what their balances must be the sums of. */
export interface BooksSnapshot extends SeenBacking {
  /** Base units. */
  accounts: readonly { name: BackingAccount; balance: BaseUnits; entries: BaseUnits }[]
}

/** Port: the books of backings, with the worker's rights. */
export interface BackingDesk {
  find(economyId: string): Promise<BackingInWork | null>
  /** The books as one moment shows them; null for an economy without a backing. */
  snapshot(economyId: string): Promise<BooksSnapshot | null>
  /** What messages hold by what is posted up to the positions `seen`; null when the books are no longer there. */
  holdings(economyId: string, seen: BookPositions, messageHashes: readonly string[]): Promise<Holdings | null>
  /**
   * Writes entries, balances and positions in one database transaction. False when the positions are no longer `seen`: somebody else
   * was faster, and nothing is written.
   * @throws LedgerInconsistency when an account would go below zero
   */
  post(
    work: BackingInWork,
    seen: BookPositions,
    change: { postings: readonly BackingPosting[]; positions: BookPositions; at: Date },
  ): Promise<boolean>
  /** Takes back what orphaned blocks had posted to a book, by reversing entries, down to the last block that stands. */
  reverse(work: BackingInWork, seen: BookPositions, book: Book): Promise<boolean>
}

/** Port: what gateways write into their logs. @throws ChainUnavailable when no node answers */
export interface GatewayLogReader {
  /**
   * The economy's events of the book's gateway in the blocks `from` to `to`, both inclusive, in their order. Null unless the node's
   * block of that number has the hash of `to`.
   */
  read(
    place: { book: Book; chainId: number; gateway: string; termsId: string },
    from: number,
    to: BlockPosition,
  ): Promise<GatewayLog[] | null>
}

export interface PostBackingDeps {
  backings: BackingDesk
  gatewayLogs: GatewayLogReader
  clock: Clock
  observer: Observer
}

/**
 * Posts what both gateways did with an economy up to the newest final blocks of their chains. Both books are written together, up to
 * blocks that were final at one moment, so that whatever one chain did because of the other is in both; where one chain's nodes are
 * gone, the other's book goes on alone.
 *
 * May run twice, at once and be killed anywhere: a log is read before the books' positions pass its block, and posted with them.
 * @returns `behind`: somebody else was faster, or a node is behind; the next run does it
 * @throws ChainUnavailable when no node of either chain answers · LedgerInconsistency when the logs cannot be what the gateways did
 */
export async function postBacking(
  deps: PostBackingDeps,
  economyId: string,
): Promise<'posted' | 'reversed' | 'behind' | 'nothing'> {
  const work = await deps.backings.find(economyId)
  if (!work) return 'nothing'
  const { value, utility } = work.books
  const seen = { value: value.position, utility: utility.position }
  const orphaned = [value, utility].find(({ isOrphaned }) => isOrphaned)
  if (orphaned) return (await reverse(deps, work, seen, orphaned)) ? 'reversed' : 'behind'
  const read = await readBooks(deps, work)
  if (!read) return 'behind'
  try {
    const postings = await plan(deps, economyId, seen, read)
    if (!postings) return 'behind'
    const positions = { value: read.value.position, utility: read.utility.position }
    const change = { postings, positions, at: deps.clock.now() }
    return (await deps.backings.post(work, seen, change)) ? 'posted' : 'behind'
  } catch (error) {
    if (error instanceof LedgerInconsistency)
      deps.observer.log('error', 'backing.inconsistent', { economyId, reason: error.message })
    throw error
  }
}

/** What a book's log has after where it stood, and where it stands then. */
interface ReadBook {
  logs: readonly GatewayLog[]
  position: BlockPosition | null
}

/** Null where a node is behind, or has another fork. */
async function readBooks(
  deps: PostBackingDeps,
  { termsId, books }: BackingInWork,
): Promise<Record<Book, ReadBook> | null> {
  const [value, utility] = await Promise.all([
    unlessGone(readBook(deps, termsId, books.value)),
    unlessGone(readBook(deps, termsId, books.utility)),
  ])
  if (value instanceof ChainUnavailable && utility instanceof ChainUnavailable) throw value
  if (value === null || utility === null) return null
  return {
    value: value instanceof ChainUnavailable ? standing(books.value) : value,
    utility: utility instanceof ChainUnavailable ? standing(books.utility) : utility,
  }
}

async function unlessGone<Result>(reading: Promise<Result>): Promise<Result | ChainUnavailable> {
  return reading.catch((error: unknown) => {
    if (error instanceof ChainUnavailable) return error
    throw error
  })
}

function standing({ position }: BookInWork): ReadBook {
  return { logs: [], position }
}

/** Stays where it is while its chain is not followed, or was taken back to before. */
async function readBook(
  { gatewayLogs }: PostBackingDeps,
  termsId: string,
  inWork: BookInWork,
): Promise<ReadBook | null> {
  const { book, chainId, gateway, startNumber, position, final } = inWork
  const from = position === null ? startNumber : position.number + 1
  if (!final || from > final.number) return standing(inWork)
  const logs = await gatewayLogs.read({ book, chainId, gateway, termsId }, from, final)
  return logs && { logs, position: final }
}

/** Null where somebody else has posted meanwhile: what the messages hold now is not what they held before these logs. */
async function plan(
  { backings }: PostBackingDeps,
  economyId: string,
  seen: BookPositions,
  { value, utility }: Record<Book, ReadBook>,
): Promise<BackingPosting[] | null> {
  const logs = [...value.logs, ...utility.logs]
  const hashes = new Set(logs.flatMap(({ messageHash }) => messageHash ?? []))
  const holdings = await backings.holdings(economyId, seen, [...hashes])
  return holdings && planPostings(logs, holdings)
}

async function reverse(
  { backings, observer }: PostBackingDeps,
  work: BackingInWork,
  seen: BookPositions,
  { book, chainId, position }: BookInWork,
): Promise<boolean> {
  const isReversed = await backings.reverse(work, seen, book)
  if (isReversed)
    observer.log('warn', 'backing.reversed', { economyId: work.economyId, chainId, from: position?.number })
  return isReversed
}
