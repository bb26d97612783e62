import { pathToFileURL } from 'node:url'
import { Client } from 'pg'

/** Transaction numbers used up per statement: a second or two. */
const NUMBERS_PER_STEP = 100_000
/** Beyond this it takes too long this way; an offline tool of PostgreSQL does it at once. */
const NUMBERS_MAX = 200_000_000

/** The outbox's order is made of the server's transaction numbers; a dump brings those of another server along. */
export class TooFarBehind extends Error {
  override readonly name = 'TooFarBehind'
}

/**
 * Brings the server's transaction counter past every number that a restored outbox holds, by using numbers up. Until then no
 * reader would see a new event. Not needed after a physical restore (base backup, snapshot, point in time), which brings the
 * counter along. May run any number of times, and be broken off.
 *
 * @returns how many numbers were used up.
 * @throws TooFarBehind naming the tool to use instead.
 */
export async function afterRestore(
  ownerUrl: string,
  say: (text: string) => void = () => {},
): Promise<number> {
  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ highest: string; current: string }>(
      `SELECT greatest((SELECT coalesce(max(xid), 0) FROM outbox_record), (SELECT coalesce(max(xid), 0) FROM outbox_cursor)) AS highest,
              pg_current_xact_id()::text::bigint AS current`,
    )
    const missing = Number(rows[0]?.highest ?? 0) - Number(rows[0]?.current ?? 0)
    if (missing < 0) return 0
    if (missing > NUMBERS_MAX) {
      throw new TooFarBehind(
        `The server is ${missing} transactions behind the outbox: stop it, run pg_resetwal --next-transaction-id=${rows[0]?.highest} on its data directory before restoring into it, and restore again.`,
      )
    }
    await client.query('SET synchronous_commit = off')
    for (let left = missing + 1; left > 0; left -= NUMBERS_PER_STEP) {
      say(`${left} transaction numbers to go`)
      // Each COMMIT of a transaction that has asked for its number uses one up.
      await client.query(
        `DO $$ BEGIN FOR i IN 1..${Math.min(left, NUMBERS_PER_STEP)} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
      )
    }
    return missing + 1
  } finally {
    await client.end()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const url = process.env['DATABASE_OWNER_URL']
  if (!url) {
    process.stderr.write('DATABASE_OWNER_URL is not set: give it the URL of the role ost_owner.\n')
    process.exitCode = 1
  } else {
    const used = await afterRestore(url, (text) => process.stdout.write(`${text}\n`))
    process.stdout.write(
      used === 0 ? 'Nothing to do.\n' : `Done: ${used} transaction numbers were used up.\n`,
    )
  }
}
