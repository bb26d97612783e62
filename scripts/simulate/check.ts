import type { WireBalance, WireToken, WireTransaction } from '#apps/cli/wire.ts'
import { type ChainReader, ZERO_ADDRESS } from './chain-reader.ts'
import { concurrently } from './concurrently.ts'
import type { Differences } from './differences.ts'
import { Latencies } from './latencies.ts'
import { Movements } from './movements.ts'
import type { Stage, StagedEconomy } from './stage.ts'

/** What the end of a run showed. */
export interface Ending {
  confirmed: number
  failed: number
  failedBy: Map<string, number>
  accounts: number
  transfersOnChain: number
  batchesOnChain: number
  gasUsed: bigint
  /** The last block that the API had indexed. */
  block: number
  /** From acceptance until settled in the ledger, and until final. */
  toMined: Latencies
  toConfirmed: Latencies
  /** Moments of the first acceptance and of the last end, in ms. */
  firstCreatedAt: number
  lastEndedAt: number
}

interface CheckContext {
  chain: ChainReader
  /** Where the run began on the chain. */
  firstBlock: number
  differences: Differences
  ending: Ending
  onProgress(economiesDone: number): void
}

const ECONOMIES_AT_ONCE = 4
const BALANCES_AT_ONCE = 16

export function emptyEnding(): Ending {
  return {
    confirmed: 0,
    failed: 0,
    failedBy: new Map(),
    accounts: 0,
    transfersOnChain: 0,
    batchesOnChain: 0,
    gasUsed: 0n,
    block: 0,
    toMined: new Latencies(),
    toConfirmed: new Latencies(),
    firstCreatedAt: Number.POSITIVE_INFINITY,
    lastEndedAt: 0,
  }
}

/**
 * Holds four tellings of the run against each other, account by account and transfer by transfer: our own books, the API's
 * balances, the API's transactions, and the chain.
 */
export async function check(stage: Stage, context: CheckContext): Promise<void> {
  let done = 0
  await concurrently(stage, ECONOMIES_AT_ONCE, async (economy) => {
    await checkEconomy(economy, context)
    done += 1
    context.onProgress(done)
  })
}

async function checkEconomy(economy: StagedEconomy, context: CheckContext): Promise<void> {
  const told = await readTransactions(economy, context)
  const token = await economy.client.get<WireToken>('/v3/token')
  const block = token.last_indexed_block ?? 0
  context.ending.block = Math.max(context.ending.block, block)
  await compareLogs(economy, told, block, context)
  await compareBalances(economy, token, block, context)
}

/** Every transaction that was accepted is listed once and is over; nothing else is listed but the airdrop. */
async function readTransactions(economy: StagedEconomy, context: CheckContext): Promise<Movements> {
  const { plan, client, books } = economy
  const { differences, ending } = context
  const addressOf = addressesOf(economy)
  const told = new Movements()
  const missing = new Set(books.accepted)
  const airdropped = new Set<string>()
  for await (const row of client.rows<WireTransaction>('/v3/transactions', { order: 'asc' })) {
    const subject = `${row.id} in ${plan.symbol}`
    if (row.airdrop_id !== null) {
      differences.same('airdrop', `${subject} amount`, row.amount, plan.start.toString())
      if (airdropped.has(row.to_user_id))
        differences.add('airdrop', `${subject}: a second one for the same user`)
      airdropped.add(row.to_user_id)
    } else if (!missing.delete(row.id)) {
      differences.add('transactions', `${subject}: never answered, or listed twice`)
    }
    if (row.status === 'confirmed') {
      if (row.airdrop_id === null) noteConfirmed(row, ending)
      noteMovements(row, told, addressOf, differences)
    } else if (row.status === 'failed') {
      noteFailed(economy, row, context)
    } else differences.add('not over', `${subject} is ${row.status}`)
  }
  for (const id of missing)
    differences.add('transactions', `${id} in ${plan.symbol}: accepted, and not listed`)
  differences.same('airdrop', `recipients in ${plan.symbol}`, airdropped.size, economy.users.length)
  return told
}

function addressesOf({ company, users }: StagedEconomy): ReadonlyMap<string, string> {
  return new Map([company, ...users].map((holder) => [holder.id, holder.address.toLowerCase()]))
}

