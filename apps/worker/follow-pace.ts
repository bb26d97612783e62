/** Milliseconds between two looks at a chain. */
export const FOLLOW_INTERVAL_MS_MIN = 100
const FOLLOW_INTERVAL_MS_MAX = 5_000
/** Looks while the next block is expected follow each other after a tenth of its time, and at least this often. */
const EXPECTING_INTERVAL_MS_MAX = 1_000

/** When each chain is to be looked at. All times are milliseconds of one monotonic clock. */
export interface FollowPace {
  /** Whether a look is due. Its answer counts as the look. */
  isDue(chain: { id: number; blockTimeMs: number }, now: number): boolean
  /** What a look that began at `at` came to. */
  looked(chainId: number, at: number, hasNewBlocks: boolean): void
}

/** The last new block came between these two looks. */
interface Sighting {
  after: number
  until: number
}

/**
 * Blocks keep their rhythm: the next one is there a block's time after the last. So a chain is looked at from then on until the block is
 * there: two or three looks per block instead of two, but a tenth of a block's time late instead of half. While nothing is
 * known of the chain, or a block is late by another block's time, there are two looks per block.
 */
export function createFollowPace(): FollowPace {
  const dueAt = new Map<number, number>()
  const emptyAt = new Map<number, number>()
  const sightings = new Map<number, Sighting>()

  return {
    isDue({ id, blockTimeMs }, now) {
      const ordinary = between(FOLLOW_INTERVAL_MS_MIN, blockTimeMs / 2, FOLLOW_INTERVAL_MS_MAX)
      const step = between(FOLLOW_INTERVAL_MS_MIN, blockTimeMs / 10, EXPECTING_INTERVAL_MS_MAX)
      const seen = sightings.get(id)
      const isExpecting = seen !== undefined && now < seen.until + 2 * blockTimeMs
      const from = isExpecting ? Math.max(seen.after, seen.until - ordinary) + blockTimeMs : now
      if (now < Math.max(from, dueAt.get(id) ?? now)) return false
      dueAt.set(id, now + (isExpecting ? step : ordinary))
      return true
    },

    looked(chainId, at, hasNewBlocks) {
      if (!hasNewBlocks) {
        emptyAt.set(chainId, at)
        return
      }
      sightings.set(chainId, { after: emptyAt.get(chainId) ?? Number.NEGATIVE_INFINITY, until: at })
      // One that was planned without knowing of this block may be too late for the next.
      dueAt.delete(chainId)
    },
  }
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
