import type { SealedKind } from '#core/chain/reseal-keys.ts'
import type { Database } from './database.ts'

/** The secrets by which webhooks are signed: those in force, or those before a rotation. */
export function webhookSecrets(
  { pool }: Pick<Database, 'pool'>,
  sealer: { isOutdated(sealed: string): boolean; reseal(sealed: string): string },
  column: 'secret' | 'previous_secret',
): SealedKind {
  return {
    name: column === 'secret' ? 'webhook_secret' : 'webhook_previous_secret',
    async read(after, limit) {
      const { rows } = await pool.query<{ id: string; sealed: string }>(
        `SELECT id, ${column} AS sealed FROM webhook_endpoint
         WHERE ${column} IS NOT NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`,
        [after, limit],
      )
      return rows
    },
    isOutdated: (sealed) => sealer.isOutdated(sealed),
    reseal: async ({ sealed }) => sealer.reseal(sealed),
    async replace(id, from, to) {
      const { rowCount } = await pool.query(
        `UPDATE webhook_endpoint SET ${column} = $3 WHERE id = $1 AND ${column} = $2`,
        [id, from, to],
      )
      return rowCount === 1
    },
  }
}
