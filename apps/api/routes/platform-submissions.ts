import { SubmissionNotFound } from '#core/chain/errors.ts'
import { unstickSubmission } from '#core/chain/unstick-submission.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { requireOperator } from '../plugins/operator.ts'
import { problems } from '../plugins/problem.ts'
import { presentSubmission } from '../presenters/platform-submissions.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams } from '../schemas/common.ts'
import { SubmissionSchema } from '../schemas/platform-submissions.ts'

const tags = ['Platform']
const config = { plane: 'platform', scope: null, idempotency: 'none' } as const

/** The operator's view of a single EVM transaction. */
export async function platformSubmissionRoutes(app: App, deps: AppDeps): Promise<void> {
  const submissionIdOf = (params: { id: string }) =>
    idFromPath('sub', params.id, () => new SubmissionNotFound())

  app.get(
    '/platform/submissions/:id',
    {
      config,
      schema: {
        operationId: 'getSubmission',
        summary: 'Get a submission with every attempt',
        description: 'For the operator.',
        tags,
        params: IdParams('sub'),
        response: { 200: SubmissionSchema, ...problems('submission_not_found') },
      },
    },
    async (request) => {
      requireOperator(request)
      const submission = await deps.platformDesk.submission(submissionIdOf(request.params))
      if (!submission) throw new SubmissionNotFound()
      return presentSubmission(submission)
    },
  )

  app.post(
    '/platform/submissions/:id/unstick',
    {
      config,
      schema: {
        operationId: 'unstickSubmission',
        summary: 'Send a submission again now',
        description:
          'For the operator. A worker sends the stored bytes now, and raises the fee if the node has held them for a block: the same nonce, so never a second payment. What is in a block, has ended or has no signature yet stays as it is. `attempts` shows what happened.',
        tags,
        params: IdParams('sub'),
        response: { 202: SubmissionSchema, ...problems('submission_not_found') },
      },
    },
    async (request, reply) => {
      requireOperator(request)
      const submission = await unstickSubmission(deps, submissionIdOf(request.params))
      deps.jobs.wake({ name: 'rebroadcast-lane', id: submission.laneId })
      reply.code(202)
      return presentSubmission(submission)
    },
  )
}
