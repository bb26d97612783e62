import type { FastifyRequest } from 'fastify'
import type {
  DialectTransaction,
  DialectTransactionFilter,
  NumberedPage,
  NumberedType,
} from '#core/dialect/dialect-reader.ts'
import type { EconomyConfig } from '#core/rule/economy-config.ts'
import { onlyItem } from '#core/transaction/acceptor.ts'
import { TransactionNotFound } from '#core/transaction/errors.ts'
import type { ExecuteTransaction, TransactionStatus } from '#core/transaction/transaction.ts'
import type { AppDeps } from '../../deps.ts'
import { noteAccepted } from '../../plugins/log.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { blaming, type DialectRouter, valuesOf } from '../dialect.ts'
import { isUuid, Parameters } from '../parameters.ts'
import { findAction, toTypeAmount } from './actions.ts'
import { fiatShareDown, presentCoins, presentUnits, toBps } from './amounts.ts'
import { IDS_MAX, metaOf, readPage } from './pages.ts'
import { findUser } from './users.ts'

type Deps = Pick<AppDeps, 'acceptor' | 'dialectReader' | 'loadEconomyConfig'>

/** What our statuses are called. Settled in the ledger is complete: balances show it from then on. */
export const STATUS: Record<TransactionStatus, DialectStatus> = {
  queued: 'processing',
  submitted: 'waiting_for_mining',
  mined: 'complete',
  confirmed: 'complete',
  failed: 'failed',
}
const DIALECT_STATUSES = ['processing', 'waiting_for_mining', 'complete', 'failed'] as const
type DialectStatus = (typeof DIALECT_STATUSES)[number]
/** Wei per gas that is shown until the chain has named its price: the original's constant. */
const GAS_PRICE_UNKNOWN = '1000000000'

/** @param showsAirdropped Since v1.1, a transaction says how much of it came out of airdrops. */
export function transactionRoutes(router: DialectRouter, deps: Deps, showsAirdropped: boolean): void {
  router.post('/transactions', 'transactions:write', async (request) => {
    const id = await execute(deps, request)
    return {
      result_type: 'transaction',
      transaction: await readTransaction(deps, request, id, showsAirdropped),
    }
  })

  router.get('/transactions/:id', 'transactions:read', async (request) => {
    const { id } = request.params as { id: string }
    // Some SDKs leave the id out rather than the path: then it is the list.
    if (id === '') return listed(deps, request, showsAirdropped)
    return {
      result_type: 'transaction',
      transaction: await readTransaction(deps, request, id, showsAirdropped),
    }
  })

  router.get('/transactions', 'transactions:read', (request) => listed(deps, request, showsAirdropped))
}

/** All movements of one user, in and out. */
export function ledgerRoutes(
  router: DialectRouter,
  deps: Pick<AppDeps, 'dialectReader' | 'loadEconomyConfig'>,
): void {
  router.get('/ledger/:id', 'transactions:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const { id } = request.params as { id: string }
    const statuses = parameters.list('status', DIALECT_STATUSES.length, isStatus)
    const page = readPage(parameters)
    parameters.check()
    await findUser(deps, request, id).catch(blaming('id'))
    const filter = {
      userId: id,
      ...(statuses && { statuses: STATUSES.filter((status) => statuses.includes(STATUS[status])) }),
    }
    return listAnswer(deps, request, filter, page, true, { status: parameters.text('status') })
  })
}

// The keys of a record of all statuses are the statuses.
const STATUSES = Object.keys(STATUS) as TransactionStatus[]

function isStatus(text: string): boolean {
  return DIALECT_STATUSES.some((status) => status === text)
}

async function listed(deps: Deps, request: FastifyRequest, showsAirdropped: boolean) {
  const parameters = new Parameters(valuesOf(request))
  const ids = parameters.list('id', IDS_MAX, isUuid)
  const page = readPage(parameters)
  parameters.check()
  return listAnswer(deps, request, { ...(ids && { ids }) }, page, showsAirdropped, {
    id: parameters.text('id'),
  })
}

async function listAnswer(
  deps: Pick<AppDeps, 'dialectReader' | 'loadEconomyConfig'>,
  request: FastifyRequest,
  filter: DialectTransactionFilter,
  page: NumberedPage,
  showsAirdropped: boolean,
  filters: Record<string, string | undefined>,
) {
  const { tenantId, economyId } = ownerOf(request)
  const { decimals } = await deps.loadEconomyConfig(tenantId, economyId)
  const transactions = await deps.dialectReader.transactions({ tenantId, economyId }, filter, page)
  return {
    result_type: 'transactions',
    transactions: transactions.rows.map((row) => presentTransaction(row, decimals, showsAirdropped)),
    meta: metaOf(page, transactions, filters),
  }
}

async function readTransaction(
  deps: Pick<AppDeps, 'dialectReader' | 'loadEconomyConfig'>,
  request: FastifyRequest,
  id: string,
  showsAirdropped: boolean,
) {
  const { tenantId, economyId } = ownerOf(request)
  if (!isUuid(id)) throw new TransactionNotFound()
  const { decimals } = await deps.loadEconomyConfig(tenantId, economyId)
  const page = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const
  const { rows } = await deps.dialectReader.transactions({ tenantId, economyId }, { ids: [id] }, page)
  const [transaction] = rows
  if (!transaction) throw new TransactionNotFound()
  return presentTransaction(transaction, decimals, showsAirdropped)
}

