import type { AnchoringStore, Anchoring, AnchorKey } from '#core/gateway/anchor-roots.ts'
import type { Database } from './database.ts'
import { FACILITATOR_LANE } from './gateway-chains.ts'
import { insertQueuedCall } from './queued-call.ts'

/** Heights that messages wait for, per look. */
const WANTED_MAX = 100
/** No anchor has more signers of ours. */
const KEYS_MAX = 100

const FIND = `
SELECT c.id::text AS chain_id, lower(c.contracts ->> 'anchor') AS anchor, remote.id::text AS remote_chain_id,
       cursor.final_number::text, block.hash AS final_hash, lane.id AS lane_id, lane.address AS lane_address,
       a.submission_id, a.anchored_at, last.status AS submission_status,
       ARRAY(SELECT DISTINCT m.root_height FROM gateway_message m WHERE m.root_chain_id = c.id AND m.ended_at IS NULL
             ORDER BY m.root_height DESC LIMIT ${WANTED_MAX})::text[] AS wanted
FROM chain c
JOIN chain remote ON remote.role <> c.role
  AND CASE WHEN c.role = 'utility' THEN remote.id::text = c.contracts ->> 'value_chain_id'
           ELSE remote.contracts ->> 'value_chain_id' = c.id::text END
LEFT JOIN chain_cursor cursor ON cursor.chain_id = remote.id
LEFT JOIN chain_block block ON block.chain_id = remote.id AND block.number = cursor.final_number AND block.status = 'canonical'
LEFT JOIN anchoring a ON a.chain_id = c.id
LEFT JOIN LATERAL (
  SELECT s.status FROM chain_submission s WHERE s.id = a.submission_id OR s.origin_id = a.submission_id
  ORDER BY s.created_at DESC, s.id DESC LIMIT 1) last ON true
${FACILITATOR_LANE}
WHERE c.id = $1 AND c.contracts ? 'anchor'
ORDER BY remote.id LIMIT 1`

interface AnchoringRow {
  chain_id: string
  anchor: string
  remote_chain_id: string
  final_number: string | null
  final_hash: string | null
  lane_id: string | null
  lane_address: string | null
  submission_id: string | null
  submission_status: NonNullable<Anchoring['submission']>['status'] | null
  anchored_at: Date | null
  wanted: string[]
}

/** Anchors in Postgres, with the worker's role. */
export function createAnchoringStore(database: Pick<Database, 'pool' | 'raw'>): AnchoringStore {
  return {
    async find(chainId, at) {
      const { rows } = await database.pool.query<AnchoringRow>(FIND, [chainId])
      const [row] = rows
      if (!row) return null
      await database.pool.query(
        `INSERT INTO anchoring (chain_id, looked_at) VALUES ($1, $2) ON CONFLICT (chain_id) DO UPDATE SET looked_at = EXCLUDED.looked_at`,
        [chainId, at],
      )
      const keys = await database.pool.query<{ id: string; address: string; key_jwe: string }>(
        `SELECT id, address, key_jwe FROM anchor_key ORDER BY id LIMIT ${KEYS_MAX}`,
      )
      return toAnchoring(
        row,
        keys.rows.map(({ id, address, key_jwe: keyJwe }) => ({ id, address, keyJwe })),
      )
    },

    record: async (seen, anchored) =>
      database.raw([], async (client) => {
        const { rowCount } = await client.query(
          `UPDATE anchoring SET submission_id = $3, height = $4, anchored_at = $5
           WHERE chain_id = $1 AND submission_id IS NOT DISTINCT FROM $2::uuid`,
          [seen.chainId, seen.submissionId, anchored.submissionId, anchored.height, anchored.at],
        )
        if (rowCount !== 1) return false
        const { submissionId: id, laneId, call, at } = anchored
        await insertQueuedCall(client, {
          id,
          chainId: seen.chainId,
          laneId,
          kind: 'anchor_root',
          of: null,
          call,
          at,
        })
        return true
      }),
  }
}

function toAnchoring(row: AnchoringRow, keys: AnchorKey[]): Anchoring {
  const { submission_id: id, submission_status: status } = row
  return {
    chainId: Number(row.chain_id),
    anchor: row.anchor,
    lane:
      row.lane_id === null || row.lane_address === null
        ? null
        : { id: row.lane_id, address: row.lane_address },
    remoteChainId: Number(row.remote_chain_id),
    remoteFinal:
      row.final_number === null || row.final_hash === null
        ? null
        : { number: Number(row.final_number), hash: row.final_hash },
    submission: id === null || status === null ? null : { id, status },
    anchoredAt: row.anchored_at,
    wanted: row.wanted.map(Number),
    keys,
  }
}
