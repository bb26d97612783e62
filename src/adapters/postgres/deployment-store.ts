import type pg from 'pg'
import type {
  Deployment,
  DeploymentStore,
  StepChange,
  StepInDeployment,
} from '#core/economy/deployment-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { BACKING_COLUMNS, type BackingRow, toBacking } from './backing-row.ts'
import type { Database } from './database.ts'
import { appendCallEvents } from './economy-call-events.ts'
import { insertQueuedCall } from './queued-call.ts'

const FIND = `
SELECT e.id, e.tenant_id, e.status, e.chain_id, e.lane_id, lane.address AS operator, e.name, e.symbol, e.decimals,
       e.token_address, e.token_rules_address, w.address AS company_address, e.initial_grant,
       (SELECT to_jsonb(k) FROM (SELECT ${BACKING_COLUMNS} FROM backing b WHERE b.economy_id = e.id) k) AS backing,
       (SELECT jsonb_object_agg(c.role, l.id) FROM backing b JOIN chain c ON c.id IN (b.value_chain_id, b.utility_chain_id)
        CROSS JOIN LATERAL (SELECT lane.id FROM lane WHERE lane.chain_id = c.id AND lane.purpose = 'facilitator'
                            ORDER BY (lane.status = 'active') DESC, lane.id LIMIT 1) l
        WHERE b.economy_id = e.id) AS facilitators,
       (SELECT jsonb_agg(jsonb_build_object(
                 'position', s.position, 'name', s.name, 'status', s.status,
                 'submission', CASE WHEN c.id IS NULL THEN NULL
                   ELSE jsonb_build_object('id', c.id, 'status', c.status, 'revertReason', c.revert_reason) END)
               ORDER BY s.position)
        FROM economy_step s LEFT JOIN chain_submission c ON c.id = s.submission_id
        WHERE s.economy_id = e.id) AS steps
FROM economy e
JOIN lane ON lane.id = e.lane_id
JOIN wallet w ON w.economy_id = e.id AND w.user_id = e.company_user_id
WHERE e.id = $1`

interface DeploymentRow {
  id: string
  tenant_id: string
  status: Deployment['status']
  chain_id: string
  lane_id: string
  operator: string
  name: string
  symbol: string
  decimals: number
  token_address: string
  token_rules_address: string
  company_address: string
  initial_grant: string
  backing: BackingRow | null
  facilitators: { value?: string; utility?: string } | null
  steps: StepInDeployment[] | null
}

