import { tokenRules } from '#adapters/evm/generated/token-rules.ts'
import { transactionsOf } from '#test/e2e/partner.ts'
import type { PostgresServer } from './bed/postgres-server.ts'
import { type ChainStory, readChainStory } from './chain-witness.ts'
import { UNREAD } from './drain.ts'
import { type Player, type Stage, uuidOfWire } from './stage.ts'
import type { Intent } from './story.ts'

/** Everything that the verdicts look at, taken at one moment after everything has ended or the time for it is over. */
export interface Snapshot {
  economies: EconomySnapshot[]
  lanes: LaneRow[]
  /** Events that the relay has not passed on. */
  eventsUnread: number
  /** Seconds from the end of the fault until nothing was under way; null: something still is. */
  drainedS: number | null
  drainedWithinS: number
}

export interface EconomySnapshot {
  economyId: string
  tenantId: string
  intents: readonly Intent[]
  /** Ids and states as the partner is told them by the API. */
  told: readonly { id: string; status: string }[]
  /** Ids of the events that the partner's webhook received, repetitions included. */
  received: readonly string[]
  transactions: readonly TransactionRow[]
  /** Ids of the transactions in the queue. */
  queued: readonly string[]
  accounts: readonly AccountRow[]
  submissions: readonly SubmissionRow[]
  /** In the order of the log. */
  events: readonly EventRow[]
  /** Entries whose two sides do not add up to nothing, by transaction hash. */
  unbalanced: readonly string[]
  chain: ChainStory
}

export interface TransactionRow {
  id: string
  tenant_id: string
  status: string
  submission_id: string | null
  payment_index: number | null
  from_account_id: string
  to_account_id: string
  amount: bigint
  commission: bigint
}

export interface AccountRow {
  id: string
  kind: string
  address: string
  settled: bigint
  held: bigint
  pending_in: bigint
  /** Sum of the account's entries. */
  entered: bigint
}

export interface SubmissionRow {
  id: string
  kind: string
  status: string
  transaction_ids: string[]
}

export interface EventRow {
  id: string
  subject_id: string
  tenant_id: string
  topic: string
  previous_status: string | null
}

export interface LaneRow {
  address: string
  /** Of submissions that were not replaced. */
  nonces: number[]
  /** Nonces that somebody else used, as the test knows who did it. */
  foreign?: readonly number[]
  /** Transactions of the address that are in the chain. */
  used: number
}

type Sql = PostgresServer['sql']

export async function takeSnapshot(
  stage: Stage,
  timing: { drainedS: number | null; drainedWithinS: number },
): Promise<Snapshot> {
  const { bed } = stage
  const told = await Promise.all(stage.players.map(async ({ partner }) => transactionsOf(partner)))
  const rows = await bed.postgres.atOneMoment(async (sql) => {
    const [cursor] = await sql<{ block_number: string }>(
      'SELECT block_number FROM chain_cursor WHERE chain_id = $1',
      [bed.chain.chainId],
    )
    const economies = []
    for (const player of stage.players) economies.push(await readRows(sql, player))
    return {
      block: Number(cursor?.block_number ?? 0),
      economies,
      eventsUnread: await countUnread(sql),
      lanes: await readLanes(sql),
    }
  })
  const economies = await Promise.all(
    stage.players.map(async (player, index): Promise<EconomySnapshot> => {
      const own = rows.economies[index]
      if (own === undefined) throw new Error('every player has its rows')
      const intents = stage.story.intents.filter(({ economyId }) => economyId === player.economyId)
      const seen = (told[index] ?? []).map(({ id, status }) => ({ id: uuidOfWire(id), status }))
      const addresses = own.accounts.filter(({ kind }) => kind !== 'issuance').map(({ address }) => address)
      const chain = await readChainStory(bed.chain, contractsOf(player), addresses, rows.block)
      const received = player.sink.ids().map(uuidOfWire)
      return { economyId: player.economyId, intents, told: seen, received, ...own, chain }
    }),
  )
  const lanes = await Promise.all(
    rows.lanes.map(async (lane) => ({
      ...lane,
      foreign: bed.chain.foreignNonces.get(lane.address) ?? [],
      used: await nonceOf(stage, lane.address),
    })),
  )
  return { economies, lanes, eventsUnread: rows.eventsUnread, ...timing }
}

