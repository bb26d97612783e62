import type { FastifyRequest } from 'fastify'
import type { DialectTransaction, NumberedType, Owner } from '#core/dialect/dialect-reader.ts'
import { EconomyNotFound } from '#core/economy/errors.ts'
import { createTransactionType } from '#core/rule/create-transaction-type.ts'
import { updateTransactionType } from '#core/rule/update-transaction-type.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { blaming, type DialectRouter, valuesOf } from '../dialect.ts'
import { isUuid, Parameters } from '../parameters.ts'
import {
  findAction,
  findActionNamed,
  KINDS,
  presentAction,
  readFreeName,
  toCurrency,
  toTypeAmount,
} from './actions.ts'
import { presentCoins, presentUnits, toBps } from './amounts.ts'
import { CONVERSION_FACTOR } from './token.ts'
import { readParties, STATUS, submit } from './transactions.ts'
import { readPageNumber, v0User } from './v0-users.ts'

/** Types of one page: v0 had no limit to choose. */
const PAGE_SIZE = 50
/** Transactions that one request asks for. */
const UUIDS_MAX = 100

/** Transaction types of v0, and the transactions of them: amount and share are always fixed. */
export function v0TypeRoutes(router: DialectRouter, deps: AppDeps): void {
  router.post('/create', 'types:write', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    for (const name of ['name', 'kind', 'currency_type', 'currency_value']) parameters.required(name)
    const name = await readFreeName(deps, owner, parameters, null)
    const kind = readKind(parameters)
    const terms = await readTerms(deps, owner, parameters, null)
    parameters.check()
    if (name === undefined || !kind) throw new TypeError('what is missing was refused')
    const { currency, amount = null, commission = null } = terms
    await createTransactionType(deps, {
      actor: actorOf(request),
      economyId: owner.economyId,
      name,
      kind,
      currency,
      amount,
      commission: kind === 'user_to_user' ? commission : null,
      metadata: {},
    })
    return { result_type: 'transactions', transactions: [await readType(deps, owner, name)] }
  })

  router.post('/edit', 'types:write', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    const found = await findAction(deps, owner, parameters.required('client_transaction_id') ?? '')
    if (!found) parameters.refuse('client_transaction_id', 'is no transaction type')
    parameters.check()
    if (!found) throw new TypeError('a type that is not there was refused')
    const name = await readFreeName(deps, owner, parameters, found.type.id)
    const { currency, amount, commission } = await readTerms(deps, owner, parameters, found)
    parameters.check()
    await updateTransactionType(deps, {
      actor: actorOf(request),
      economyId: owner.economyId,
      typeId: found.type.id,
      change: {
        ...(name !== undefined && { name }),
        ...(currency !== found.type.currency && { currency }),
        ...(amount !== undefined && { amount }),
        ...(commission !== undefined && found.type.kind === 'user_to_user' && { commission }),
      },
    })
    return {
      result_type: 'transactions',
      transactions: [await readType(deps, owner, name ?? found.type.name)],
    }
  })

  router.get('/list', 'types:read', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    const number = readPageNumber(parameters)
    parameters.check()
    const page = { number, limit: PAGE_SIZE, orderBy: 'created', order: 'desc' } as const
    const types = await deps.dialectReader.types(owner, {}, page)
    const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    return {
      result_type: 'transaction_types',
      transaction_types: types.rows.map((type) => v0Type(type, decimals)),
      meta: { next_page_payload: types.hasMore ? { page_no: number + 1 } : {} },
      ...(await readTokens(deps, owner)),
    }
  })

  router.post('/execute', 'transactions:write', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    const named = await findActionNamed(deps, owner, parameters.required('transaction_kind') ?? '')
    if (!named) parameters.refuse('transaction_kind', 'is no transaction type')
    parameters.check()
    if (!named) throw new TypeError('a type that is not there was refused')
    const config = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    const parties = readParties(parameters, named, config, { from: 'from_uuid', to: 'to_uuid' })
    parameters.check()
    const item = { typeId: named.type.id, ...parties, amount: null, commission: null }
    const id = await submit(deps, request, item)
    return {
      transaction_uuid: id,
      transaction_hash: null,
      from_uuid: parties.fromUserId ?? config.companyUserId,
      to_uuid: parties.toUserId ?? config.companyUserId,
      action_id: String(named.number),
    }
  })

  router.post('/status', 'transactions:read', async (request) => {
    const owner = ownerOf(request)
    const ids = readUuids(valuesOf(request)['transaction_uuids'])
    const page = { number: 1, limit: UUIDS_MAX, orderBy: 'created', order: 'desc' } as const
    const { rows } = await deps.dialectReader.transactions(owner, { ids }, page)
    const { decimals, companyUserId } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    const numbers = [...new Set(rows.map(({ typeNumber }) => typeNumber))]
    const types = await deps.dialectReader.types(owner, { numbers }, { ...page, order: 'asc' })
    const { client_tokens } = await readTokens(deps, owner)
    return {
      client_tokens,
      transaction_types: types.rows.map((type) => v0Type(type, decimals)),
      economy_users: await readUsers(deps, request, rows, companyUserId),
      transactions: rows.map((row) => v0Transaction(row, decimals)),
    }
  })
}

