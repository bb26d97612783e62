import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Prisma, PrismaClient } from './generated/client.ts'

/** Handle of a Prisma transaction that already acts for its tenant. */
export type PrismaTx = Prisma.TransactionClient

/** Rows of a raw query: every column as node-postgres reads it (numeric and bigint are strings). */
export type Row = Record<string, unknown>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** A unit of work that waits longer than this for a free connection gives up: overload shows early instead of piling up. */
const ACQUIRE_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 30_000

/**
 * One role's access to Postgres: Prisma for everything that is not hot, a plain pool for the money path.
 * With the API's role (ost_app) rows of tenants that the connection does not act for are invisible (row-level security).
 */
export class Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  /** The tenants each pooled connection acts for now; `set_config` is sent only when that changes. */
  #tenantsOf = new WeakMap<pg.PoolClient, string>()

  constructor(options: { url: string; poolSize: number; applicationName: string }) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolSize,
      application_name: options.applicationName,
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    })
    // An idle connection's error (server restart) only means that the pool opens another one.
    this.pool.on('error', () => {})
    const adapter = new PrismaPg({
      connectionString: options.url,
      max: options.poolSize,
      application_name: `${options.applicationName}-prisma`,
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
    })
    this.prisma = new PrismaClient({ adapter })
  }

  /** Runs `work` in one Prisma transaction acting for `tenantId`. */
  async transaction<Result>(tenantId: string, work: (tx: PrismaTx) => Promise<Result>): Promise<Result> {
    assertUuids([tenantId])
    return this.prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT set_config('ost.tenant_ids', ${tenantId}, true)`
      return work(tx)
    })
  }

  /** One read outside a transaction, acting for `tenantId`, as a prepared statement `name`. */
  async read<Result extends pg.QueryResultRow = Row>(
    tenantId: string,
    name: string,
    text: string,
    values: unknown[],
  ): Promise<Result[]> {
    const client = await this.pool.connect()
    try {
      await this.#actFor(client, tenantId)
      const result = await client.query<Result>({ name, text, values })
      client.release()
      return result.rows
    } catch (error) {
      this.#discard(client, error)
      throw error
    }
  }

  /**
   * Runs `work` in one transaction on a plain connection. `tenantIds` are those whose rows it may see (ost_app); a worker
   * passes none.
   */
  async raw<Result>(
    tenantIds: readonly string[],
    work: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    assertUuids(tenantIds)
    const client = await this.pool.connect()
    try {
      // One round trip; the ids were checked to be UUIDs, so they can stand in the text.
      await client.query(`BEGIN; SELECT set_config('ost.tenant_ids', '${tenantIds.join(',')}', true)`)
      const result = await work(client)
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {})
      this.#discard(client, error)
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.pool.end(), this.prisma.$disconnect()])
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

  /** A connection that saw a server error is fine; one that broke is thrown away. */
  #discard(client: pg.PoolClient, error: unknown): void {
    const isServerError = error instanceof pg.DatabaseError && error.severity === 'ERROR'
    client.release(!isServerError)
  }
}

function assertUuids(ids: readonly string[]): void {
  for (const id of ids) if (!UUID.test(id)) throw new TypeError('a tenant id is not a UUID')
}