const TRANSACTIONS = `
SELECT id, tenant_id, status, submission_id, payment_index, from_user_id AS from_account_id, to_user_id AS to_account_id, amount, commission
FROM transaction_state WHERE economy_id = $1`
const QUEUED = 'SELECT transaction_id FROM queued_transaction WHERE economy_id = $1'
const ACCOUNTS = `
SELECT a.id, a.kind, a.address, a.settled, a.held, a.pending_in, coalesce(e.entered, 0) AS entered
FROM account_balance a LEFT JOIN (SELECT account_id, sum(amount) AS entered FROM entry WHERE economy_id = $1 GROUP BY 1) e ON e.account_id = a.id
WHERE a.economy_id = $1`
const SUBMISSIONS = `
SELECT id, kind, status, coalesce(transaction_ids, '{}') AS transaction_ids FROM chain_submission WHERE economy_id = $1`
const EVENTS = `
SELECT id, subject_id, tenant_id, topic, payload->>'previous_status' AS previous_status
FROM outbox_event WHERE economy_id = $1 AND topic LIKE 'transaction.%' ORDER BY xid, id`
const UNBALANCED = `
SELECT '0x' || encode(tx_hash, 'hex') AS tx_hash FROM entry WHERE economy_id = $1 GROUP BY tx_hash, block_number, log_index, generation, is_reversal
HAVING sum(amount) <> 0 OR count(*) <> 2`

type Rows = Omit<EconomySnapshot, 'economyId' | 'intents' | 'told' | 'received' | 'chain'>

async function readRows(sql: Sql, { economyId }: Player): Promise<Rows> {
  const of = [economyId]
  const [economy] = await sql<{ tenant_id: string }>('SELECT tenant_id FROM economy WHERE id = $1', of)
  // Numeric columns come as text; everything else as the row types say.
  const transactions = await sql<Texts<TransactionRow, 'amount' | 'commission'>>(TRANSACTIONS, of)
  const queued = await sql<{ transaction_id: string }>(QUEUED, of)
  const accounts = await sql<Texts<AccountRow, 'settled' | 'held' | 'pending_in' | 'entered'>>(ACCOUNTS, of)
  const submissions = await sql<SubmissionRow>(SUBMISSIONS, of)
  const events = await sql<EventRow>(EVENTS, of)
  const unbalanced = await sql<{ tx_hash: string }>(UNBALANCED, of)
  return {
    tenantId: economy?.tenant_id ?? '',
    transactions: transactions.map((row) => ({
      ...row,
      amount: BigInt(row.amount),
      commission: BigInt(row.commission),
    })),
    queued: queued.map((row) => row.transaction_id),
    accounts: accounts.map((row) => ({
      ...row,
      settled: BigInt(row.settled),
      held: BigInt(row.held),
      pending_in: BigInt(row.pending_in),
      entered: BigInt(row.entered),
    })),
    submissions,
    events,
    unbalanced: unbalanced.map((row) => row.tx_hash),
  }
}

type Texts<Row, Columns extends keyof Row> = Omit<Row, Columns> & Record<Columns, string>

async function countUnread(sql: Sql): Promise<number> {
  const [row] = await sql<{ unread: number }>(
    `SELECT coalesce(sum(e.events), 0)::int AS unread FROM outbox_record e
     WHERE ${UNREAD}`,
  )
  return row?.unread ?? 0
}

async function readLanes(sql: Sql): Promise<Omit<LaneRow, 'used' | 'foreign'>[]> {
  return sql(
    `SELECT l.address, coalesce(array_agg(s.nonce::int ORDER BY s.nonce) FILTER (WHERE s.nonce IS NOT NULL), '{}') AS nonces
     FROM lane l LEFT JOIN chain_submission s ON s.lane_id = l.id AND s.status <> 'replaced' GROUP BY l.id`,
  )
}

async function nonceOf({ bed }: Stage, address: string): Promise<number> {
  return Number(await bed.chain.rpc('eth_getTransactionCount', [address, 'latest']))
}

function contractsOf({ partner, tokenAddress }: Player) {
  return {
    token: tokenAddress,
    tokenRules: partner.economy.token_rules_address.toLowerCase(),
    paymentSkipped: tokenRules.topicOf('PaymentSkipped'),
    batchExecuted: tokenRules.topicOf('BatchExecuted'),
  }
}
