import type { NumberedType, Owner } from '#core/dialect/dialect-reader.ts'
import { createTransactionType } from '#core/rule/create-transaction-type.ts'
import { type Currency, parseFiat } from '#core/rule/currency.ts'
import { TransactionTypeNotFound } from '#core/rule/errors.ts'
import type { CommissionDefinition, TransactionTypeKind } from '#core/rule/transaction-type.ts'
import { updateTransactionType } from '#core/rule/update-transaction-type.ts'
import { formatUnits } from '#core/shared/money.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { type DialectRouter, valuesOf } from '../dialect.ts'
import { Parameters } from '../parameters.ts'
import { isWithin, presentAmount, presentPercent, toBaseUnits, toBps } from './amounts.ts'
import { readName } from './names.ts'
import { IDS_MAX, metaOf, readPage } from './pages.ts'

type Deps = Pick<AppDeps, 'unitOfWork' | 'clock' | 'ids' | 'dialectReader' | 'loadEconomyConfig'>

export const KINDS = ['user_to_user', 'company_to_user', 'user_to_company'] as const
/** The dialect's names of currencies. */
const CURRENCIES = ['BT', 'USD'] as const
/** An amount's bounds, by currency. */
const USD_RANGE = ['0.01', '100'] as const
const TOKEN_RANGE = ['0.00001', '100'] as const
/** Larger numbers are no ids of ours, nor of Postgres' integers. */
const ACTION_ID = /^[1-9]\d{0,8}$/

/** Reusable definitions of transfers: our transaction types. */
export function actionRoutes(router: DialectRouter, deps: Deps): void {
  router.post('/actions', 'types:write', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    const name = await readFreeName(deps, owner, parameters, null)
    if (name === undefined) parameters.refuse('name', 'is required')
    const kind = KINDS.find((one) => one === parameters.required('kind')?.toLowerCase())
    if (!kind) parameters.refuse('kind', `must be one of ${KINDS.join(', ')}`)
    const currency = readCurrency(parameters)
    if (!currency) parameters.refuse('currency', 'must be USD or BT')
    const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    const isArbitrary = parameters.has('arbitrary_amount')
      ? parameters.boolean('arbitrary_amount')
      : parameters.refuse('arbitrary_amount', 'is required')
    const amount = readNewAmount(parameters, isArbitrary, currency ?? 'token', decimals)
    const commission = readNewCommission(parameters, kind ?? 'user_to_user')
    parameters.check()
    if (name === undefined || !kind || !currency) throw new TypeError('what is missing was refused')
    await createTransactionType(deps, {
      actor: actorOf(request),
      economyId: owner.economyId,
      name,
      kind,
      currency,
      amount,
      commission,
      metadata: {},
    })
    return { result_type: 'action', action: await readAction(deps, owner, { name }) }
  })

  router.post('/actions/:id', 'types:write', async (request) => {
    const owner = ownerOf(request)
    const { id } = request.params as { id: string }
    const parameters = new Parameters(valuesOf(request))
    const action = await findAction(deps, owner, id)
    if (!action) parameters.refuse('id', 'is no action')
    parameters.check()
    if (!action) throw new TypeError('an action that is not there was refused')
    const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    const change = await readChange(deps, owner, parameters, action, decimals)
    await updateTransactionType(deps, {
      actor: actorOf(request),
      economyId: owner.economyId,
      typeId: action.type.id,
      change,
    })
    return { result_type: 'action', action: await readAction(deps, owner, { id }) }
  })

  router.get('/actions/:id', 'types:read', async (request) => {
    const { id } = request.params as { id: string }
    return { result_type: 'action', action: await readAction(deps, ownerOf(request), { id }) }
  })

  router.get('/actions', 'types:read', async (request) => {
    const owner = ownerOf(request)
    const parameters = new Parameters(valuesOf(request))
    const lower = (text: string) => text.toLowerCase()
    const ids = parameters.list('id', IDS_MAX, (item) => ACTION_ID.test(item))
    const names = parameters.list('name', IDS_MAX, () => true)
    const kinds = parameters.list('kind', IDS_MAX, (item) => KINDS.some((kind) => kind === lower(item)))
    const currencies = parameters.list('currency', IDS_MAX, (item) => toCurrency(item) !== undefined)
    const isAmountArbitrary = parameters.boolean('arbitrary_amount')
    const isCommissionArbitrary = parameters.boolean('arbitrary_commission')
    const page = readPage(parameters, ['created', 'name'])
    parameters.check()
    const actions = await deps.dialectReader.types(
      owner,
      {
        ...(ids && { numbers: ids.map(Number) }),
        ...(names && { names }),
        ...(kinds && { kinds: KINDS.filter((kind) => kinds.map(lower).includes(kind)) }),
        ...(currencies && { currencies: currencies.flatMap((item) => toCurrency(item) ?? []) }),
        ...(isAmountArbitrary !== undefined && { isAmountArbitrary }),
        ...(isCommissionArbitrary !== undefined && { isCommissionArbitrary }),
      },
      page,
    )
    const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
    const filters = ['id', 'name', 'kind', 'currency', 'arbitrary_amount', 'arbitrary_commission']
    return {
      result_type: 'actions',
      actions: actions.rows.map((action) => presentAction(action, decimals)),
      meta: metaOf(
        page,
        actions,
        Object.fromEntries(filters.map((filter) => [filter, parameters.text(filter)])),
      ),
    }
  })
}

