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

interface Waiting {
  userId: string
  resolve: (balance: Balance | null) => void
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
    const key = `${tenantId}/${economyId}`
    let reader = readers.get(key)
    if (!reader) {
      reader = new EconomyReader(
        (userIds) => readBalances(database, tenantId, economyId, userIds),
        () => readers.delete(key),
      )
      readers.set(key, reader)
    }
    return reader.read(userId)
  }
}

/** Gathers the reads of one economy, for as long as there are any. */
class EconomyReader {
  readonly #readBatch: (userIds: string[]) => Promise<Map<string, Balance>>
  readonly #onIdle: () => void
  #waiting: Waiting[] = []
  #inFlight = 0
  #isScheduled = false

  constructor(readBatch: (userIds: string[]) => Promise<Map<string, Balance>>, onIdle: () => void) {
    this.#readBatch = readBatch
    this.#onIdle = onIdle
  }

  read(userId: string): Promise<Balance | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ userId, resolve, reject })
      this.#schedule()
    })
  }

  /** Once a turn: all that the sockets brought in it is there by then. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= IN_FLIGHT_MAX || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      void this.#send(this.#waiting.splice(0, BATCH_MAX))
      this.#schedule()
    })
  }

  async #send(batch: Waiting[]): Promise<void> {
    this.#inFlight += 1
    try {
      const balances = await this.#readBatch([...new Set(batch.map(({ userId }) => userId))])
      for (const { userId, resolve } of batch) resolve(balances.get(userId) ?? null)
    } catch (error) {
      for (const { reject } of batch) reject(error)
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
): Promise<Map<string, Balance>> {
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
