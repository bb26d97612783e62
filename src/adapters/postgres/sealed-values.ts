import type { SealedKind } from '#core/chain/reseal-keys.ts'
import type { KeyVault } from '#core/chain/key-vault.ts'
import type { Database } from './database.ts'

type Pool = Pick<Database, 'pool'>

/** Seals text anew; see adapters/crypto/sealer.ts. */
export interface Resealer {
  isOutdated(sealed: string): boolean
  reseal(sealed: string): string
}

/** Everything that is stored sealed, with the worker's role. A table that seals something new adds its kind here. */
export function createSealedKinds(
  database: Pool,
  keys: { keyVault: KeyVault; sealer: Resealer },
): SealedKind[] {
  return [
    vaultKeys(database, keys.keyVault, RELAYER_KEYS),
    vaultKeys(database, keys.keyVault, ANCHOR_KEYS),
    vaultKeys(database, keys.keyVault, REDEEMER_KEYS),
    vaultKeys(database, keys.keyVault, HASH_LOCK_SECRETS),
    ...SEALED_COLUMNS.map((column) => sealedColumn(database, keys.sealer, column)),
    storedResponses(database, keys.sealer),
  ]
}

/** Where the vault's envelopes stand: a table, its sealed column, and the column that is bound into them beside the id. */
interface VaultTable {
  name: string
  table: 'lane' | 'anchor_key' | 'redeemer' | 'gateway_message'
  sealed: 'key_jwe' | 'secret_jwe'
  address: 'address' | 'hash_lock'
}

const RELAYER_KEYS: VaultTable = {
  name: 'relayer_key',
  table: 'lane',
  sealed: 'key_jwe',
  address: 'address',
}
const ANCHOR_KEYS: VaultTable = {
  name: 'anchor_key',
  table: 'anchor_key',
  sealed: 'key_jwe',
  address: 'address',
}
const REDEEMER_KEYS: VaultTable = {
  name: 'redeemer_key',
  table: 'redeemer',
  sealed: 'key_jwe',
  address: 'address',
}
const HASH_LOCK_SECRETS: VaultTable = {
  name: 'hash_lock_secret',
  table: 'gateway_message',
  sealed: 'secret_jwe',
  address: 'hash_lock',
}

/** Private keys, and secrets of hash locks. */
function vaultKeys(
  { pool }: Pool,
  keyVault: KeyVault,
  { name, table, sealed: column, address: bound }: VaultTable,
): SealedKind {
  const addresses = new Map<string, string>()
  return {
    name,
    async read(after, limit) {
      const { rows } = await pool.query<{ id: string; address: string; sealed: string }>(
        `SELECT id, ${bound} AS address, ${column} AS sealed FROM ${table} WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2`,
        [after, limit],
      )
      for (const row of rows) addresses.set(row.id, row.address)
      return rows.map((row) => ({ id: row.id, sealed: row.sealed }))
    },
    isOutdated: (sealed) => keyVault.isOutdated(sealed),
    async reseal({ id, sealed }) {
      const binding = { laneId: id, address: addresses.get(id) ?? '' }
      const privateKey = await keyVault.open(sealed, binding)
      try {
        return await keyVault.seal(privateKey, binding)
      } finally {
        privateKey.fill(0)
      }
    },
    replace: replaceIn(pool, table, column),
  }
}

/** A column of sealed text, in rows with an id. */
interface SealedColumn {
  name: string
  table: 'api_key' | 'token_signing_key' | 'webhook_endpoint'
  column: 'signing_key' | 'private_key' | 'secret' | 'previous_secret'
  /** Which rows have sealed text there. */
  where: string
}

const SEALED_COLUMNS: readonly SealedColumn[] = [
  // What API keys and we sign requests with; of Ed25519 only the public key is kept.
  {
    name: 'signing_secret',
    table: 'api_key',
    column: 'signing_key',
    where: `signing_algorithm <> 'ed25519'`,
  },
  // What signs the access tokens of people.
  { name: 'token_signing_key', table: 'token_signing_key', column: 'private_key', where: 'true' },
  // What webhooks are signed with: the secret in force, and the one before a rotation.
  { name: 'webhook_secret', table: 'webhook_endpoint', column: 'secret', where: 'secret IS NOT NULL' },
  {
    name: 'webhook_previous_secret',
    table: 'webhook_endpoint',
    column: 'previous_secret',
    where: 'previous_secret IS NOT NULL',
  },
]

function sealedColumn(
  { pool }: Pool,
  sealer: Resealer,
  { name, table, column, where }: SealedColumn,
): SealedKind {
  return {
    name,
    async read(after, limit) {
      const { rows } = await pool.query<{ id: string; sealed: string }>(
        `SELECT id, ${column} AS sealed FROM ${table} WHERE ${where} AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`,
        [after, limit],
      )
      return rows
    },
    isOutdated: (sealed) => sealer.isOutdated(sealed),
    reseal: async ({ sealed }) => sealer.reseal(sealed),
    replace: replaceIn(pool, table, column),
  }
}

/** Compare-and-set: what changed meanwhile is left as it is. */
function replaceIn(pool: Database['pool'], table: string, column: string): SealedKind['replace'] {
  return async (id, from, to) => {
    const { rowCount } = await pool.query(
      `UPDATE ${table} SET ${column} = $3 WHERE id = $1 AND ${column} = $2`,
      [id, from, to],
    )
    return rowCount === 1
  }
}

/** First results of requests with an Idempotency-Key: some hold an API key's secret. */
function storedResponses({ pool }: Pool, sealer: Resealer): SealedKind {
  return {
    name: 'stored_response',
    async read(after, limit) {
      const { scopeId, key } = after === null ? { scopeId: null, key: null } : readPlace(after)
      const { rows } = await pool.query<{ scope_id: string; key: string; sealed: string }>(
        `SELECT scope_id, key, response #>> '{}' AS sealed FROM idempotency_record
         WHERE status IS NOT NULL AND ($1::uuid IS NULL OR (scope_id, key) > ($1, $2)) ORDER BY scope_id, key LIMIT $3`,
        [scopeId, key, limit],
      )
      return rows.map((row) => ({ id: `${row.scope_id}/${row.key}`, sealed: row.sealed }))
    },
    isOutdated: (sealed) => sealer.isOutdated(sealed),
    reseal: async ({ sealed }) => sealer.reseal(sealed),
    async replace(id, from, to) {
      const { scopeId, key } = readPlace(id)
      const { rowCount } = await pool.query(
        `UPDATE idempotency_record SET response = to_jsonb($4::text)
         WHERE scope_id = $1 AND key = $2 AND status IS NOT NULL AND response = to_jsonb($3::text)`,
        [scopeId, key, from, to],
      )
      return rowCount === 1
    },
  }
}

const UUID_LENGTH = 36

/** A key may hold any character; a scope's id has always the same length. */
function readPlace(id: string): { scopeId: string; key: string } {
  return { scopeId: id.slice(0, UUID_LENGTH), key: id.slice(UUID_LENGTH + 1) }
}
