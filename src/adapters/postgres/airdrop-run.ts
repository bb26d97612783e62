import type pg from 'pg'
import type { Airdrop } from '#core/airdrop/airdrop.ts'
import type { AirdropChunk, AirdropRun } from '#core/airdrop/airdrop-run.ts'
import type { RuleCompiler } from '#core/rule/rule-compiler.ts'
import type { Ids } from '#core/shared/clock.ts'
import { createAcceptanceStore } from './acceptance-store.ts'
import { AIRDROP_COLUMNS, type AirdropRow, matchingUsers, toAirdrop } from './airdrop-row.ts'
import { type Database, withinTransaction } from './database.ts'

/** Running airdrops, with the worker's role. */
export function createAirdropRun(
  database: Pick<Database, 'rawByKeys'>,
  deps: { ids: Ids; compiler: RuleCompiler },
): AirdropRun {
  return {
    chunk: async (airdropId, work) =>
      database.rawByKeys([], async (client) => {
        const { rows } = await client.query<AirdropRow & { is_economy_active: boolean }>(
          `SELECT ${AIRDROP_COLUMNS}, e.status = 'active' AS is_economy_active
           FROM airdrop a JOIN economy e ON e.id = a.economy_id
           WHERE a.id = $1 AND a.status IN ('queued', 'running') FOR NO KEY UPDATE OF a`,
          [airdropId],
        )
        const [row] = rows
        return row
          ? work({ ...createChunk(client, toAirdrop(row), deps), isEconomyActive: row.is_economy_active })
          : null
      }),
  }
}

function createChunk(
  client: pg.PoolClient,
  airdrop: Airdrop,
  deps: { ids: Ids; compiler: RuleCompiler },
): Omit<AirdropChunk, 'isEconomyActive'> {
  const key = [airdrop.economyId, airdrop.id]
  return {
    airdrop,
    nextRecipients: async (limit) => nextRecipients(client, airdrop, limit),
    acceptance: createAcceptanceStore(
      { rawByKeysAtOnce: async (_tenantIds, work) => withinTransaction(client, work) },
      deps.compiler,
    ),

    async advance({ cursor, accepted, refused }, at) {
      await client.query(
        `UPDATE airdrop SET status = 'running', cursor = $3, accepted = accepted + $4, refused = refused + $5
         WHERE economy_id = $1 AND id = $2`,
        [...key, cursor, accepted, refused],
      )
      if (airdrop.status === 'queued') await appendEvent('airdrop.running', {}, at)
    },

    async complete(at) {
      await client.query(
        `UPDATE airdrop SET status = 'completed', refused = total - accepted, ended_at = $3 WHERE economy_id = $1 AND id = $2`,
        [...key, at],
      )
      const { total, accepted } = airdrop
      await appendEvent('airdrop.completed', { total, accepted, refused: total - accepted }, at)
    },

    async fail(reason, at) {
      await client.query(
        `UPDATE airdrop SET status = 'failed', failure_reason = $3, ended_at = $4 WHERE economy_id = $1 AND id = $2`,
        [...key, reason, at],
      )
      await appendEvent('airdrop.failed', { reason }, at)
    },
  }

  async function appendEvent(topic: string, payload: Record<string, unknown>, at: Date): Promise<void> {
    await client.query(
      `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [deps.ids.next(), airdrop.tenantId, airdrop.economyId, topic, airdrop.id, JSON.stringify(payload), at],
    )
  }
}

async function nextRecipients(client: pg.PoolClient, airdrop: Airdrop, limit: number): Promise<string[]> {
  const { recipients, cursor, economyId, lastUserId } = airdrop
  if (recipients.kind === 'list') {
    const { rows } = await client.query<{ id: string }>(
      `SELECT listed.id FROM airdrop a CROSS JOIN LATERAL unnest(a.recipient_ids) AS listed(id)
       WHERE a.economy_id = $1 AND a.id = $2 AND ($3::uuid IS NULL OR listed.id > $3) ORDER BY listed.id LIMIT $4`,
      [economyId, airdrop.id, cursor, limit],
    )
    return rows.map((row) => row.id)
  }
  const values: unknown[] = [cursor, lastUserId, limit]
  const condition = matchingUsers(economyId, recipients.kind === 'filter' ? recipients.filter : {}, values)
  const { rows } = await client.query<{ id: string }>(
    `SELECT u.id FROM economy_user u
     WHERE ${condition} AND ($1::uuid IS NULL OR u.id > $1) AND u.id <= $2::uuid ORDER BY u.id LIMIT $3`,
    values,
  )
  return rows.map((row) => row.id)
}