function readKind(parameters: Parameters) {
  const text = parameters.text('kind')?.toLowerCase()
  if (text === undefined) return undefined
  return (
    KINDS.find((kind) => kind === text) ?? parameters.refuse('kind', `must be one of ${KINDS.join(', ')}`)
  )
}

/** Currency, amount and share as core takes them; what was not sent is undefined. */
async function readTerms(
  deps: Pick<AppDeps, 'loadEconomyConfig'>,
  owner: Owner,
  parameters: Parameters,
  current: NumberedType | null,
) {
  const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
  const named = parameters.text('currency_type')
  const currency = named === undefined ? (current?.type.currency ?? 'token') : toCurrency(named)
  if (currency === undefined) parameters.refuse('currency_type', 'must be USD or BT')
  const value = parameters.text('currency_value')
  if (current && currency !== undefined && currency !== current.type.currency && value === undefined)
    parameters.refuse('currency_value', 'must be given anew with the currency')
  const amount = value === undefined ? undefined : toTypeAmount(currency ?? 'token', value, decimals)
  if (value !== undefined && amount === undefined) parameters.refuse('currency_value', 'is out of range')
  const percent = parameters.text('commission_percent')
  const bps = percent === undefined ? undefined : toBps(percent)
  if (percent !== undefined && bps === undefined)
    parameters.refuse('commission_percent', 'must be from 0 to 100')
  return {
    currency: currency ?? 'token',
    amount,
    commission: bps === undefined ? undefined : bps === 0 ? null : { bps },
  }
}

function readUuids(value: unknown): string[] {
  const parameters = new Parameters({})
  const ids = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
  if (ids.length === 0 || ids.length > UUIDS_MAX || !ids.every(isUuid))
    parameters.refuse('transaction_uuids', `must be 1 to ${UUIDS_MAX} UUIDs`)
  parameters.check()
  return ids
}

async function readType(deps: AppDeps, owner: Owner, name: string) {
  const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
  const found = await findActionNamed(deps, owner, name)
  if (!found) throw new TypeError('a type that was just written is there')
  return v0Type(found, decimals)
}

function v0Type(numbered: NumberedType, decimals: number) {
  const action = presentAction(numbered, decimals)
  return {
    id: action.id,
    client_transaction_id: action.id,
    name: action.name,
    kind: action.kind,
    currency_type: action.currency,
    currency_value: action.amount,
    commission_percent: action.commission_percent,
    uts: numbered.type.updatedAt.getTime(),
  }
}

async function readTokens(deps: Pick<AppDeps, 'tokenReader'>, { tenantId, economyId }: Owner) {
  const token = await deps.tokenReader(tenantId, economyId)
  if (!token) throw new EconomyNotFound()
  const usd = token.rates.find(({ currency }) => currency === 'USD')
  return {
    price_points: { OST: usd ? { USD: usd.price } : {} },
    client_tokens: [
      {
        client_id: tenantId,
        name: token.name,
        symbol: token.symbol,
        symbol_icon: null,
        conversion_factor: CONVERSION_FACTOR,
        token_erc20_address: token.address,
        airdrop_contract_addr: token.rulesAddress,
        simple_stake_contract_addr: null,
      },
    ],
  }
}

/** The users of these transactions; the company is none. */
async function readUsers(
  deps: AppDeps,
  request: FastifyRequest,
  rows: readonly DialectTransaction[],
  companyUserId: string,
) {
  const ids = new Set(rows.flatMap(({ fromUserId, toUserId }) => [fromUserId, toUserId]))
  ids.delete(companyUserId)
  return Promise.all([...ids].map((id) => v0User(deps, request, id).catch(blaming('transaction_uuids'))))
}

function v0Transaction(row: DialectTransaction, decimals: number) {
  const isMined = row.status === 'mined' || row.status === 'confirmed'
  const units = (value: bigint) => (isMined ? presentUnits(value, decimals) : null)
  return {
    id: row.id,
    transaction_uuid: row.id,
    from_user_id: row.fromUserId,
    to_user_id: row.toUserId,
    transaction_type_id: String(row.typeNumber),
    transaction_hash: row.txHash,
    status: STATUS[row.status],
    gas_price: row.gasPriceWei?.toString() ?? null,
    transaction_timestamp: Math.floor(row.createdAt.getTime() / 1_000),
    uts: row.createdAt.getTime(),
    gas_used: row.gasUsed?.toString() ?? null,
    transaction_fee: row.feeWei === null ? null : presentCoins(row.feeWei),
    block_number: isMined && row.blockNumber !== null ? Number(row.blockNumber) : null,
    bt_transfer_value: units(row.amount),
    bt_commission_amount: units(row.commission),
  }
}
