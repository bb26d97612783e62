import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import {
  type SignInGuard,
  type SignInSubject,
  type Tallies,
  TALLY_KINDS,
  type Tally,
  type TallyKind,
} from '#core/session/sign-in-guard.ts'
import type { Database } from './database.ts'

interface TallyRow {
  key: string
  failures: number
  last_failed_at: Date | null
  blocked_until: Date | null
  trusted_until: Date | null
}

/** Tallies in Postgres: all processes see the same, and a restart forgives nothing. */
export function createSignInGuard(database: Pick<Database, 'raw'>): SignInGuard {
  return {
    update: (subject, now, work) =>
      database.raw([], async (client) => {
        const keys = keysOf(subject)
        // In one order, so that two attempts never wait for each other.
        const sorted = Object.values(keys).toSorted()
        await client.query(
          `INSERT INTO sign_in_tally (key, updated_at) SELECT k, $2 FROM unnest($1::text[]) k ORDER BY k ON CONFLICT DO NOTHING`,
          [sorted, now],
        )
        const { rows } = await client.query<TallyRow>(
          'SELECT * FROM sign_in_tally WHERE key = ANY ($1) ORDER BY key FOR UPDATE',
          [sorted],
        )
        const byKey = new Map(rows.map((row) => [row.key, row]))
        const { tallies, result } = work(talliesOf(keys, byKey))
        if (tallies) {
          for (const kind of TALLY_KINDS) {
            const { failures, lastFailedAt, blockedUntil, trustedUntil } = tallies[kind]
            await client.query(
              `UPDATE sign_in_tally SET failures = $2, last_failed_at = $3, blocked_until = $4, trusted_until = $5, updated_at = $6 WHERE key = $1`,
              [keys[kind], failures, lastFailedAt, blockedUntil, trustedUntil, now],
            )
          }
        }
        return result
      }),
  }
}

function talliesOf(keys: Record<TallyKind, string>, rows: ReadonlyMap<string, TallyRow>): Tallies {
  const tally = (kind: TallyKind): Tally => {
    const row = rows.get(keys[kind])
    return {
      failures: row?.failures ?? 0,
      lastFailedAt: row?.last_failed_at ?? null,
      blockedUntil: row?.blocked_until ?? null,
      trustedUntil: row?.trusted_until ?? null,
    }
  }
  return { pair: tally('pair'), account: tally('account'), address: tally('address') }
}

function keysOf({ account, address }: SignInSubject): Record<TallyKind, string> {
  const network = networkOf(address)
  return {
    pair: digest('pair', account, network),
    account: digest('account', account),
    address: digest('address', network),
  }
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

/** Whoever has an IPv6 address has the 2^64 around it. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address.replace(/^::ffff:/, '')
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...after]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
