import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { createGatheringSocket } from './gathering-socket.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { isOutOfReach } from './is-out-of-reach.ts'
import { Lines } from './lines.ts'
import { Pulse } from './pulse.ts'

/** Handle of a Prisma transaction that already acts for its tenant. */
export type PrismaTx = Prisma.TransactionClient

/** Rows of a raw query: every column as node-postgres reads it (numeric and bigint are strings). */
export type Row = Record<string, unknown>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Milliseconds that a job waits for a free connection. */
const JOB_ACQUIRE_TIMEOUT_MS = 5_000
const JOB_STATEMENT_TIMEOUT_MS = 30_000
/** A request's statement may be slow, but nobody waits longer for an answer. */
const REQUEST_STATEMENT_TIMEOUT_MS = 10_000
/** Milliseconds that the server has for ending a statement on its own before we cut the line. */
const CUT_AFTER_MS = 2_000

export interface DatabaseOptions {
  url: string
  poolSize: number
  applicationName: string
  /**
   * Milliseconds that a request waits for a free connection or for a server that has fallen silent, before it is refused; half as
   * long for a lock. Absent: jobs, which wait longer and for locks without end, because they are tried again anyway.
   */
  patienceMs?: number
}

/**
 * One role's access to Postgres: Prisma for everything that is not hot, a plain pool for the money path.
 * With the API's role (ost_app) rows of tenants that the connection does not act for are invisible (row-level security).
 */
