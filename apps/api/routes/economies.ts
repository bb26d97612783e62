import { parseRate, type Rate } from '#core/gateway/backing.ts'
import { InvalidRequest } from '#core/shared/errors.ts'
import { createEconomy } from '#core/economy/create-economy.ts'
import { EconomyNotFound } from '#core/economy/errors.ts'
import { getEconomy } from '#core/economy/get-economy.ts'
import { grantTokens } from '#core/economy/grant-tokens.ts'
import { listEconomies } from '#core/economy/list-economies.ts'
import { pauseEconomy } from '#core/economy/pause-economy.ts'
import { resumeEconomy } from '#core/economy/resume-economy.ts'
import { retryEconomy } from '#core/economy/retry-economy.ts'
import { updateEconomy } from '#core/economy/update-economy.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf, credentialOf } from '../plugins/authenticate.ts'
import { once } from '../plugins/idempotency.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentEconomy } from '../presenters/economies.ts'
import { presentQueuedGrant } from '../presenters/economy-calls.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import {
  CreateEconomyBody,
  EconomySchema,
  GrantTokensBody,
  ListEconomiesQuery,
  TokenGrantSchema,
  UpdateEconomyBody,
} from '../schemas/economies.ts'

const tags = ['Economies']
const reads = { plane: 'control', scope: 'economies:read' } as const
const writes = { plane: 'control', scope: 'economies:write' } as const

/** A tenant's economies, from deployment to pause. */
export async function economyRoutes(app: App, deps: AppDeps): Promise<void> {
  const economyIdOf = (params: { id: string }) => idFromPath('eco', params.id, () => new EconomyNotFound())

  app.post(
    '/economies',
    {
      config: writes,
      schema: {
        operationId: 'createEconomy',
        summary: 'Create an economy',
        description:
          'Answers at once, in status `deploying`; `steps` shows how far its contracts are. A production economy becomes active with its first stake.',
        tags,
        body: CreateEconomyBody,
        response: {
          202: EconomySchema,
          ...problems('production_not_available', 'economy_symbol_taken', 'no_chain_available'),
        },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { initial_grant, rate: rateText, metadata = {}, ...rest } = request.body
        const rate = rateText === undefined ? {} : { rate: rateFrom(rateText) }
        const command = { actor: actorOf(request), ...rest, ...rate, metadata }
        const economy = await createEconomy(
          { ...deps, unitOfWork },
          initial_grant === undefined ? command : { ...command, initialGrant: BigInt(initial_grant) },
        )
        return { status: 202, body: presentEconomy(economy) }
      }),
  )

  app.get(
    '/economies',
    {
      config: reads,
      schema: {
        operationId: 'listEconomies',
        summary: 'List economies',
        tags,
        querystring: ListEconomiesQuery,
        response: { 200: ListOf(EconomySchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      const { status, environment } = request.query
      const filter = { ...(status && { status }), ...(environment && { environment }) }
      return toList(
        request,
        await listEconomies(deps, { tenantId, page: pageOf(request), filter }),
        presentEconomy,
      )
    },
  )

  app.get(
    '/economies/:id',
    {
      config: reads,
      schema: {
        operationId: 'getEconomy',
        summary: 'Get an economy',
        tags,
        params: IdParams('eco'),
        response: { 200: EconomySchema, ...problems('economy_not_found') },
      },
    },
    async (request) => {
      const { tenantId } = credentialOf(request)
      return presentEconomy(await getEconomy(deps, { tenantId, economyId: economyIdOf(request.params) }))
    },
  )

  app.patch(
    '/economies/:id',
    {
      config: writes,
      schema: {
        operationId: 'updateEconomy',
        summary: 'Rename an economy or replace its metadata',
        tags,
        params: IdParams('eco'),
        body: UpdateEconomyBody,
        response: { 200: EconomySchema, ...problems('economy_not_found') },
      },
    },
    async (request) => {
      const command = { actor: actorOf(request), economyId: economyIdOf(request.params), ...request.body }
      return presentEconomy(await updateEconomy(deps, command))
    },
  )

  const acts = [
    { name: 'pause', summary: 'Pause an economy', act: pauseEconomy },
    { name: 'resume', summary: 'Resume a paused economy', act: resumeEconomy },
    { name: 'retry', summary: 'Retry a failed deployment', act: retryEconomy },
  ] as const
  for (const { name, summary, act } of acts) {
    app.post(
      `/economies/:id/${name}`,
      {
        config: writes,
        schema: {
          operationId: `${name}Economy`,
          summary,
          description: 'Doing it again changes nothing.',
          tags,
          params: IdParams('eco'),
          response: { 200: EconomySchema, ...problems('economy_not_found', 'economy_state_conflict') },
        },
      },
      async (request, reply) => {
        const command = { actor: actorOf(request), economyId: economyIdOf(request.params) }
        const body = await once(deps, request, reply, async (unitOfWork) => ({
          status: 200,
          body: presentEconomy(await act({ ...deps, unitOfWork }, command)),
        }))
        if (name === 'retry') deps.jobs.wake({ name: 'deploy-economy', id: command.economyId })
        return body
      },
    )
  }

  app.post(
    '/economies/:id/grants',
    {
      config: writes,
      schema: {
        operationId: 'grantTokens',
        summary: 'Grant play money to the company',
        description: 'Sandbox economies only. The company’s balance shows it once its block is indexed.',
        tags,
        params: IdParams('eco'),
        body: GrantTokensBody,
        response: {
          202: TokenGrantSchema,
          ...problems(
            'economy_not_found',
            'economy_state_conflict',
            'production_not_available',
            'invalid_amount',
          ),
        },
      },
    },
    async (request, reply) => {
      let laneId: string | undefined
      const body = await once(deps, request, reply, async (unitOfWork) => {
        const grant = await grantTokens(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyIdOf(request.params),
            amount: BigInt(request.body.amount),
          },
        )
        laneId = grant.laneId
        return { status: 202, body: presentQueuedGrant(grant) }
      })
      if (laneId !== undefined) deps.jobs.wake({ name: 'submit-lane', id: laneId })
      return body
    },
  )
}

/** @throws InvalidRequest for a rate that the contracts do not take */
function rateFrom(text: string): Rate {
  const rate = parseRate(text)
  if (rate === null)
    throw new InvalidRequest([
      { pointer: '/rate', detail: 'must be above 0, and below 2^96 without its point' },
    ])
  return rate
}