/** Null: the economy has no action with this id. */
export async function findAction(
  deps: Pick<AppDeps, 'dialectReader'>,
  owner: Owner,
  id: string,
): Promise<NumberedType | null> {
  if (!ACTION_ID.test(id)) return null
  const { rows } = await deps.dialectReader.types(owner, { numbers: [Number(id)] }, ONE)
  return rows[0] ?? null
}

const ONE = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const

function boundsOf(currency: Currency): readonly [least: string, most: string] {
  return currency === 'token' ? TOKEN_RANGE : USD_RANGE
}

/** @throws TransactionTypeNotFound */
async function readAction(deps: Deps, owner: Owner, by: { id: string } | { name: string }) {
  const { decimals } = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
  const found =
    'id' in by ? await findAction(deps, owner, by.id) : await findActionNamed(deps, owner, by.name)
  if (!found) throw new TransactionTypeNotFound()
  return presentAction(found, decimals)
}

/** Null: the economy has no action with this name. */
export async function findActionNamed(
  deps: Pick<AppDeps, 'dialectReader'>,
  owner: Owner,
  name: string,
): Promise<NumberedType | null> {
  const { rows } = await deps.dialectReader.types(owner, { names: [name] }, ONE)
  return rows[0] ?? null
}

async function readChange(
  deps: Deps,
  owner: Owner,
  parameters: Parameters,
  { type }: NumberedType,
  decimals: number,
) {
  const name = await readFreeName(deps, owner, parameters, type.id)
  const currency = readCurrency(parameters) ?? type.currency
  const isArbitrary = parameters.boolean('arbitrary_amount')
  const touchesAmount = parameters.text('amount') !== undefined || isArbitrary !== undefined
  if (currency !== type.currency && !touchesAmount)
    parameters.refuse('amount', 'or arbitrary_amount must be given anew with the currency')
  const amount = touchesAmount
    ? readNewAmount(
        parameters,
        isArbitrary ?? (type.amount === null && parameters.text('amount') === undefined),
        currency,
        decimals,
      )
    : undefined
  const commission = readCommissionChange(parameters, type.kind, type.commission?.kind === 'arbitrary')
  parameters.check()
  return {
    ...(name !== undefined && { name }),
    ...(currency !== type.currency && { currency }),
    ...(amount !== undefined && { amount }),
    ...(commission !== undefined && { commission }),
  }
}

/** A name that no other action has, whatever its case. */
export async function readFreeName(
  deps: Pick<AppDeps, 'dialectReader'>,
  owner: Owner,
  parameters: Parameters,
  exceptId: string | null,
): Promise<string | undefined> {
  const name = readName(parameters)
  if (name === undefined || !(await deps.dialectReader.hasTypeNamed(owner, name, exceptId))) return name
  return parameters.refuse('name', 'is taken by another action')
}

function readCurrency(parameters: Parameters): Currency | undefined {
  const text = parameters.text('currency')
  if (text === undefined) return undefined
  return toCurrency(text) ?? parameters.refuse('currency', 'must be USD or BT')
}

