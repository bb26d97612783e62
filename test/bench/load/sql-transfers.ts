import pg from 'pg'
import { randomUUID } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { type Population, uuidOf } from '../population.ts'
import type { Payment } from '../requests.ts'

/** Clients at once, as the issue fixes it. */
const CLIENTS = 32

/**
 * The baseline of the accept rows: 32 clients of the `pg` driver, one small SQL transaction per transfer that writes what the
 * platform writes, with prepared statements, as an engineer writes it without thinking of batches. Accounts are changed in the
 * order of their ids, so that no two transactions deadlock.
 *
 * @returns transfers per second.
 */
export async function runSqlTransfers(
  ownerUrl: string,
  population: Population,
  payments: readonly Payment[],
): Promise<number> {
  const userIds = population.userIds.map((id) => uuidOf('usr', id))
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = new pg.Client({ connectionString: ownerUrl })
      await client.connect()
      return client
    }),
  )
  try {
    // Statements are prepared, and connections warm, before the clock runs.
    const warmUp = payments.slice(0, CLIENTS)
    await Promise.all(clients.map((client, index) => transfer(client, population, userIds, warmUp[index])))
    const measured = payments.slice(CLIENTS)
    let next = 0
    const startedAt = performance.now()
    await Promise.all(
      clients.map(async (client) => {
        for (let payment = measured[next++]; payment !== undefined; payment = measured[next++]) {
          await transfer(client, population, userIds, payment)
        }
      }),
    )
    return (measured.length * 1_000) / (performance.now() - startedAt)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

async function transfer(
  client: pg.Client,
  { tenantId, economyId, payTypeId }: Population,
  userIds: readonly string[],
  payment: Payment | undefined,
): Promise<void> {
  if (!payment) return
  const payer = userIds[payment.from] ?? ''
  const recipient = userIds[payment.to] ?? ''
  const amount = payment.amount.toString()
  const id = uuidv7()
  const run = (statement: { name: string; text: string }, values: unknown[]) =>
    client.query({ ...statement, values })
  await client.query(BEGIN)
  await run(CLAIM_KEY, [economyId, randomUUID(), tenantId, FINGERPRINT, id])
  const reserve = async () => {
    const { rowCount } = await run(RESERVE, [economyId, payer, amount])
    if (rowCount !== 1) throw new Error('the payer has too little')
  }
  const announce = () => run(ANNOUNCE, [economyId, recipient, amount])
  if (payer < recipient) {
    await reserve()
    await announce()
  } else {
    await announce()
    await reserve()
  }
  await run(INSERT_TRANSACTION, [economyId, id, tenantId, payTypeId, payer, recipient, amount])
  await run(INSERT_EVENT, [id, tenantId, economyId])
  await client.query(COMMIT)
}

const FINGERPRINT = JSON.stringify({ type: 'pay', body: 'c29tZSBmaW5nZXJwcmludCBvZiB0aGUgcmVxdWVzdA' })
const BEGIN = { name: 'begin', text: 'BEGIN' }
const COMMIT = { name: 'commit', text: 'COMMIT' }
const CLAIM_KEY = {
  name: 'claim_key',
  text: `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, transaction_id) VALUES ($1, $2, $3, $4, $5)`,
}
const RESERVE = {
  name: 'reserve',
  text: `UPDATE wallet w SET reserved = reserved + $3::numeric, reserved_at = now() FROM account a
         WHERE w.economy_id = $1 AND w.user_id = $2 AND a.economy_id = $1 AND a.id = $2
           AND a.settled + a.released - w.reserved >= $3::numeric`,
}
const ANNOUNCE = {
  name: 'announce',
  text: `UPDATE wallet SET announced = announced + $3::numeric, reserved_at = now() WHERE economy_id = $1 AND user_id = $2`,
}
const INSERT_TRANSACTION = {
  name: 'insert_transaction',
  text: `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`,
}
const INSERT_EVENT = {
  name: 'insert_event',
  text: `INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids)
         VALUES ($1, $2, $3, 'transaction.queued', ARRAY[$1::uuid], ARRAY[$1::uuid])`,
}
