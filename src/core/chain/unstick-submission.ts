import type { Clock } from '../shared/clock.ts'
import { SubmissionNotFound } from './errors.ts'
import type { PlatformDesk, SubmissionOverview } from './platform-desk.ts'

/**
 * Asks the worker to send a submission's stored bytes now, and to raise its fee if that is due: always the same nonce, never
 * a second payment. Does nothing to a submission that is in a block, has ended, or has no signature yet. Idempotent.
 * @throws SubmissionNotFound
 */
export async function unstickSubmission(
  deps: { platformDesk: PlatformDesk; clock: Clock },
  submissionId: string,
): Promise<SubmissionOverview> {
  await deps.platformDesk.requestBump(submissionId, deps.clock.now())
  const submission = await deps.platformDesk.submission(submissionId)
  if (!submission) throw new SubmissionNotFound()
  return submission
}
