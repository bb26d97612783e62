import type pg from 'pg'
import type { GatewayEnd, MessageChange, MessageDesk, MessageInWork } from '#core/gateway/message-desk.ts'
import { BACKING_COLUMNS, type BackingRow, toBacking } from './backing-row.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Database } from './database.ts'
import { FACILITATOR_LANE } from './gateway-chains.ts'
import { MESSAGE_COLUMNS, type MessageRow, toMessage } from './message-row.ts'
import { insertQueuedCall } from './queued-call.ts'

/** The chains of a backing `b`: what is final, and who carries messages there. */
const ENDS = `
SELECT c.id::text, c.block_time_ms, lower(c.contracts ->> 'anchor') AS anchor,
       cursor.final_number::text, block.hash AS final_hash, block.mined_at AS final_mined_at, lane.id AS lane_id, lane.address AS lane_address
FROM chain c
LEFT JOIN chain_cursor cursor ON cursor.chain_id = c.id
LEFT JOIN chain_block block ON block.chain_id = c.id AND block.number = cursor.final_number AND block.status = 'canonical'
${FACILITATOR_LANE}
WHERE c.id IN (b.value_chain_id, b.utility_chain_id)`

/** One statement, so one snapshot: a submission that is confirmed here is in a block that is final here. */
const FIND = `
SELECT ${MESSAGE_COLUMNS}, ${BACKING_COLUMNS}, m.tenant_id, m.version, m.refusals, m.secret_jwe, m.submission_step,
       m.root_chain_id::text, m.root_height::text,
       last.id AS submission_id, last.status AS submission_status, last.tx_hash AS submission_tx_hash, last.revert_reason,
       (SELECT jsonb_agg(to_jsonb(e)) FROM (${ENDS}) e) AS ends,
       redeemer.id AS redeemer_id, redeemer.address AS redeemer_address, redeemer.key_jwe, redeemer.allowance_signature,
       (SELECT t.status FROM transaction_state t WHERE t.economy_id = m.economy_id AND t.id = m.transaction_id) AS transaction_status
FROM gateway_message m
JOIN backing b ON b.economy_id = m.economy_id
LEFT JOIN redeemer ON redeemer.economy_id = m.economy_id AND m.user_id IS NOT NULL
LEFT JOIN LATERAL (
  SELECT m.submission_id AS id, c.status, c.tx_hash, c.revert_reason FROM chain_submission c
  WHERE c.id = m.submission_id OR c.origin_id = m.submission_id ORDER BY c.created_at DESC, c.id DESC LIMIT 1) last ON true
WHERE m.id = $1`

interface WorkRow extends MessageRow, BackingRow {
  economy_id: string
  terms_id: string
  tenant_id: string
  version: number
  refusals: number
  secret_jwe: string
  root_chain_id: string | null
  root_height: string | null
  submission_id: string | null
  submission_step: NonNullable<MessageInWork['submission']>['call'] | null
  submission_status: NonNullable<MessageInWork['submission']>['status'] | null
  submission_tx_hash: string | null
  revert_reason: string | null
  ends: EndRow[] | null
  redeemer_id: string | null
  redeemer_address: string | null
  key_jwe: string | null
  allowance_signature: string | null
  transaction_status: string | null
}

/** As JSON has it. */
interface EndRow {
  id: string
  block_time_ms: number
  anchor: string | null
  final_number: string | null
  final_hash: string | null
  final_mined_at: string | null
  lane_id: string | null
  lane_address: string | null
}

/** Messages in Postgres, with the worker's role. */
export function createMessageDesk(database: Pick<Database, 'pool' | 'raw'>, ids: Ids): MessageDesk {
  return {
    async find(messageId) {
      const { rows } = await database.pool.query<WorkRow>(FIND, [messageId])
      const [row] = rows
      return row ? toWork(row) : null
    },

    record: async (seen, change) =>
      database.raw([], async (client) => {
        const { rows } = await client.query<{ tenant_id: string }>(UPDATE, [
          seen.messageId,
          seen.version,
          change.status,
          change.problem,
          change.refusals,
          change.root?.chainId ?? null,
          change.root?.height ?? null,
          change.lookAt,
          change.at,
          change.submission?.id ?? null,
          change.submission?.name ?? null,
        ])
        const [message] = rows
        if (!message) return false
        if (change.submission) await queue(client, seen.economyId, message.tenant_id, change)
        await writeSteps(client, seen, change)
        if (change.topic) await tell(client, ids, { ...seen, tenantId: message.tenant_id }, change)
        return true
      }),
  }
}

