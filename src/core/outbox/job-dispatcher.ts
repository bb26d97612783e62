/**
 * What the carriage brings to a worker. Jobs hold ids only; everything else is read from Postgres when they run, so that
 * any job can be lost, repeated or late without harm.
 */
export type JobName =
  | 'relay-outbox'
  | 'submit-lane'
  | 'rebroadcast-lane'
  | 'follow-chain'
  | 'deploy-economy'
  | 'run-airdrop'
  | 'reconcile-economy'
  | 'refresh-prices'
  | 'publish-prices'
  | 'read-prices'
  | 'reseal-keys'
  | 'fan-out-events'
  | 'deliver-webhooks'
  | 'replay-events'
  | 'clean-up'
  | 'advance-message'
  | 'anchor-roots'
  | 'post-backing'

/** One piece of work: `id` names what it is done for (a lane, a chain, an economy, an airdrop, a webhook, a message), or is `all`. */
export interface Job {
  name: JobName
  id: string
}

/** The id of jobs that there is only one of. */
export const SINGLETON = 'all'

/**
 * Carries jobs to the workers. While a job waits, the same job again is nothing new; while it runs, the same job again leads
 * to exactly one further run after it.
 */
export interface JobDispatcher {
  /** Resolves once the jobs are with the carriage. @throws when it cannot be reached in time. */
  dispatch(jobs: readonly Job[]): Promise<void>
  /**
   * Rings for a job without waiting and without ever failing: for use after a commit, where the sweeper would find the work
   * anyway a moment later.
   */
  wake(job: Job): void
}
