import type { BlockHeader } from '#core/ledger/block.ts'
import type { ChainStore, FollowedChain } from '#core/ledger/chain-store.ts'
import type { Database } from './database.ts'

/** The followed chains, with the worker's role. */
export function createChainStore(database: Database): ChainStore {
  return {
    get: (chainId) => get(database, chainId),
    begin: (chainId, first) => begin(database, chainId, first),

    async canonicalHashes(chainId, from, to) {
      const { rows } = await database.pool.query<{ number: string; hash: string }>({
        name: 'chain_canonical_hashes',
        text: `SELECT number, hash FROM chain_block
               WHERE chain_id = $1 AND number BETWEEN $2 AND $3 AND status = 'canonical'`,
        values: [chainId, from, to],
      })
      return new Map(rows.map((row) => [Number(row.number), row.hash]))
    },

    async noteHead(chainId, headNumber) {
      await database.pool.query({
        name: 'chain_note_head',
        text: 'UPDATE chain_cursor SET head_number = $2, updated_at = now() WHERE chain_id = $1 AND head_number <> $2',
        values: [chainId, headNumber],
      })
    },

    async halt(chainId, reason) {
      const { rowCount } = await database.pool.query(
        `UPDATE chain SET status = 'halted', halt_reason = $2 WHERE id = $1 AND status = 'active'`,
        [chainId, reason],
      )
      return rowCount === 1
    },

    async resume(chainId) {
      const { rowCount } = await database.pool.query(
        `UPDATE chain SET status = 'active', halt_reason = NULL WHERE id = $1 AND status = 'halted'`,
        [chainId],
      )
      return rowCount === 1
    },
  }
}

async function get(database: Database, chainId: number): Promise<FollowedChain> {
  const { rows } = await database.pool.query<{
    status: FollowedChain['status']
    halt_reason: string | null
    finality_depth: number
    start_number: string | null
    block_number: string | null
    block_hash: string | null
    final_number: string | null
  }>({
    name: 'chain_get',
    text: `SELECT chain.status, chain.halt_reason, chain.finality_depth, chain.contracts->>'deployed_at_block' AS start_number,
                  cursor.block_number, cursor.block_hash, cursor.final_number
           FROM chain LEFT JOIN chain_cursor cursor ON cursor.chain_id = chain.id WHERE chain.id = $1`,
    values: [chainId],
  })
  const [row] = rows
  if (!row) throw new RangeError(`chain ${chainId} is unknown`)
  return {
    id: chainId,
    status: row.status,
    haltReason: row.halt_reason,
    finalityDepth: row.finality_depth,
    startNumber: Number(row.start_number ?? 0),
    position:
      row.block_hash === null
        ? null
        : {
            number: Number(row.block_number),
            hash: row.block_hash,
            finalNumber: Number(row.final_number),
          },
  }
}

async function begin(database: Database, chainId: number, first: BlockHeader): Promise<void> {
  await database.raw([], async (client) => {
    const { rowCount } = await client.query(
      `INSERT INTO chain_cursor (chain_id, block_number, block_hash, head_number, final_number)
       VALUES ($1, $2, $3, $2, $2) ON CONFLICT DO NOTHING`,
      [chainId, first.number, first.hash],
    )
    if (rowCount !== 1) return
    await client.query(
      'INSERT INTO chain_block (chain_id, number, hash, parent_hash, mined_at) VALUES ($1, $2, $3, $4, $5)',
      [chainId, first.number, first.hash, first.parentHash, first.minedAt],
    )
  })
}