const UPDATE = `
UPDATE gateway_message
SET status = $3, problem = $4, refusals = $5, root_chain_id = $6, root_height = $7, look_at = $8,
    ended_at = CASE WHEN $8::timestamptz IS NULL THEN $9::timestamptz END,
    updated_at = CASE WHEN status = $3 AND problem IS NOT DISTINCT FROM $4 THEN updated_at ELSE $9 END,
    submission_id = coalesce($10, submission_id), submission_step = coalesce($11, submission_step), version = version + 1
WHERE id = $1 AND version = $2
RETURNING tenant_id`

async function queue(
  client: pg.PoolClient,
  economyId: string,
  tenantId: string,
  { submission, at }: MessageChange,
): Promise<void> {
  if (!submission) return
  const { id, chainId, laneId, call } = submission
  await insertQueuedCall(client, {
    id,
    chainId,
    laneId,
    kind: 'gateway_call',
    of: { economyId, tenantId },
    call,
    at,
  })
}

async function tell(
  client: pg.PoolClient,
  ids: Ids,
  { tenantId, economyId, messageId }: { tenantId: string; economyId: string; messageId: string },
  { topic, status, problem, at }: MessageChange,
): Promise<void> {
  await client.query(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [ids.next(), tenantId, economyId, topic, messageId, JSON.stringify({ status, problem }), at],
  )
}

async function writeSteps(
  client: pg.PoolClient,
  { economyId, messageId }: { economyId: string; messageId: string },
  { steps, at }: MessageChange,
): Promise<void> {
  await client.query(
    `UPDATE gateway_message_step s
     SET status = seen.status, tx_hash = coalesce(seen.tx_hash, s.tx_hash),
         started_at = CASE WHEN seen.status = 'pending' THEN NULL ELSE coalesce(s.started_at, $6) END,
         finished_at = CASE WHEN seen.status = 'done' THEN coalesce(s.finished_at, $6) END
     FROM unnest($3::text[], $4::text[], $5::text[]) AS seen(name, status, tx_hash)
     WHERE s.economy_id = $1 AND s.message_id = $2 AND s.name = seen.name
       AND (s.status <> seen.status OR coalesce(seen.tx_hash, s.tx_hash) IS DISTINCT FROM s.tx_hash)`,
    [
      economyId,
      messageId,
      steps.map((step) => step.name),
      steps.map((step) => step.status),
      steps.map((step) => step.txHash),
      at,
    ],
  )
}

function toWork(row: WorkRow): MessageInWork {
  const ends = row.ends ?? []
  const backing = toBacking(row)
  const value = toEnd(ends, backing.valueChainId, backing.gateway)
  const utility = toEnd(ends, backing.utilityChainId, backing.coGateway)
  const { submission_id: id, submission_step: call, submission_status: status } = row
  return {
    message: toMessage(row),
    tenantId: row.tenant_id,
    version: row.version,
    refusals: row.refusals,
    secretJwe: row.secret_jwe,
    redeeming: toRedeeming(row),
    backing,
    source: row.kind === 'stake' ? value : utility,
    target: row.kind === 'stake' ? utility : value,
    submission:
      id === null || call === null || status === null
        ? null
        : { id, call, status, txHash: row.submission_tx_hash, revertReason: row.revert_reason },
    root:
      row.root_chain_id === null || row.root_height === null
        ? null
        : { chainId: Number(row.root_chain_id), height: Number(row.root_height) },
  }
}

/** The tokens are there for good once their transaction is final. */
function toRedeeming(row: WorkRow): MessageInWork['redeeming'] {
  const { redeemer_id: id, redeemer_address: address, key_jwe: keyJwe } = row
  const { allowance_signature: allowanceSignature, transaction_status: status } = row
  if (id === null || address === null || keyJwe === null || allowanceSignature === null) return null
  const funding = status === 'confirmed' ? 'arrived' : status === 'failed' ? 'failed' : 'pending'
  return { redeemer: { id, address, keyJwe, allowanceSignature }, funding }
}

function toEnd(ends: readonly EndRow[], chainId: number, gateway: string): GatewayEnd {
  const row = ends.find(({ id }) => Number(id) === chainId)
  if (!row?.anchor) throw new Error(`chain ${chainId} has no anchor`)
  const { final_number: number, final_hash: hash, final_mined_at: minedAt } = row
  return {
    chainId,
    gateway,
    anchor: row.anchor,
    blockTimeMs: row.block_time_ms,
    final:
      number === null || hash === null || minedAt === null
        ? null
        : { number: Number(number), hash, minedAt: new Date(minedAt) },
    lane:
      row.lane_id === null || row.lane_address === null
        ? null
        : { id: row.lane_id, address: row.lane_address },
  }
}
