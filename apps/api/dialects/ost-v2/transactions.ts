import type { FastifyRequest } from 'fastify'
import type { MetaProperty } from '#core/bundle/bundle.ts'
import { executeBundle } from '#core/bundle/execute-bundle.ts'
import { EXECUTIONS_WINDOW, type ExecutionFilter } from '#core/bundle/execution.ts'
import { fingerprintOf } from '#core/idempotency/fingerprint.ts'
import { SignatureRepeated } from '#core/tenant/errors.ts'
import { TransactionNotFound } from '#core/transaction/errors.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { readCall } from './calldata.ts'
import { META_FILTERS_MAX, readMeta, toMeta } from './meta-property.ts'
import { isInteger, readIdentifier, readLimit, toIdentifier } from './pages.ts'
import {
  NotTheDevicesUser,
  optionalText,
  requiredAddress,
  textList,
  uuidInPath,
  wrong,
} from './parameters.ts'
import { presentTransaction, statusOf } from './present-transaction.ts'
import { tokenOf } from './tokens.ts'
import type { OstRouter } from './router.ts'
import { findUser } from './users.ts'

const STATUSES_MAX = 5

/** Payments from the company to users, by one of the two rules; and every user's transactions. */
export function transactionRoutes(router: OstRouter, deps: AppDeps): void {
  router.post('/users/:user_id/transactions', 'transactions:write', async (request) => {
    const user = await findUser(deps, request)
    // Of a server, only the company pays: users sign for themselves.
    if (user.type !== 'company') throw new NotTheDevicesUser()
    const token = await tokenOf(deps, request)
    const owner = ownerOf(request)
    if (requiredAddress(request, 'to') !== token.rulesAddress)
      throw wrong('to', 'is the address of no rule of this token')
    const meta = readMeta(request)
    const call = await readCall(deps, request, token)
    const id = await executeBundle(deps, {
      actor: actorOf(request),
      economyId: owner.economyId,
      meta,
      ...call,
      idempotency: claimOf(request),
    })
    if (id === null) throw new SignatureRepeated('api_signature')
    const execution = await deps.executionReader.get(owner, id)
    if (!execution) throw new TransactionNotFound()
    return { result_type: 'transaction', transaction: presentTransaction(execution) }
  })

  router.read('/users/:user_id/transactions', 'transactions:read', async (request) => {
    const { id: userId } = await findUser(deps, request)
    const { from, limit, ...query } = readQuery(request)
    if (from + limit >= EXECUTIONS_WINDOW)
      throw wrong(
        'pagination_identifier',
        `goes further back than ${EXECUTIONS_WINDOW} transactions: give an end_time`,
      )
    const found = await deps.executionReader.list({ ...ownerOf(request), userId }, toFilter(query), {
      from,
      limit,
    })
    const next = from + limit
    const page = { ...query, from: next, limit }
    return {
      result_type: 'transactions',
      transactions: found.executions.map(presentTransaction),
      meta: {
        total_no: found.total,
        next_page_payload: next < found.total ? { pagination_identifier: toIdentifier(page) } : {},
      },
    }
  })

  router.read('/users/:user_id/transactions/:transaction_id', 'transactions:read', async (request) => {
    const { id: userId } = await findUser(deps, request)
    const id = uuidInPath(request, 'transaction_id')
    const execution = await deps.executionReader.get({ ...ownerOf(request), userId }, id)
    if (!execution) throw new TransactionNotFound()
    return { result_type: 'transaction', transaction: presentTransaction(execution) }
  })
}

/** A signature stands for one execution for ever, also where the guard against repeats has lost its memory. */
function claimOf(request: FastifyRequest) {
  const signature = optionalText(request, 'api_signature') ?? ''
  const fingerprint = fingerprintOf(request.method, request.routeOptions.url ?? '', { signature })
  return { key: `ost-v2 ${signature}`, fingerprint }
}

/** What a list is asked for, in the words of its pagination identifier. */
interface Query {
  from: number
  limit: number
  meta_property: MetaProperty[]
  status: string[]
  start_time: number | null
  end_time: number | null
}

function readQuery(request: FastifyRequest): Query {
  const stored = readIdentifier(request)
  if (stored) return checkStored(stored)
  return {
    from: 0,
    limit: readLimit(request),
    meta_property: readMetaFilters(request),
    status: checkStatuses(textList(request, 'statuses', STATUSES_MAX) ?? []),
    start_time: readTime(request, 'start_time'),
    end_time: readTime(request, 'end_time'),
  }
}

function checkStored({
  from,
  limit,
  meta_property,
  status,
  start_time,
  end_time,
}: Record<string, unknown>): Query {
  const isTime = (value: unknown) => value === null || isInteger(value, 9_999_999_999)
  const metas =
    Array.isArray(meta_property) && meta_property.length <= META_FILTERS_MAX ? meta_property : null
  const isWhole =
    isInteger(from, 1_000_000) &&
    isInteger(limit, 25) &&
    isTime(start_time) &&
    isTime(end_time) &&
    metas !== null
  const statuses = Array.isArray(status) && status.length <= STATUSES_MAX ? status : null
  if (!isWhole || !statuses?.every((one) => typeof one === 'string' && statusOf(one)))
    throw wrong('pagination_identifier', 'is none that this list has given')
  return {
    from,
    limit,
    meta_property: metas.map((meta) => toMeta(meta, 'pagination_identifier')),
    status: statuses.map(String),
    start_time: start_time === null ? null : Number(start_time),
    end_time: end_time === null ? null : Number(end_time),
  }
}

function checkStatuses(texts: readonly string[]): string[] {
  if (!texts.every(statusOf)) throw wrong('statuses', 'holds one that no transaction has')
  return [...texts]
}

function toFilter({
  meta_property,
  status,
  start_time,
  end_time,
}: Omit<Query, 'from' | 'limit'>): ExecutionFilter {
  return {
    statuses: status.flatMap((one) => statusOf(one) ?? []),
    metas: meta_property,
    ...(start_time !== null && { createdFrom: new Date(start_time * 1_000) }),
    // The last second counts in.
    ...(end_time !== null && { createdBefore: new Date((end_time + 1) * 1_000) }),
  }
}

function readTime(request: FastifyRequest, name: string): number | null {
  const text = optionalText(request, name)
  if (text === undefined) return null
  if (!/^\d{10}$/.test(text)) throw wrong(name, 'must be a unix time in seconds')
  return Number(text)
}

function readMetaFilters(request: FastifyRequest): MetaProperty[] {
  const text = optionalText(request, 'meta_properties')
  if (text === undefined) return []
  const parsed = parse(text)
  if (!Array.isArray(parsed) || parsed.length > META_FILTERS_MAX)
    throw wrong('meta_properties', `must be a JSON list of at most ${META_FILTERS_MAX} labels`)
  return parsed.map((meta) => toMeta(meta, 'meta_properties'))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
