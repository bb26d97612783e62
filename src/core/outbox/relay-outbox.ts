import type { Job, JobDispatcher } from './job-dispatcher.ts'
import type { OutboxRecord } from './outbox-event.ts'
import type { OutboxReader } from './outbox-reader.ts'

/** The relay's name among the log's consumers. */
export const RELAY_CONSUMER = 'job-relay'
/** Records per round. */
const RECORDS_PER_ROUND = 2_000
/** Rounds per run: a run that falls behind hands over to the next one instead of holding its place for ever. */
const ROUNDS_MAX = 50

/** Places where a process may die. Whatever happens there, every event is told at least once. */
export type RelayPoint = 'after_dispatch' | 'after_advance'

export interface RelayResult {
  events: number
  jobs: number
  /** False when the run stopped at its bound and more events wait. */
  caughtUp: boolean
}

/**
 * Turns committed state changes into jobs: a created economy is deployed, a queued transaction wakes its lane, a created
 * airdrop is run. Events of the same lane in one round become one job.
 *
 * At least once: the cursor moves after the jobs were handed over, so a crash in between repeats them, which is harmless.
 * @throws when the carriage or the database cannot be reached; the cursor then stays.
 */
export async function relayOutbox(deps: {
  outbox: OutboxReader
  jobs: JobDispatcher
  /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
  reach?: (point: RelayPoint) => void | Promise<void>
}): Promise<RelayResult> {
  const result: RelayResult = { events: 0, jobs: 0, caughtUp: true }
  let position = await deps.outbox.position(RELAY_CONSUMER)
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const records = await deps.outbox.readAfter(position, RECORDS_PER_ROUND)
    const last = records.at(-1)
    if (!last) return result
    const jobs = await jobsOf(deps.outbox, records)
    if (jobs.length > 0) await deps.jobs.dispatch(jobs)
    position = { xid: last.xid, id: last.id }
    await deps.reach?.('after_dispatch')
    await deps.outbox.advance(RELAY_CONSUMER, position)
    await deps.reach?.('after_advance')
    result.events += records.reduce((sum, { events }) => sum + events, 0)
    result.jobs += jobs.length
    if (records.length < RECORDS_PER_ROUND) return result
  }
  return { ...result, caughtUp: false }
}

async function jobsOf(outbox: OutboxReader, records: readonly OutboxRecord[]): Promise<Job[]> {
  const jobs: Job[] = []
  const economiesWithWork = new Set<string>()
  for (const { topic, economyId, subjectIds } of records) {
    if (topic === 'economy.created') for (const id of subjectIds) jobs.push({ name: 'deploy-economy', id })
    if (topic === 'airdrop.created') for (const id of subjectIds) jobs.push({ name: 'run-airdrop', id })
    if (topic === 'transaction.queued' && economyId) economiesWithWork.add(economyId)
  }
  if (economiesWithWork.size === 0) return jobs
  const lanes = await outbox.lanesOf([...economiesWithWork])
  for (const laneId of new Set(lanes.values())) jobs.push({ name: 'submit-lane', id: laneId })
  return jobs
}
