import type { FastifyRequest } from 'fastify'
import { COIN_TRANSFER_WEI_MAX, sendCoins } from '#core/chain/send-coins.ts'
import { SubmissionNotFound } from '#core/chain/errors.ts'
import type { CoinTransfer } from '#core/dialect/dialect-reader.ts'
import type { AppDeps } from '../../deps.ts'
import { actorOf } from '../../plugins/authenticate.ts'
import { economyOf } from '../../plugins/economy.ts'
import { ownerOf } from '../../plugins/owner.ts'
import { type DialectRouter, valuesOf } from '../dialect.ts'
import { isUuid, Parameters } from '../parameters.ts'
import { IDS_MAX, metaOf, readPage } from './pages.ts'

type Deps = Pick<AppDeps, 'unitOfWork' | 'clock' | 'ids' | 'dialectReader' | 'config' | 'jobs'>

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const WEI = /^[1-9]\d{0,19}$/

const STATUS: Record<CoinTransfer['status'], 'processing' | 'waiting_for_mining' | 'complete' | 'failed'> = {
  queued: 'processing',
  signed: 'processing',
  broadcast: 'waiting_for_mining',
  mined: 'complete',
  confirmed: 'complete',
  reverted: 'failed',
  // Its work was queued again under another row, which is the one that is shown.
  replaced: 'processing',
  refused: 'failed',
}

/** Sending the utility chain's own coin to any address, for a business that runs contracts of its own there. */
export function transferRoutes(router: DialectRouter, deps: Deps): void {
  router.post('/transfers', 'transactions:write', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const toAddress = parameters.required('to_address')
    if (toAddress !== undefined && !ADDRESS.test(toAddress))
      parameters.refuse('to_address', 'must be an address: 0x and 40 hex digits')
    const amount = parameters.required('amount')
    if (amount !== undefined && !(WEI.test(amount) && BigInt(amount) <= COIN_TRANSFER_WEI_MAX))
      parameters.refuse('amount', 'must be a whole number of wei above 0 and below 10^20')
    parameters.check()
    const { id, laneId } = await sendCoins(
      { ...deps, budgetWei: deps.config.dialects.coinBudgetWei },
      {
        actor: actorOf(request),
        economyId: economyOf(request),
        toAddress: (toAddress ?? '').toLowerCase(),
        amountWei: BigInt(amount ?? 0),
      },
    )
    deps.jobs.wake({ name: 'submit-lane', id: laneId })
    return { result_type: 'transfer', transfer: await readTransfer(deps, request, id) }
  })

  router.get('/transfers/:id', 'transactions:read', async (request) => {
    const { id } = request.params as { id: string }
    return { result_type: 'transfer', transfer: await readTransfer(deps, request, id) }
  })

  router.get('/transfers', 'transactions:read', async (request) => {
    const parameters = new Parameters(valuesOf(request))
    const ids = parameters.list('id', IDS_MAX, isUuid)
    const page = readPage(parameters)
    parameters.check()
    const transfers = await deps.dialectReader.transfers(ownerOf(request), { ...(ids && { ids }) }, page)
    return {
      result_type: 'transfers',
      transfers: transfers.rows.map(presentTransfer),
      meta: metaOf(page, transfers, { id: parameters.text('id') }),
    }
  })
}

/** @throws SubmissionNotFound */
async function readTransfer(deps: Deps, request: FastifyRequest, id: string) {
  if (!isUuid(id)) throw new SubmissionNotFound()
  const page = { number: 1, limit: 1, orderBy: 'created', order: 'desc' } as const
  const { rows } = await deps.dialectReader.transfers(ownerOf(request), { ids: [id] }, page)
  const [transfer] = rows
  if (!transfer) throw new SubmissionNotFound()
  return presentTransfer(transfer)
}

function presentTransfer(transfer: CoinTransfer) {
  return {
    id: transfer.id,
    from_address: transfer.fromAddress,
    to_address: transfer.toAddress,
    amount: transfer.amountWei.toString(),
    transaction_hash: transfer.txHash,
    timestamp: transfer.createdAt.getTime(),
    status: STATUS[transfer.status],
    gas_price: transfer.gasPriceWei?.toString() ?? null,
    gas_used: transfer.gasUsed?.toString() ?? null,
    block_number: transfer.blockNumber === null ? null : Number(transfer.blockNumber),
    chain_id: transfer.chainId,
  }
}
