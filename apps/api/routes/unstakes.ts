import { createUnstake } from '#core/gateway/create-unstake.ts'
import { UnstakeNotFound } from '#core/gateway/errors.ts'
import { getMessage } from '#core/gateway/get-message.ts'
import { listMessages } from '#core/gateway/list-messages.ts'
import { type HandIn, submitMessage } from '#core/gateway/submit-message.ts'
import { unstakeManaged } from '#core/gateway/unstake-managed.ts'
import { InvalidRequest } from '#core/shared/errors.ts'
import { UserNotFound } from '#core/user/errors.ts'
import type { App } from '../app-types.ts'
import type { AppDeps } from '../deps.ts'
import { actorOf } from '../plugins/authenticate.ts'
import { economyOf } from '../plugins/economy.ts'
import { claimOf, once } from '../plugins/idempotency.ts'
import { ownerOf } from '../plugins/owner.ts'
import { pageOf, toList } from '../plugins/pagination.ts'
import { problems } from '../plugins/problem.ts'
import { presentUnstake } from '../presenters/unstakes.ts'
import { idFromPath } from '../presenters/wire-id.ts'
import { IdParams, ListOf } from '../schemas/common.ts'
import { VALID_FOR_SECONDS } from '../schemas/messages.ts'
import {
  CreateUnstakeBody,
  ListUnstakesQuery,
  SubmitUnstakeBody,
  UnstakeManagedBody,
  UnstakeSchema,
} from '../schemas/unstakes.ts'

const tags = ['Unstakes']

/** Tokens back into value: redeemed and burned on the utility chain, paid out on the value chain. */
export async function unstakeRoutes(app: App, deps: AppDeps): Promise<void> {
  const present = (unstake: Parameters<typeof presentUnstake>[1]) =>
    presentUnstake(deps.gatewayCalls, unstake)
  const unstakeIdOf = (params: { id: string }) => idFromPath('ust', params.id, () => new UnstakeNotFound())

  app.post(
    '/unstakes',
    {
      config: { plane: 'data', scope: 'unstakes:write', idempotency: 'required' },
      schema: {
        operationId: 'createUnstake',
        summary: 'Prepare an unstake',
        description:
          'Redeems tokens for the value behind them. Answers with what the redeemer signs or sends; nothing moves before that, and nobody can refuse it.',
        tags,
        body: CreateUnstakeBody,
        response: { 201: UnstakeSchema, ...problems('economy_not_backed', 'invalid_amount') },
      },
    },
    async (request, reply) =>
      once(deps, request, reply, async (unitOfWork) => {
        const { amount, redeemer, beneficiary, bounty, fee, permit_nonce, valid_for_seconds } = request.body
        const unstake = await createUnstake(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyOf(request),
            amount: BigInt(amount),
            redeemer: redeemer.toLowerCase(),
            beneficiary: beneficiary.toLowerCase(),
            bounty: BigInt(bounty ?? 0),
            fee: BigInt(fee ?? 0),
            permitNonce: BigInt(permit_nonce ?? 0),
            validForSeconds: valid_for_seconds ?? VALID_FOR_SECONDS,
          },
        )
        return { status: 201, body: present(unstake) }
      }),
  )

  app.post(
    '/users/:id/unstakes',
    {
      config: { plane: 'data', scope: 'unstakes:write', idempotency: 'required' },
      schema: {
        operationId: 'unstakeForUser',
        summary: 'Unstake tokens of a managed wallet',
        description:
          'Redeems tokens of a user, or of the company, whose wallet the platform manages: a transaction moves them to the economy’s redeemer, which has them paid out to the beneficiary on the value chain. A user’s consent is kept for good; what is accepted cannot be taken back.',
        tags,
        params: IdParams('usr'),
        body: UnstakeManagedBody,
        response: {
          202: UnstakeSchema,
          ...problems(
            'user_not_found',
            'economy_not_backed',
            'economy_not_active',
            'transaction_type_archived',
            'user_archived',
            'user_not_managed',
            'invalid_amount',
            'insufficient_funds',
            'rule_violated',
            'limit_reached',
          ),
        },
      },
    },
    async (request, reply) => {
      const { amount, beneficiary, bounty, fee, consent } = request.body
      const { replayed, ...unstake } = await unstakeManaged(deps, {
        actor: actorOf(request),
        economyId: economyOf(request),
        userId: idFromPath('usr', request.params.id, () => new UserNotFound()),
        amount: BigInt(amount),
        beneficiary: beneficiary.toLowerCase(),
        bounty: BigInt(bounty ?? 0),
        fee: BigInt(fee ?? 0),
        consent: consent ? { text: consent.text, givenAt: new Date(consent.given_at) } : null,
        idempotency: claimOf(request),
      })
      if (replayed) reply.header('Idempotency-Replayed', 'true')
      return reply.code(202).send(present(unstake))
    },
  )

  app.post(
    '/unstakes/:id/submit',
    {
      config: { plane: 'data', scope: 'unstakes:write' },
      schema: {
        operationId: 'submitUnstake',
        summary: "Hand in the redeemer's signatures, or their transaction",
        description:
          'With signatures a facilitator does all the rest. Whoever sent the transactions themselves may say so; the chain is looked at either way.',
        tags,
        params: IdParams('ust'),
        body: SubmitUnstakeBody,
        response: { 202: UnstakeSchema, ...problems('unstake_not_found', 'unstake_state_conflict') },
      },
    },
    async (request, reply) => {
      let messageId: string | null = null
      const body = await once(deps, request, reply, async (unitOfWork) => {
        messageId = unstakeIdOf(request.params)
        const unstake = await submitMessage(
          { ...deps, unitOfWork },
          {
            actor: actorOf(request),
            economyId: economyOf(request),
            kind: 'redeem',
            messageId,
            handIn: handInOf(request.body),
          },
        )
        return { status: 202, body: present(unstake) }
      })
      if (messageId !== null) deps.jobs.wake({ name: 'advance-message', id: messageId })
      return body
    },
  )

  app.get(
    '/unstakes',
    {
      config: { plane: 'data', scope: 'unstakes:read' },
      schema: {
        operationId: 'listUnstakes',
        summary: 'List unstakes',
        tags,
        querystring: ListUnstakesQuery,
        response: { 200: ListOf(UnstakeSchema), ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), kind: 'redeem' as const, page: pageOf(request) }
      return toList(request, await listMessages(deps, query), present, ({ message }) => message.id)
    },
  )

  app.get(
    '/unstakes/:id',
    {
      config: { plane: 'data', scope: 'unstakes:read' },
      schema: {
        operationId: 'getUnstake',
        summary: 'Get an unstake with its steps',
        tags,
        params: IdParams('ust'),
        response: { 200: UnstakeSchema, ...problems('unstake_not_found') },
      },
    },
    async (request) => {
      const query = { ...ownerOf(request), kind: 'redeem' as const, messageId: unstakeIdOf(request.params) }
      return present(await getMessage(deps, query))
    },
  )
}

/** @throws InvalidRequest unless it is one of the two ways to go on */
function handInOf({ signature, permit_signature, transaction_hash: txHash }: SubmitUnstakeBody): HandIn {
  if (txHash === undefined) {
    if (signature === undefined)
      throw new InvalidRequest([{ pointer: '/signature', detail: 'is needed with permit_signature' }])
    return { signature, permitSignature: permit_signature ?? null }
  }
  if (signature !== undefined || permit_signature !== undefined)
    throw new InvalidRequest([
      { pointer: '/transaction_hash', detail: 'stands alone: hand in signatures, or the transaction' },
    ])
  return { txHash }
}
