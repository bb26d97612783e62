import type pg from 'pg'
import type { OracleChain, PriceReport, ReportStore } from '#core/oracle/price-oracle.ts'
import type { Database } from './database.ts'
import { insertQueuedCall } from './queued-call.ts'

/** The kind of submission that brings a price to an oracle. */
const PRICE_REPORT = 'price_report'
/** Economies of a chain that one round serves at most. */
const ECONOMIES_MAX = 10_000

const CHAINS = `
SELECT id, finality_depth, contracts FROM chain
WHERE role = 'utility' AND status = 'active' AND contracts ?& ARRAY['price_oracle', 'pricer_rule', 'co_gateway'] ORDER BY id`

/** What was replaced is queued again under another id, which ends before the price does, or with it. */
const UNDER_WAY = `
SELECT s.status IN ('queued', 'signed', 'broadcast', 'mined') OR (s.status = 'replaced' AND r.expires_at > $5) AS "isUnderWay"
FROM price_report r JOIN chain_submission s ON s.id = r.submission_id
WHERE r.chain_id = $1 AND r.oracle = $2 AND r.asset = $3 AND r.currency = $4
ORDER BY r.observed_at DESC LIMIT 1`

type Queryable = Pick<pg.ClientBase, 'query'>
type Subject = Pick<PriceReport, 'asset' | 'currency'>

/** Reports in Postgres, with the worker's role. */
export function createReportStore(database: Pick<Database, 'pool' | 'raw'>): ReportStore {
  return {
    async chains() {
      const { rows } = await database.pool.query<ChainRow>(CHAINS)
      return rows.map(toChain)
    },

    isUnderWay: async (chain, of, now) => isUnderWay(database.pool, chain, of, now),

    queue: async (report, chain, call, { submissionId, now }) =>
      database.raw([], async (client) => {
        // Whoever queues for this chain waits here, so that the look below is nobody else's past.
        const lanes = await client.query<{ id: string }>(
          `SELECT id FROM lane WHERE chain_id = $1 AND status = 'active' ORDER BY id LIMIT 1 FOR NO KEY UPDATE`,
          [chain.chainId],
        )
        const laneId = lanes.rows[0]?.id
        if (laneId === undefined || (await isUnderWay(client, chain, report, now))) return null
        const { chainId } = chain
        await insertQueuedCall(client, {
          id: submissionId,
          chainId,
          laneId,
          kind: PRICE_REPORT,
          of: null,
          call,
          at: now,
        })
        const { asset, currency, price, observedAt, expiresAt } = report
        // A price of a moment is sent once: after a revert the next one is of a later moment.
        await client.query(
          `INSERT INTO price_report (chain_id, oracle, asset, currency, observed_at, price, expires_at, submission_id, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [chainId, chain.priceOracle, asset, currency, observedAt, price, expiresAt, submissionId, now],
        )
        return laneId
      }),

    async economies(chainId) {
      const { rows } = await database.pool.query<{ id: string; tenant_id: string; token_address: string }>(
        `SELECT id, tenant_id, token_address FROM economy
         WHERE chain_id = $1 AND status = 'active' AND token_address IS NOT NULL ORDER BY id LIMIT $2`,
        [chainId, ECONOMIES_MAX],
      )
      return rows.map((row) => ({ economyId: row.id, tenantId: row.tenant_id, token: row.token_address }))
    },
  }
}

async function isUnderWay(on: Queryable, chain: OracleChain, of: Subject, now: Date): Promise<boolean> {
  const { rows } = await on.query<{ isUnderWay: boolean }>(UNDER_WAY, [
    chain.chainId,
    chain.priceOracle,
    of.asset,
    of.currency,
    now,
  ])
  return rows[0]?.isUnderWay ?? false
}

interface ChainRow {
  id: string
  finality_depth: number
  contracts: Record<string, string>
}

function toChain({ id, finality_depth: finalityDepth, contracts }: ChainRow): OracleChain {
  // The query found the three of them.
  const of = (name: string) => (contracts[name] ?? '').toLowerCase()
  return {
    chainId: Number(id),
    finalityDepth,
    priceOracle: of('price_oracle'),
    pricerRule: of('pricer_rule'),
    coGateway: of('co_gateway'),
  }
}