/** Deployments in Postgres, with the worker's role. */
export function createDeploymentStore(
  database: Pick<Database, 'pool' | 'raw'>,
  deps: { ids: Ids },
): DeploymentStore {
  return {
    async find(economyId) {
      const { rows } = await database.pool.query<DeploymentRow>(FIND, [economyId])
      const [row] = rows
      return row ? toDeployment(row) : null
    },

    queueStep: async (change, submission) =>
      database.raw([], async (client) => {
        const economy = await lockStep(client, change)
        if (!economy) return false
        const { id, kind, call, lane } = submission
        await insertQueuedCall(client, {
          id,
          chainId: lane?.chainId ?? economy.chain_id,
          laneId: lane?.id ?? economy.lane_id,
          kind,
          of: { economyId: change.economyId, tenantId: economy.tenant_id },
          call,
          at: change.at,
        })
        const queued = {
          kind,
          tenant_id: economy.tenant_id,
          economy_id: change.economyId,
          call_id: submission.id,
        }
        await appendCallEvents(client, deps.ids, [queued], () => 'queued')
        await client.query(
          `UPDATE economy_step SET status = 'running', submission_id = $3, detail = 'on its way to the chain', started_at = $4, finished_at = NULL
           WHERE economy_id = $1 AND position = $2`,
          [change.economyId, change.position, submission.id, change.at],
        )
        return true
      }),

    finishStep: async (change, detail) =>
      database.raw([], async (client) => {
        if (!(await lockStep(client, change))) return false
        await client.query(
          `UPDATE economy_step SET status = 'done', detail = $3, started_at = coalesce(started_at, $4), finished_at = $4
           WHERE economy_id = $1 AND position = $2`,
          [change.economyId, change.position, detail, change.at],
        )
        return true
      }),

    fail: async (change, reason) =>
      database.raw([], async (client) => {
        const economy = await lockStep(client, change)
        if (!economy) return false
        await client.query(
          `UPDATE economy_step SET status = 'failed', detail = $3, finished_at = $4 WHERE economy_id = $1 AND position = $2`,
          [change.economyId, change.position, reason, change.at],
        )
        await client.query(
          `UPDATE economy SET status = 'failed', failure_reason = $2, config_version = config_version + 1, updated_at = $3
           WHERE id = $1`,
          [change.economyId, reason, change.at],
        )
        await appendEvent(client, deps.ids, economy.tenant_id, change, 'economy.failed', { reason })
        return true
      }),

    activate: async (economyId, at) =>
      database.raw([], async (client) => {
        const { rows } = await client.query<{ tenant_id: string }>(
          `UPDATE economy SET status = 'active', failure_reason = NULL, config_version = config_version + 1, updated_at = $2
           WHERE id = $1 AND status = 'deploying'
             AND NOT EXISTS (SELECT FROM economy_step s WHERE s.economy_id = economy.id AND s.status <> 'done')
           RETURNING tenant_id`,
          [economyId, at],
        )
        const [economy] = rows
        if (!economy) return false
        await appendEvent(client, deps.ids, economy.tenant_id, { economyId, at }, 'economy.active', {})
        return true
      }),
  }
}

/** Locks the economy, then looks whether it is still deploying and the step is still as its caller saw it. */
async function lockStep(
  client: pg.PoolClient,
  change: StepChange,
): Promise<{ tenant_id: string; chain_id: string; lane_id: string } | null> {
  const { rows } = await client.query<{ tenant_id: string; chain_id: string; lane_id: string }>(
    `SELECT tenant_id, chain_id, lane_id FROM economy WHERE id = $1 AND status = 'deploying' FOR NO KEY UPDATE`,
    [change.economyId],
  )
  // A statement of its own: it must see what the holder of the lock before us committed.
  const step = await client.query(
    `SELECT FROM economy_step WHERE economy_id = $1 AND position = $2 AND status <> 'done'
       AND submission_id IS NOT DISTINCT FROM $3::uuid`,
    [change.economyId, change.position, change.seenSubmissionId],
  )
  return step.rowCount === 1 ? (rows[0] ?? null) : null
}

async function appendEvent(
  client: pg.PoolClient,
  ids: Ids,
  tenantId: string,
  change: { economyId: string; at: Date },
  topic: 'economy.active' | 'economy.failed',
  payload: Record<string, string>,
): Promise<void> {
  await client.query(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload, created_at) VALUES ($1, $2, $3, $4, $3, $5, $6)`,
    [ids.next(), tenantId, change.economyId, topic, JSON.stringify(payload), change.at],
  )
}

function toDeployment(row: DeploymentRow): Deployment {
  return {
    economyId: row.id,
    tenantId: row.tenant_id,
    status: row.status,
    chainId: Number(row.chain_id),
    laneId: row.lane_id,
    operator: row.operator,
    // Who has signed for a token has signed its name: a new one of the economy comes too late for it.
    name: row.backing?.utility_token_name ?? row.name,
    symbol: row.symbol,
    decimals: row.decimals,
    tokenAddress: row.token_address,
    tokenRulesAddress: row.token_rules_address,
    companyAddress: row.company_address,
    initialGrant: BigInt(row.initial_grant),
    backing: row.backing && toBacking(row.backing),
    facilitators: { value: row.facilitators?.value ?? null, utility: row.facilitators?.utility ?? null },
    steps: row.steps ?? [],
  }
}