function noteConfirmed(row: WireTransaction, ending: Ending): void {
  const createdAt = Date.parse(row.created_at)
  ending.confirmed += 1
  ending.firstCreatedAt = Math.min(ending.firstCreatedAt, createdAt)
  if (row.mined_at !== null) ending.toMined.add(Date.parse(row.mined_at) - createdAt)
  if (row.ended_at === null) return
  ending.lastEndedAt = Math.max(ending.lastEndedAt, Date.parse(row.ended_at))
  ending.toConfirmed.add(Date.parse(row.ended_at) - createdAt)
}

function noteMovements(
  row: WireTransaction,
  told: Movements,
  addressOf: ReadonlyMap<string, string>,
  differences: Differences,
): void {
  if (row.chain === null) {
    differences.add('transactions', `${row.id} is confirmed and names no chain transaction`)
    return
  }
  for (const leg of row.transfers) {
    const from = addressOf.get(leg.from_user_id) ?? leg.from_user_id
    const to = addressOf.get(leg.to_user_id) ?? leg.to_user_id
    told.add({ txHash: row.chain.tx_hash.toLowerCase(), from, to, amount: BigInt(leg.amount) })
  }
}

/** What failed moved nothing; in this run nothing may fail, since everything that could not be paid was refused before. */
function noteFailed(
  { books, company, plan }: StagedEconomy,
  row: WireTransaction,
  context: CheckContext,
): void {
  const code = row.failure?.code ?? 'unknown'
  context.ending.failed += 1
  context.ending.failedBy.set(code, (context.ending.failedBy.get(code) ?? 0) + 1)
  context.differences.add(
    'failed on the chain',
    `${row.id} in ${plan.symbol}: ${row.failure?.reason ?? code}`,
  )
  books.move(row.to_user_id, row.from_user_id, BigInt(row.amount))
  books.move(company.id, row.from_user_id, BigInt(row.commission))
}

/** The chain's Transfer logs are exactly the transfers of confirmed transactions, each once, and the mint at the start. */
async function compareLogs(
  { plan, token }: StagedEconomy,
  told: Movements,
  block: number,
  { chain, firstBlock, differences, ending }: CheckContext,
): Promise<void> {
  const seen = new Movements()
  let minted = 0n
  for await (const log of chain.transferLogs(token, firstBlock, block)) {
    if (log.from === ZERO_ADDRESS) minted += log.amount
    else seen.add(log)
  }
  differences.same('supply', `minted in ${plan.symbol}`, minted, plan.initialGrant)
  for (const difference of told.differencesFrom(seen))
    differences.add('transfers', `${plan.symbol} ${difference}`)
  ending.transfersOnChain += seen.count
  ending.batchesOnChain += seen.txHashes.length
  // Not `+= await`: economies are compared side by side, and the sum must be read after the wait.
  const gasUsed = await chain.gasUsed(seen.txHashes)
  ending.gasUsed += gasUsed
}

/** Every balance: our books = settled = balanceOf; nothing is held or on its way; all of them together are the supply. */
async function compareBalances(
  economy: StagedEconomy,
  token: WireToken,
  block: number,
  { chain, differences, ending }: CheckContext,
): Promise<void> {
  const { plan, client, company, users, books } = economy
  const holders = [company, ...users]
  const onChain = await chain.balances(
    economy.token,
    holders.map((holder) => holder.address),
    block,
  )
  let sum = 0n
  await concurrently(holders.entries(), BALANCES_AT_ONCE, async ([index, holder]) => {
    const balance = await client.get<WireBalance>(`/v3/users/${holder.id}/balance`)
    const settled = BigInt(balance.settled)
    const subject = `${holder.id} in ${plan.symbol}`
    differences.same('balance on the chain', subject, onChain[index], settled)
    differences.same('balance in our books', subject, settled, books.balance(holder.id))
    differences.same('held', subject, balance.held, '0')
    differences.same('on its way', subject, balance.pending_in, '0')
    sum += settled
  })
  ending.accounts += holders.length
  const supply = await chain.totalSupply(economy.token, block)
  differences.same('supply', `${plan.symbol} on the chain`, supply, sum)
  differences.same('supply', `${plan.symbol} by the API`, BigInt(token.supply), sum)
}
