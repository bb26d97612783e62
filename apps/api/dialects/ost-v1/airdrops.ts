import type { FastifyRequest } from 'fastify'
import { LISTED_RECIPIENTS_MAX, type Recipients } from '#core/airdrop/airdrop.ts'
import { AirdropNotFound } from '#core/airdrop/errors.ts'
import { createDialectAirdrop } from '#core/dialect/create-dialect-airdrop.ts'
import type { DialectAirdrop, DialectAirdropState } from '#core/dialect/dialect-reader.ts'
import { NoRecipients } from '#core/airdrop/errors.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { type DialectRouter, valuesOf } from '../dialect.ts'
import { isUuid, Parameters } from '../parameters.ts'
import { toBaseUnits } from './amounts.ts'
import { IDS_MAX, metaOf, readPage } from './pages.ts'

type Deps = Pick<
  AppDeps,
  'unitOfWork' | 'clock' | 'ids' | 'dialectReader' | 'loadEconomyConfig' | 'config' | 'jobs'
>

const STATES = ['incomplete', 'processing', 'complete', 'failed'] as const satisfies DialectAirdropState[]

/** Giving the same amount to many users at once. */
export function airdropRoutes(router: DialectRouter, deps: Deps): void {
  router.post('/airdrops', 'airdrops:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const amount = await readAmount(deps, request, parameters)
    const isAirdropped = parameters.boolean('airdropped')
    const userIds = parameters.list('user_ids', LISTED_RECIPIENTS_MAX, isUuid)
    parameters.check()
    const id = await drop(deps, request, amount, { isAirdropped, userIds })
    return { result_type: 'airdrop', airdrop: { id, current_status: 'pending', steps_complete: [] } }
  })

  router.get('/airdrops/:id', 'airdrops:read', async (request) => {
    const { id } = request.params as { id: string }
    const { state, steps } = await readAirdrop(deps, request, id)
    const isOver = state === 'complete' || state === 'failed'
    const airdrop = { id, current_status: isOver ? state : 'pending', steps_complete: steps }
    return { result_type: 'airdrop', airdrop }
  })

  router.get('/airdrops', 'airdrops:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const ids = parameters.list('id', IDS_MAX, isUuid)
    const states = parameters.list('current_status', STATES.length, (item) =>
      STATES.some((state) => state === item),
    )
    const page = readPage(parameters)
    parameters.check()
    const filter = {
      ...(ids && { ids }),
      ...(states && { states: STATES.filter((state) => states.includes(state)) }),
    }
    const airdrops = await deps.dialectReader.airdrops(ownerOf(request), filter, page)
    const filters = { id: parameters.text('id'), current_status: parameters.text('current_status') }
    return {
      result_type: 'airdrops',
      airdrops: airdrops.rows.map((row) => {
        const { state, steps } = progressOf(row)
        return { id: row.id, current_status: state, steps_complete: steps }
      }),
      meta: metaOf(page, airdrops, filters),
    }
  })
}

/** Base units for every recipient; null where it is wrong, which is noted. */
export async function readAmount(
  deps: Pick<AppDeps, 'loadEconomyConfig'>,
  request: FastifyRequest,
  parameters: Parameters,
): Promise<string> {
  const { tenantId, economyId } = ownerOf(request)
  const text = parameters.required('amount')
  const { decimals } = await deps.loadEconomyConfig(tenantId, economyId)
  const units = text === undefined ? undefined : toBaseUnits(text, decimals)
  if (units === undefined || units <= 0n) parameters.refuse('amount', 'must be a number of tokens above 0')
  return (units ?? 0n).toString()
}

/** Queues an airdrop; answers its id. @throws InvalidRequest naming `user_ids`, NoRecipients, AirdropOverBudget */
export async function drop(
  deps: Deps,
  request: FastifyRequest,
  amount: string,
  to: { isAirdropped: boolean | undefined; userIds: string[] | undefined },
): Promise<string> {
  const [actor, owner] = [actorOf(request), ownerOf(request)]
  const recipients = await recipientsOf(deps, request, to)
  const { id } = await createDialectAirdrop(
    { ...deps, priceMaxAgeMs: deps.config.pricing.maxAgeSeconds * 1_000 },
    { actor, economyId: owner.economyId, amount, recipients },
  )
  deps.jobs.wake({ name: 'run-airdrop', id })
  return id
}

async function recipientsOf(
  deps: Deps,
  request: FastifyRequest,
  { isAirdropped, userIds }: { isAirdropped: boolean | undefined; userIds: string[] | undefined },
): Promise<Recipients> {
  const filter = {
    ...(isAirdropped === false && { neverAirdropped: true }),
    ...(isAirdropped === true && { everAirdropped: true }),
  }
  if (!userIds) return isAirdropped === undefined ? { kind: 'all' } : { kind: 'filter', filter }
  const owner = ownerOf(request)
  const ids = [...new Set(userIds)]
  const known = await deps.dialectReader.userIds(owner, { ids }, ids.length)
  if (known.length < ids.length) {
    const parameters = new Parameters({})
    parameters.refuse('user_ids', 'holds an id of no user')
    parameters.check()
  }
  if (isAirdropped === undefined) return { kind: 'list', userIds: ids }
  const matching = await deps.dialectReader.userIds(owner, { ids, isAirdropped }, ids.length)
  if (matching.length === 0) throw new NoRecipients()
  return { kind: 'list', userIds: matching }
}

/** @throws AirdropNotFound */
export async function readAirdrop(deps: Pick<AppDeps, 'dialectReader'>, request: FastifyRequest, id: string) {
  const page = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const
  const { rows } = isUuid(id)
    ? await deps.dialectReader.airdrops(ownerOf(request), { ids: [id] }, page)
    : { rows: [] }
  const [airdrop] = rows
  if (!airdrop) throw new AirdropNotFound()
  return progressOf(airdrop)
}

/** The original's steps; ours of the contracts in between are none, so they are done with the last payment. */
function progressOf({ status, isSettled }: DialectAirdrop): { state: DialectAirdropState; steps: string[] } {
  if (status === 'failed') return { state: 'failed', steps: ['users_identified'] }
  if (status === 'queued') return { state: 'incomplete', steps: ['users_identified'] }
  if (status === 'running' || !isSettled) return { state: 'processing', steps: ['users_identified'] }
  return {
    state: 'complete',
    steps: ['users_identified', 'tokens_transfered', 'contract_approved', 'allocation_done'],
  }
}