/** Executes an action and answers the transaction's id. The parameters are checked in the original's order. */
async function execute(deps: Deps, request: FastifyRequest): Promise<string> {
  const owner = ownerOf(request)
  const parameters = new Parameters(valuesOf(request))
  const action = await findAction(deps, owner, parameters.required('action_id') ?? '')
  if (!action) parameters.refuse('action_id', 'is no action')
  parameters.check()
  if (!action) throw new TypeError('an action that is not there was refused')
  const config = await deps.loadEconomyConfig(owner.tenantId, owner.economyId)
  const { type } = action
  const amount = readAmount(parameters, action, config.decimals)
  parameters.check()
  const commission = readCommission(parameters, action, amount)
  parameters.check()
  const parties = readParties(parameters, action, config)
  parameters.check()
  return submit(deps, request, { typeId: type.id, ...parties, amount, commission })
}

/** Accepts one execution of a type; answers the transaction's id. */
export async function submit(
  deps: Pick<AppDeps, 'acceptor'>,
  request: FastifyRequest,
  { typeId, ...item }: Omit<ExecuteTransaction, 'type' | 'metadata'> & { typeId: string },
): Promise<string> {
  const result = await deps.acceptor.submit({
    ...ownerOf(request),
    items: [{ type: { id: typeId }, ...item, metadata: {} }],
    idempotency: null,
    dryRun: false,
  })
  noteAccepted(request, result)
  try {
    return onlyItem(result).item.accepted.id
  } catch (error) {
    return blaming('from_user_id')(error)
  }
}

/** As core takes it: base units, or the fiat amount. Null where the action fixes it. */
function readAmount(parameters: Parameters, { type }: NumberedType, decimals: number): string | null {
  const text = parameters.text('amount')
  if (type.amount !== null) {
    if (text !== undefined) parameters.refuse('amount', 'is fixed by the action')
    return null
  }
  if (text === undefined) return parameters.refuse('amount', 'is required by the action') ?? null
  return toTypeAmount(type.currency, text, decimals) ?? parameters.refuse('amount', 'is out of range') ?? null
}

/** As core takes it: an amount, worked out of the share. Null where the action fixes it or has none. */
function readCommission(
  parameters: Parameters,
  { type }: NumberedType,
  amount: string | null,
): string | null {
  const text = parameters.text('commission_percent')
  if (type.commission?.kind !== 'arbitrary') {
    if (text !== undefined) parameters.refuse('commission_percent', 'is not for this action')
    return null
  }
  if (text === undefined) return parameters.refuse('commission_percent', 'is required by the action') ?? null
  const bps = toBps(text)
  if (bps === undefined) return parameters.refuse('commission_percent', 'must be from 0 to 100') ?? null
  const base = amount ?? (type.amount === null ? '0' : type.amount.toString())
  return type.currency === 'token'
    ? ((BigInt(base) * BigInt(bps)) / 10_000n).toString()
    : fiatShareDown(base, bps)
}

/** The company's side may be left out, and if it is named it must be the company. */
export function readParties(
  parameters: Parameters,
  { type }: NumberedType,
  { companyUserId }: EconomyConfig,
  names: { from: string; to: string } = { from: 'from_user_id', to: 'to_user_id' },
) {
  const [from, to] = type.kind.split('_to_')
  return {
    fromUserId: readParty(parameters, names.from, from === 'company', companyUserId),
    toUserId: readParty(parameters, names.to, to === 'company', companyUserId),
  }
}

function readParty(
  parameters: Parameters,
  name: string,
  isCompany: boolean,
  companyUserId: string,
): string | null {
  const id = parameters.text(name)
  if (isCompany) {
    if (id !== undefined && id !== companyUserId) parameters.refuse(name, 'must be the company, or left out')
    return null
  }
  if (id === undefined) parameters.refuse(name, 'is required')
  else if (!isUuid(id) || id === companyUserId) parameters.refuse(name, 'is no user')
  return id ?? null
}

function presentTransaction(transaction: DialectTransaction, decimals: number, showsAirdropped: boolean) {
  const isMined = transaction.status === 'mined' || transaction.status === 'confirmed'
  const units = (value: bigint) => (isMined ? presentUnits(value, decimals) : null)
  return {
    id: transaction.id,
    from_user_id: transaction.fromUserId,
    to_user_id: transaction.toUserId,
    transaction_hash: transaction.txHash,
    action_id: String(transaction.typeNumber),
    timestamp: transaction.createdAt.getTime(),
    status: STATUS[transaction.status],
    gas_price: transaction.gasPriceWei?.toString() ?? GAS_PRICE_UNKNOWN,
    gas_used: transaction.gasUsed?.toString() ?? null,
    transaction_fee: transaction.feeWei === null ? null : presentCoins(transaction.feeWei),
    block_number: isMined && transaction.blockNumber !== null ? Number(transaction.blockNumber) : null,
    amount: units(transaction.amount),
    commission_amount: units(transaction.commission),
    ...(showsAirdropped && { airdropped_amount: units(transaction.airdropped) }),
  }
}
