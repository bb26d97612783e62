import type { BackingDesk } from '#core/gateway/observe-backing.ts'
import { BACKING_COLUMNS, type BackingRow, toBacking } from './backing-row.ts'
import type { Database } from './database.ts'
import { finalBlock } from './gateway-chains.ts'

const FIND = `
SELECT ${BACKING_COLUMNS}, value.final_number::text AS value_block, value.hash AS value_hash,
       utility.final_number::text AS utility_block, utility.hash AS utility_hash
FROM backing b
${finalBlock('value', 'b.value_chain_id')}
${finalBlock('utility', 'b.utility_chain_id')}
WHERE b.economy_id = $1`

interface FoundRow extends BackingRow {
  value_block: string | null
  value_hash: string | null
  utility_block: string | null
  utility_hash: string | null
}

/** Backings in Postgres, with the worker's role. */
export function createBackingDesk(database: Pick<Database, 'pool'>): BackingDesk {
  return {
    async find(economyId) {
      const { rows } = await database.pool.query<FoundRow>(FIND, [economyId])
      const [row] = rows
      return row ? { backing: toBacking(row), final: finalOf(row) } : null
    },

    async record(economyId, { staked, inFlight, valueBlock, supply, utilityBlock, at }) {
      await database.pool.query(
        `UPDATE backing SET staked = $2, in_flight = $3, value_block = $4, value_block_hash = $5, supply = $6, utility_block = $7,
                utility_block_hash = $8, seen_at = $9
         WHERE economy_id = $1 AND coalesce(value_block, -1) <= $4 AND coalesce(utility_block, -1) <= $7`,
        [
          economyId,
          staked.toString(),
          inFlight.toString(),
          valueBlock.number,
          valueBlock.hash,
          supply.toString(),
          utilityBlock.number,
          utilityBlock.hash,
          at,
        ],
      )
    },
  }
}

function finalOf(row: FoundRow) {
  const { value_block, value_hash, utility_block, utility_hash } = row
  if (value_block === null || value_hash === null || utility_block === null || utility_hash === null)
    return null
  return {
    value: { number: Number(value_block), hash: value_hash },
    utility: { number: Number(utility_block), hash: utility_hash },
  }
}
