import type { TokenKey, TokenKeyStore } from '#core/session/access-tokens.ts'
import type { Database } from './database.ts'

/** Any number; of this one purpose in the database. */
const LOCK = 7_403_117

interface KeyRow {
  id: string
  public_key: string
  private_key: string
  created_at: Date
  signs_from: Date
  signs_until: Date
  expires_at: Date
}

const LIST = 'SELECT * FROM token_signing_key WHERE expires_at > $1 ORDER BY signs_from'

/** The keys of all processes. Two that miss one at the same time make one. */
export function createTokenKeyStore(database: Pick<Database, 'raw' | 'readForNobody'>): TokenKeyStore {
  return {
    list: async (now) => (await database.readForNobody<KeyRow>('token_keys', LIST, [now])).map(toKey),

    add: (now, make) =>
      database.raw([], async (client) => {
        await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
        const keys = (await client.query<KeyRow>(LIST, [now])).rows.map(toKey)
        const key = make(keys)
        if (!key) return keys
        await client.query(
          `INSERT INTO token_signing_key (id, public_key, private_key, created_at, signs_from, signs_until, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [
            key.id,
            key.publicKey,
            key.sealedPrivateKey,
            key.createdAt,
            key.signsFrom,
            key.signsUntil,
            key.expiresAt,
          ],
        )
        return [...keys, key]
      }),
  }
}

function toKey(row: KeyRow): TokenKey {
  return {
    id: row.id,
    publicKey: row.public_key,
    sealedPrivateKey: row.private_key,
    createdAt: row.created_at,
    signsFrom: row.signs_from,
    signsUntil: row.signs_until,
    expiresAt: row.expires_at,
  }
}
