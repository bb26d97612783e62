import { LaneNotFound } from '#core/chain/errors.ts'
import { resumePausedLane } from '#core/chain/resume-paused-lane.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { requireOperator } from '../plugins/operator.ts'
import { problems } from '../plugins/problem.ts'
import { presentLane } from '../presenters/platform-lanes.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { LaneRefreshSchema, LaneSchema } from '../schemas/platform-lanes.ts'

const tags = ['Platform']
const config = { plane: 'platform', scope: null, idempotency: 'none' } as const

/** The operator's view of the lanes. */
export async function platformLaneRoutes(app: App, deps: AppDeps): Promise<void> {
  const laneIdOf = (params: { id: string }) => idFromPath('lan', params.id, () => new LaneNotFound())

  app.get(
    '/platform/lanes',
    {
      config,
      schema: {
        operationId: 'listLanes',
        summary: 'List every lane',
        description:
          'For the operator. What the chain said of each lane (`balance_wei`, fees, `chain_nonce`) is as of `checked_at`; ask for a new look first where that is old.',
        tags,
        response: { 200: ListOf(LaneSchema), ...problems() },
      },
    },
    async (request) => {
      requireOperator(request)
      const lanes = await deps.platformDesk.lanes()
      return { object: 'list' as const, data: lanes.map(presentLane), has_more: false, next_cursor: null }
    },
  )

  app.post(
    '/platform/lanes/refresh',
    {
      config,
      schema: {
        operationId: 'refreshLanes',
        summary: 'Have the workers look at every lane now',
        description: 'For the operator. `checked_at` of each lane whose node answers moves a moment later.',
        tags,
        response: { 202: LaneRefreshSchema, ...problems() },
      },
    },
    async (request, reply) => {
      requireOperator(request)
      const lanes = await deps.platformDesk.lanes()
      const requestedAt = deps.clock.now()
      for (const { id, chainStatus } of lanes)
        if (chainStatus === 'active') deps.jobs.wake({ name: 'rebroadcast-lane', id })
      reply.code(202)
      return {
        object: 'lane_refresh' as const,
        lanes: lanes.length,
        requested_at: requestedAt.toISOString(),
      }
    },
  )

  for (const { path, operationId, summary, description, afterRestore } of WAYS) {
    app.post(
      path,
      {
        config,
        schema: {
          operationId,
          summary,
          description,
          tags,
          params: IdParams('lan'),
          response: { 202: LaneSchema, ...problems('lane_not_found', 'lane_state_conflict') },
        },
      },
      async (request, reply) => {
        requireOperator(request)
        const laneId = laneIdOf(request.params)
        const lane = await resumePausedLane(deps, { laneId, afterRestore })
        deps.jobs.wake({ name: afterRestore ? 'rebroadcast-lane' : 'submit-lane', id: laneId })
        reply.code(202)
        return presentLane(lane)
      },
    )
  }
}

const WAYS = [
  {
    path: '/platform/lanes/:id/resume',
    operationId: 'resumeLane',
    summary: 'Let a lane sign again that a person paused',
    description: 'For the operator. A lane that is active stays so.',
    afterRestore: false,
  },
  {
    path: '/platform/lanes/:id/recover',
    operationId: 'recoverLane',
    summary: 'Match what a lane has paid before a backup was restored, then let it sign again',
    description:
      "For the operator, where `pause_reason` is `unknown_payments`: a worker reads from the chain what the lane's key has paid and the database does not know, counts queued transactions that were paid by it (same payer, recipients and amounts, oldest first) as paid, and lets the lane sign again. Until then nothing is paid.",
    afterRestore: true,
  },
] as const