export class Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  /** The tenants each pooled connection acts for now; `set_config` is sent only when that changes. */
  #tenantsOf = new WeakMap<pg.PoolClient, string>()
  readonly #pulse: Pulse | null
  readonly #lines: Lines

  constructor(options: DatabaseOptions) {
    const { url, applicationName, patienceMs } = options
    const settings = {
      connectionString: url,
      max: options.poolSize,
      keepAlive: true,
      ...timeoutsOf(patienceMs),
    }
    // Statements that are not waited for go out one behind the other (`Ends`), and are executed in that order.
    this.pool = new pg.Pool({
      ...settings,
      application_name: applicationName,
      pipeline: true,
      stream: createGatheringSocket,
    })
    // An idle connection's error (server restart) only means that the pool opens another one.
    this.pool.on('error', () => {})
    // Nor may one that ends between two statements of a unit of work end the process: the next statement reports it.
    this.pool.on('connect', (client) => client.on('error', () => {}))
    this.#lines = new Lines(this.pool)
    const adapter = new PrismaPg({ ...settings, application_name: `${applicationName}-prisma` })
    this.prisma = new PrismaClient({ adapter })
    this.#pulse =
      patienceMs === undefined
        ? null
        : new Pulse({ url, applicationName: `${applicationName}-pulse`, silenceMs: patienceMs })
  }

  /** Whether nothing has been heard from the server for as long as a request waits. Jobs do not listen: false. */
  get isSilent(): boolean {
    return this.#pulse?.isLost ?? false
  }

  /** Runs `work` in one Prisma transaction acting for `tenantId`. */
  async transaction<Result>(tenantId: string, work: (tx: PrismaTx) => Promise<Result>): Promise<Result> {
    assertUuids([tenantId])
    return this.#guard(() =>
      this.prisma.$transaction(async (tx) => {
        await tx.$queryRaw`SELECT set_config('ost.tenant_ids', ${tenantId}, true)`
        return work(tx)
      }),
    )
  }

  /** One read outside a transaction, acting for nobody, as a prepared statement `name`. */
  async readForNobody<Result extends pg.QueryResultRow = Row>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<Result[]> {
    return this.#guard(async () => (await this.pool.query<Result>({ name, text, values })).rows)
  }

  /** One read outside a transaction, acting for `tenantId`, as a prepared statement `name`. */
  async read<Result extends pg.QueryResultRow = Row>(
    tenantId: string,
    name: string,
    text: string,
    values: unknown[],
  ): Promise<Result[]> {
    return this.#guard(async () => {
      const client = await this.pool.connect()
      try {
        await this.#actFor(client, tenantId)
        const result = await client.query<Result>({ name, text, values })
        client.release()
        return result.rows
      } catch (error) {
        client.release(isBroken(error))
        throw error
      }
    })
  }

  /**
   * Runs `work` in one transaction on a plain connection. `tenantIds` are those whose rows it may see (ost_app); a worker
   * passes none.
   */
  raw<Result>(
    tenantIds: readonly string[],
    work: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    return this.#inTransaction(tenantIds, afterBegin(work), '')
  }

  /**
   * The same for the money path, where every statement looks rows up by keys that it is given: plans that read a table from end
   * to end are out of the question. A prepared statement keeps the plan that was right while the table was small.
   */
  rawByKeys<Result>(
    tenantIds: readonly string[],
    work: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    return this.#inTransaction(tenantIds, afterBegin(work), LOOK_UPS_ONLY)
  }

  /**
   * As `rawByKeys`, for work whose first and last statements travel with BEGIN and COMMIT.
   * @param onSent called when the transaction has been sent to its COMMIT; another one that is begun now follows it on its connection.
   */
  rawByKeysAtOnce<Result>(
    tenantIds: readonly string[],
    work: (client: Statements, ends: Ends) => Promise<Result>,
    onSent: () => void = () => {},
  ): Promise<Result> {
    const atOnce = (client: pg.PoolClient, ends: Ends) => work(blamingTheFirst(client, ends.begun), ends)
    return this.#inTransaction(tenantIds, atOnce, LOOK_UPS_ONLY, onSent)
  }

  async #inTransaction<Result>(
    tenantIds: readonly string[],
    work: (client: pg.PoolClient, ends: Ends) => Promise<Result>,
    settings: string,
    onSent?: () => void,
  ): Promise<Result> {
    assertUuids(tenantIds)
    return this.#guard(async () => {
      const line = onSent ? await this.#lines.join() : await this.#lines.open()
      const { client } = line
      let isSent = false
      try {
        // One round trip; the ids were checked to be UUIDs, so they can stand in the text.
        const begun = handled(
          client.query(
            `BEGIN; SELECT set_config('ost.tenant_ids', '${tenantIds.join(',')}', true), set_config('ost.has_begun', 'yes', true)${settings}`,
          ),
        )
        const { result, last } = await workBetween(client, begun, work)
        // Where one of them fails, the server makes this COMMIT a rollback.
        const answers = Promise.all([...last, client.query('COMMIT')])
        isSent = true
        if (onSent) {
          this.#lines.offer(line)
          onSent()
        }
        await answers
        this.#lines.leave(line)
        return result
      } catch (error) {
        // Behind its COMMIT may stand the next transaction, which a ROLLBACK would meet.
        const isEnded = !isBroken(error) && (isSent || (await client.query('ROLLBACK').then(yes, no)))
        this.#lines.leave(line, !isEnded)
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#pulse?.close(), this.pool.end(), this.prisma.$disconnect()])
  }

  #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#pulse ? this.#pulse.guard(work) : work()
  }

  async #actFor(client: pg.PoolClient, tenantId: string): Promise<void> {
    if (this.#tenantsOf.get(client) === tenantId) return
    assertUuids([tenantId])
    this.#tenantsOf.delete(client)
    await client.query({
      name: 'act_for',
      text: "SELECT set_config('ost.tenant_ids', $1, false)",
      values: [tenantId],
    })
    this.#tenantsOf.set(client, tenantId)
  }
}

/** Whether the statement runs inside a transaction that this class began. */
export const HAS_BEGUN = `current_setting('ost.has_begun', true) = 'yes'`

/**
 * The ends of a transaction whose statements do not wait for answers that nobody looks at: a round trip each is saved. What is
 * sent before `begun` may only read, or write where `HAS_BEGUN`, for if BEGIN fails it stands alone; and must wait for it with its own
 * answer.
 */