/** Undefined: no currency of the dialect. */
export function toCurrency(text: string): Currency | undefined {
  const currency = CURRENCIES.find((one) => one === text.toUpperCase())
  return currency === 'BT' ? 'token' : currency
}

/** As core takes it; null leaves it to each transaction. */
function readNewAmount(
  parameters: Parameters,
  isArbitrary: boolean | undefined,
  currency: Currency,
  decimals: number,
): string | null {
  const text = parameters.text('amount')
  if (isArbitrary === true) {
    if (text !== undefined) parameters.refuse('amount', 'is not for an arbitrary amount')
    return null
  }
  if (text === undefined) {
    if (isArbitrary === false) parameters.refuse('amount', 'is required')
    return null
  }
  return toTypeAmount(currency, text, decimals) ?? parameters.refuse('amount', 'is out of range') ?? null
}

/** An amount within its currency's bounds, as core takes it; undefined for any other. */
export function toTypeAmount(currency: Currency, text: string, decimals: number): string | undefined {
  if (!isWithin(text, ...boundsOf(currency))) return undefined
  return currency === 'token' ? toBaseUnits(text, decimals)?.toString() : parseFiat(text)
}

/** Where nothing is said of it, each transaction says it: as the original's code has it. */
function readNewCommission(parameters: Parameters, kind: TransactionTypeKind): CommissionDefinition {
  if (kind !== 'user_to_user') return refuseCommission(parameters)
  const isArbitrary = parameters.boolean('arbitrary_commission')
  if (parameters.isWrong('arbitrary_commission')) return null
  return readShare(parameters, isArbitrary ?? parameters.text('commission_percent') === undefined)
}

/** Undefined: it stays. */
function readCommissionChange(
  parameters: Parameters,
  kind: TransactionTypeKind,
  isArbitraryNow: boolean,
): CommissionDefinition | undefined {
  const [flag, percent] = [parameters.text('arbitrary_commission'), parameters.text('commission_percent')]
  if (flag === undefined && percent === undefined) return undefined
  if (kind !== 'user_to_user') return refuseCommission(parameters)
  const isArbitrary = parameters.boolean('arbitrary_commission')
  if (isArbitrary === undefined && isArbitraryNow)
    return parameters.refuse('commission_percent', 'is not for an arbitrary commission')
  if (isArbitrary === false && percent === undefined)
    return isArbitraryNow
      ? parameters.refuse('arbitrary_commission', 'needs a commission_percent to be false')
      : undefined
  return readShare(parameters, isArbitrary ?? false)
}

function readShare(parameters: Parameters, isArbitrary: boolean): CommissionDefinition {
  const text = parameters.text('commission_percent')
  if (isArbitrary) {
    if (text !== undefined) parameters.refuse('commission_percent', 'is not for an arbitrary commission')
    return { arbitrary: true }
  }
  if (text === undefined) return parameters.refuse('commission_percent', 'is required') ?? null
  const bps = toBps(text)
  if (bps === undefined) return parameters.refuse('commission_percent', 'must be from 0 to 100') ?? null
  return bps === 0 ? null : { bps }
}

/** The company is a party already: it takes no commission from itself. */
function refuseCommission(parameters: Parameters): null {
  for (const name of ['arbitrary_commission', 'commission_percent'])
    if (parameters.text(name) !== undefined) parameters.refuse(name, 'is for user_to_user only')
  return null
}

export function presentAction({ number, type }: NumberedType, decimals: number) {
  const { kind, currency, amount, commission } = type
  const isBetweenUsers = kind === 'user_to_user'
  const decimal = currency === 'token' && amount !== null ? formatUnits(amount, decimals) : amount
  return {
    id: String(number),
    name: type.name,
    kind,
    currency: currency === 'token' ? 'BT' : currency,
    amount: decimal === null ? null : presentAmount(String(decimal)),
    arbitrary_amount: amount === null,
    commission_percent: isBetweenUsers ? shareOf(commission) : null,
    arbitrary_commission: isBetweenUsers ? commission?.kind === 'arbitrary' : null,
  }
}

function shareOf(commission: NumberedType['type']['commission']): string | null {
  if (commission === null) return presentPercent(0)
  return commission.kind === 'bps' ? presentPercent(commission.bps) : null
}
