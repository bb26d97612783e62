import type { Balance, BalanceReader } from '#core/ledger/read-balance.ts'
import { columnOf } from './columns.ts'
import type { Database } from './database.ts'

/** Users whose balances one statement reads at most. */
const BATCH_MAX = 500
/** Statements of one economy under way at once. More of them would only make the batches smaller. */
const IN_FLIGHT_MAX = 1

/** All balances in one row: the driver takes longer over a row than over what is in it. */
interface BalancesRow {
  symbol: string
  decimals: number
  /** Of each: id, settled, held, pending in, and milliseconds since 1970; with spaces between, and commas between balances. */
  balances: string
}

type Balances = ReadonlyMap<string, Balance>

/** Users whose balances are read by one statement, and what it finds. */
interface Batch {
  userIds: Set<string>
  balances: Promise<Balances>
  resolve: (balances: Balances) => void
  reject: (error: unknown) => void
}

/**
 * The hottest read of the API. Whoever asks in the same turn of the event loop, or while an economy's statements are under way,
 * shares one statement on two primary keys. It is sent after the last of them has asked, so everyone sees all that was
 * committed before.
 */
export function createBalanceReader(database: Pick<Database, 'read'>): BalanceReader {
  const readers = new Map<string, EconomyReader>()
  return (tenantId, economyId, userId) => {
    let reader = readers.get(economyId)
    // An economy has one tenant. Should another one ask, it gets nothing, and by a statement of its own.
    if (reader?.tenantId !== tenantId) {
      const own = new EconomyReader(
        tenantId,
        (userIds) => readBalances(database, tenantId, economyId, userIds),
        () => readers.get(economyId) === own && readers.delete(economyId),
      )
      readers.set(economyId, own)
      reader = own
    }
    return reader.read(userId)
  }
}

/** Gathers the reads of one economy, for as long as there are any. */
class EconomyReader {
  readonly tenantId: string
  readonly #readBatch: (userIds: string[]) => Promise<Balances>
  readonly #onIdle: () => void
  /** Those behind the first have begun because it is full. */
  readonly #waiting: Batch[] = []
  #inFlight = 0
  #isScheduled = false

  constructor(tenantId: string, readBatch: (userIds: string[]) => Promise<Balances>, onIdle: () => void) {
    this.tenantId = tenantId
    this.#readBatch = readBatch
    this.#onIdle = onIdle
  }

  /** One promise per read: those who wait for a batch share its own. */
  read(userId: string): Promise<Balance | null> {
    const { userIds, balances } = this.#gathering()
    userIds.add(userId)
    this.#schedule()
    return balances.then((found) => found.get(userId) ?? null)
  }

  #gathering(): Batch {
    const last = this.#waiting.at(-1)
    if (last && last.userIds.size < BATCH_MAX) return last
    const { promise, resolve, reject } = Promise.withResolvers<Balances>()
    const batch = { userIds: new Set<string>(), balances: promise, resolve, reject }
    this.#waiting.push(batch)
    return batch
  }

  /** Once a turn: all that the sockets brought in it is there by then. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= IN_FLIGHT_MAX || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const batch = this.#waiting.shift()
      if (batch) void this.#send(batch)
      this.#schedule()
    })
  }

  async #send({ userIds, resolve, reject }: Batch): Promise<void> {
    this.#inFlight += 1
    try {
      resolve(await this.#readBatch([...userIds]))
    } catch (error) {
      reject(error)
    } finally {
      this.#inFlight -= 1
      this.#schedule()
      if (this.#inFlight === 0 && !this.#isScheduled) this.#onIdle()
    }
  }
}

async function readBalances(
  database: Pick<Database, 'read'>,
  tenantId: string,
  economyId: string,
  userIds: string[],
): Promise<Balances> {
  const [row] = await database.read<BalancesRow>(
    tenantId,
    'read_balances',
    `SELECT e.symbol, e.decimals,
       string_agg(concat_ws(' ', a.id, a.settled, a.held, a.pending_in, date_part('epoch', a.updated_at) * 1000), ',') AS balances
     FROM account_balance a JOIN economy e ON e.id = a.economy_id
     WHERE a.economy_id = $1 AND a.id = ANY ($2::uuid[]) AND a.kind = 'wallet' AND a.tenant_id = $3
     GROUP BY e.id`,
    [economyId, columnOf(userIds), tenantId],
  )
  if (!row) return new Map()
  const token = { symbol: row.symbol, decimals: row.decimals }
  return new Map(row.balances.split(',').map((text) => toBalance(text, token)))
}

function toBalance(text: string, token: Balance['token']): [string, Balance] {
  const [userId = '', settled = '', held = '', pendingIn = '', updatedAtMs = ''] = text.split(' ')
  const balance = {
    userId,
    settled: BigInt(settled),
    held: BigInt(held),
    pendingIn: BigInt(pendingIn),
    token,
    // Kept to the millisecond, and a little beside it as the product of a binary fraction.
    updatedAt: new Date(Math.round(Number(updatedAtMs))),
  }
  return [userId, balance]
}
