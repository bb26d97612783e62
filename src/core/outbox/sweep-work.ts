import type { Job, JobDispatcher } from './job-dispatcher.ts'
import { SINGLETON } from './job-dispatcher.ts'
import type { UnfinishedWork, WorkFinder } from './work-finder.ts'

/**
 * Finds unfinished work in Postgres and hands it to the carriage again. Jobs that are there already stay one, so sweeping
 * costs nothing when all is well, and heals everything when Redis lost its data or a worker died.
 *
 * @returns the jobs handed over; null when another process is sweeping at this moment.
 * @throws when Postgres or the carriage cannot be reached.
 */
export async function sweepWork(deps: { finder: WorkFinder; jobs: JobDispatcher }): Promise<Job[] | null> {
  const work = await deps.finder.findUnfinished()
  if (!work) return null
  const jobs = jobsFor(work)
  if (jobs.length > 0) await deps.jobs.dispatch(jobs)
  return jobs
}

function jobsFor(work: UnfinishedWork): Job[] {
  const jobs: Job[] = []
  if (work.isOutboxBehind) jobs.push({ name: 'relay-outbox', id: SINGLETON })
  for (const id of work.lanesToSubmit) jobs.push({ name: 'submit-lane', id })
  for (const id of work.lanesToRebroadcast) jobs.push({ name: 'rebroadcast-lane', id })
  for (const id of work.chainIds) jobs.push({ name: 'follow-chain', id })
  for (const id of work.economyIds) jobs.push({ name: 'deploy-economy', id })
  for (const id of work.airdropIds) jobs.push({ name: 'run-airdrop', id })
  for (const id of work.webhookIds) jobs.push({ name: 'deliver-webhooks', id })
  for (const id of work.replayIds) jobs.push({ name: 'replay-events', id })
  for (const id of work.messageIds) jobs.push({ name: 'advance-message', id })
  for (const id of work.anchorChainIds) jobs.push({ name: 'anchor-roots', id })
  for (const id of work.backedEconomyIds) jobs.push({ name: 'post-backing', id })
  return jobs
}
