import type { Clock } from '../shared/clock.ts'
import { LaneNotFound, LaneStateConflict } from './errors.ts'
import type { LaneOverview, PlatformDesk } from './platform-desk.ts'

/**
 * Ends a pause that only a person may end. A lane that was paused for payments which the database does not know is not
 * resumed: a worker matches them first, and resumes it then. Idempotent.
 *
 * @param command.afterRestore The operator has read what it means: payments of the lane's key that no row knows may be matched
 * with queued transactions, which then count as paid.
 * @throws LaneNotFound, LaneStateConflict
 * @see docs/runbook.md, Restoring a backup
 */
export async function resumePausedLane(
  deps: { platformDesk: PlatformDesk; clock: Clock },
  command: { laneId: string; afterRestore: boolean },
): Promise<LaneOverview> {
  const { laneId, afterRestore } = command
  const outcome = await deps.platformDesk.resumeLane(laneId, afterRestore, deps.clock.now())
  if (outcome === null) throw new LaneNotFound()
  if (outcome === 'needs_after_restore') {
    throw new LaneStateConflict(
      "The lane's key has paid on the chain what the database does not know. If a backup was restored, recover the lane (ost lanes resume --after-restore); if not, somebody else has the key.",
    )
  }
  if (outcome === 'passes_by_itself') {
    throw new LaneStateConflict(
      'The lane is paused for a cause that ends it by itself: fund the relayer (out_of_gas), or see what the node refuses (rejected).',
    )
  }
  const lane = (await deps.platformDesk.lanes()).find(({ id }) => id === laneId)
  if (!lane) throw new LaneNotFound()
  return lane
}
