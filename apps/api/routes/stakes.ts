import { createStake } from '#core/gateway/create-stake.ts'
import { StakeNotFound } from '#core/gateway/errors.ts'
import { getBacking } from '#core/gateway/get-backing.ts'
import { getMessage } from '#core/gateway/get-message.ts'
import { listMessages } from '#core/gateway/list-messages.ts'
import { type HandIn, submitMessage } from '#core/gateway/submit-message.ts'
import {
  GRANTS_PER_ADDRESS_MAX,
  GRANTS_PER_TENANT_MAX,
  grantValue,
  VALUE_GRANT_MAX,
} from '#core/gateway/grant-value.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { economyOf } from '../plugins/economy.ts'
import { once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentBacking, presentStake, presentValueGrant } from '../presenters/stakes.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { VALID_FOR_SECONDS } from '../schemas/messages.ts'
import {
  BackingSchema,
  CreateStakeBody,
  GrantValueBody,
  ListStakesQuery,
  StakeSchema,
  SubmitStakeBody,
  ValueGrantSchema,
} from '../schemas/stakes.ts'

const tags = ['Stakes']

/** What backs a token: stakes on the value chain, for which tokens are minted on the utility chain. */
export async function stakeRoutes(app: App, deps: AppDeps): Promise<void> {
  const present = (stake: Parameters<typeof presentStake>[1]) => presentStake(deps.gatewayCalls, stake)
  const stakeIdOf = (params: { id: string }) => idFromPath('stk', params.id, () => new StakeNotFound())

  app.post(
    '/stakes',
    {
      config: { plane: 'data', scope: 'stakes:write', idempotency: 'required' },
      schema: {
        operationId: 'createStake',
        summary: 'Prepare a stake',
        description:
          'Answers with what your own wallet signs or sends; nothing moves before that. A production economy becomes active with its first stake, and mints more with each further one.',
        tags,
        body: CreateStakeBody,
        response: {
          201: StakeSchema,
          ...problems('economy_not_backed', 'economy_state_conflict', 'invalid_amount'),
        },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { amount, staker, beneficiary, bounty, fee, valid_for_seconds } = request.body
        const stake = await createStake(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyOf(request),
            amount: BigInt(amount),
            staker: staker.toLowerCase(),
            ...(beneficiary !== undefined && { beneficiary: beneficiary.toLowerCase() }),
            bounty: BigInt(bounty ?? 0),
            fee: BigInt(fee ?? 0),
            validForSeconds: valid_for_seconds ?? VALID_FOR_SECONDS,
          },
        )
        return { status: 201, body: present(stake) }
      }),
  )

  app.post(
    '/stakes/:id/submit',
    {
      config: { plane: 'data', scope: 'stakes:write' },
      schema: {
        operationId: 'submitStake',
        summary: "Hand in the staker's signature, or their transaction",
        description:
          'With a signature a facilitator does all the rest. Whoever sent the transactions themselves may say so; the chain is looked at either way.',
        tags,
        params: IdParams('stk'),
        body: SubmitStakeBody,
        response: { 202: StakeSchema, ...problems('stake_not_found', 'stake_state_conflict') },
      },
    },
    async (request, reply) => {
      let stakeId: string | null = null
      const body = await once(deps, request, reply, async (unitOfWork) => {
        stakeId = stakeIdOf(request.params)
        const stake = await submitMessage(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyOf(request),
            kind: 'stake',
            messageId: stakeId,
            handIn: handInOf(request.body),
          },
        )
        return { status: 202, body: present(stake) }
      })
      if (stakeId !== null) deps.jobs.wake({ name: 'advance-message', id: stakeId })
      return body
    },
  )

  app.get(
    '/stakes',
    {
      config: { plane: 'data', scope: 'stakes:read' },
      schema: {
        operationId: 'listStakes',
        summary: 'List stakes',
        tags,
        querystring: ListStakesQuery,
        response: { 200: ListOf(StakeSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const page = await listMessages(deps, {
        ...ownerOf(request),
        kind: 'stake',
        page: pageOf(request),
      })
      return toList(request, page, present, ({ message }) => message.id)
    },
  )

  app.get(
    '/stakes/:id',
    {
      config: { plane: 'data', scope: 'stakes:read' },
      schema: {
        operationId: 'getStake',
        summary: 'Get a stake with its steps',
        tags,
        params: IdParams('stk'),
        response: { 200: StakeSchema, ...problems('stake_not_found') },
      },
    },
    async (request) =>
      present(
        await getMessage(deps, {
          ...ownerOf(request),
          kind: 'stake',
          messageId: stakeIdOf(request.params),
        }),
      ),
  )

  app.post(
    '/value-grants',
    {
      config: { plane: 'data', scope: 'stakes:write', idempotency: 'required' },
      schema: {
        operationId: 'grantValue',
        summary: 'Get value tokens of the sandbox',
        description: `Gives any address on the value chain tokens to stake, with coin for its gas: ${GRANTS_PER_ADDRESS_MAX} times in 24 hours to one address, ${GRANTS_PER_TENANT_MAX} times to one tenant. Real value tokens are given by nobody: there the answer is \`faucet_not_available\`.`,
        tags,
        body: GrantValueBody,
        response: {
          202: ValueGrantSchema,
          ...problems('economy_not_backed', 'faucet_not_available', 'invalid_amount', 'faucet_exhausted'),
        },
      },
    },
    async (request, reply) => {
      let laneId: string | undefined
      const body = await once(deps, request, reply, async (unitOfWork) => {
        const { address, amount } = request.body
        const grant = await grantValue(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyOf(request),
            address: address.toLowerCase(),
            amount: amount === undefined ? VALUE_GRANT_MAX : BigInt(amount),
          },
        )
        laneId = grant.laneId
        return { status: 202, body: presentValueGrant(grant) }
      })
      if (laneId !== undefined) deps.jobs.wake({ name: 'submit-lane', id: laneId })
      return body
    },
  )

  app.get(
    '/token/backing',
    {
      config: { plane: 'data', scope: 'token:read' },
      schema: {
        operationId: 'getBacking',
        summary: 'Get what backs the token',
        description:
          'What is staked, on its way and in existence, at final blocks of both chains, with the hashes by which anybody can verify it.',
        tags,
        response: { 200: BackingSchema, ...problems('economy_not_backed') },
      },
    },
    async (request) => presentBacking(await getBacking(deps, ownerOf(request))),
  )
}

function handInOf({ signature, transaction_hash }: SubmitStakeBody): HandIn {
  // The schema wants exactly one of them.
  return signature === undefined ? { txHash: transaction_hash ?? '' } : { signature, permitSignature: null }
}