export interface Ends {
  /** Answered when the transaction has begun. */
  begun: Promise<unknown>
  /** The commit follows this statement at once; if it fails, so does the transaction. */
  beforeCommit: (statement: Promise<unknown>) => void
}

/** What sends statements. */
export type Statements = Pick<pg.PoolClient, 'query'>

/**
 * For statements that go out one behind the other. Where one fails the server refuses those behind it, and whoever waits for one of
 * those may hear of it first: each of them fails with what the first one failed with.
 */
function blamingTheFirst(client: Statements, begun: Promise<unknown>): Statements {
  let first: unknown
  const blame = (error: unknown): never => {
    first ??= error
    throw first
  }
  begun.catch(blame).catch(() => {})
  const query = (...args: [pg.QueryConfig | string, unknown[]?]) => client.query(...args).catch(blame)
  // Of the forms that a query may have, the one that gives a promise.
  return { query } as Statements
}

/** The same inside a transaction that has begun already and goes on after `work`. */
export async function withinTransaction<Result>(
  client: pg.PoolClient,
  work: (client: Statements, ends: Ends) => Promise<Result>,
): Promise<Result> {
  const begun = Promise.resolve()
  const { result, last } = await workBetween(blamingTheFirst(client, begun), begun, work)
  await Promise.all(last)
  return result
}

/** @returns with the result the statements whose answers are still to come. */
async function workBetween<Client, Result>(
  client: Client,
  begun: Promise<unknown>,
  work: (client: Client, ends: Ends) => Promise<Result>,
): Promise<{ result: Result; last: Promise<unknown>[] }> {
  const last: Promise<unknown>[] = []
  const beforeCommit = (statement: Promise<unknown>) => {
    last.push(handled(statement))
  }
  return { result: await work(client, { begun, beforeCommit }), last }
}

function afterBegin<Result>(work: (client: pg.PoolClient) => Promise<Result>) {
  return async (client: pg.PoolClient, { begun }: Ends): Promise<Result> => {
    await begun
    return work(client)
  }
}

/** A failure is seen by whoever waits for it later; until then it is nobody's. */
function handled<Answer>(answer: Promise<Answer>): Promise<Answer> {
  answer.catch(() => {})
  return answer
}

/**
 * For the length of a transaction; further columns of the SELECT that begins it. Plans by keys are the same for any values: a prepared
 * statement is planned once, not anew for each batch. No key is looked up twice in a statement, so that nothing found is worth
 * keeping (`enable_memoize`).
 */
const LOOK_UPS_ONLY = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_memoize']
  .map((setting) => `, set_config('${setting}', 'off', true)`)
  .concat(`, set_config('plan_cache_mode', 'force_generic_plan', true)`)
  .join('')

/** SQLSTATE of a write to a standby: behind this connection is no primary any more. */
const READ_ONLY = '25006'

/** A connection that saw a refusal is fine; one that broke, or leads to a standby, is thrown away. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return isOutOfReach(error)
  return error.severity !== 'ERROR' || error.code === READ_ONLY
}

const yes = () => true
const no = () => false

function timeoutsOf(patienceMs: number | undefined) {
  const statementMs = patienceMs === undefined ? JOB_STATEMENT_TIMEOUT_MS : REQUEST_STATEMENT_TIMEOUT_MS
  return {
    connectionTimeoutMillis: patienceMs ?? JOB_ACQUIRE_TIMEOUT_MS,
    statement_timeout: statementMs,
    query_timeout: statementMs + CUT_AFTER_MS,
    // Half of it: what waits for the batch before its own, and then for a lock itself, waits twice.
    ...(patienceMs !== undefined && { lock_timeout: Math.ceil(patienceMs / 2) }),
  }
}

function assertUuids(ids: readonly string[]): void {
  for (const id of ids) if (!UUID.test(id)) throw new TypeError('a tenant id is not a UUID')
}
