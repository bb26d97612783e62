import pg from 'pg'

/** How much an economy has behind it. */
export interface History {
  users: number
  /** Confirmed ones, one transfer each. */
  transactions: number
}

/** What the history is made of; ids of user and transaction follow from their number, see `seededId`. */
export interface SeededHistory {
  userIds(from: number, count: number): string[]
  transactionIds(from: number, count: number): string[]
  /** The label that every tenth transaction has. */
  label: { key: string; value: string }
}

/** Base units that each user was given by the token's issuance. */
export const SEEDED_GRANT = 1_000_000_000_000_000_000_000n
/** Base units of each transaction. */
const AMOUNT = 1_000_000_000_000_000n
const PAYMENTS_PER_SUBMISSION = 500
const DAYS = 90
const USER_NAMES = 1_000
/** Transactions that share a label: the labels of a campaign stay this many however long the history is. */
const LABEL_EVERY = 10
const LABELS = 50

/**
 * Writes the past of an active economy, set-based: users with wallets and accounts, confirmed transactions with everything
 * that acceptance, lane and indexer leave behind (labels, activity, submissions and attempts, ledger
 * entries). The outbox and the idempotency records are pruned, as they would be by then.
 *
 * The ledger's invariants hold: entries sum to zero, every account's balance is the sum of its entries, nothing is held. The
 * chain knows nothing of it: whoever wants to move a seeded user's money on a real chain must put it there first. Submissions
 * hang on a retired lane of their own, so that no living lane's nonces change.
 *
 * Each table is loaded without the indexes that its rows would hit at random, which are built afterwards, in one database
 * transaction per table. @param url of a superuser: foreign keys and triggers rest meanwhile. May run once per economy.
 */
export async function seedHistory(url: string, economyId: string, history: History): Promise<SeededHistory> {
  const economy = await readEconomy(url, economyId)
  const { users, transactions } = history
  if (users < 3) throw new RangeError('a history needs three users')
  const endMs = Date.now() - 3_600_000
  const startMs = endMs - DAYS * 86_400_000
  const seed: Seed = {
    ...economy,
    ...history,
    usersFromMs: startMs - 86_400_000,
    // Rows of one millisecond differ by their number.
    transactionsFromMs: startMs,
    stepMs: Math.max(1, Math.floor((endMs - startMs) / Math.max(1, transactions))),
  }
  // The two halves are about equally much work, for two cores; each table is in one of them.
  await Promise.all([
    inSession(url, seed, [loadTransactions, loadLabels]),
    inSession(url, seed, [loadUsers, loadSubmissions, loadEntries, loadActivity]),
  ])
  await Promise.all(TABLES.map((tables) => vacuum(url, tables)))
  const idsOf = (kind: keyof typeof KINDS) => (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => seededId(seed, kind, from + index))
  return { userIds: idsOf('user'), transactionIds: idsOf('transaction'), label: LABEL }
}

const LABEL = { key: 'campaign', value: 'c7' }

interface Economy {
  economyId: string
  tenantId: string
  chainId: string
  typeId: string
}

interface Seed extends Economy, History {
  usersFromMs: number
  transactionsFromMs: number
  stepMs: number
}

const KINDS = { user: 1, transaction: 2, submission: 3 }

/** The UUIDv7 of the row with this number: later numbers sort later. */
function seededId(seed: Seed, kind: keyof typeof KINDS, number: number): string {
  const ms = kind === 'user' ? seed.usersFromMs : seed.transactionsFromMs + number * seed.stepMs
  const hex = ms.toString(16).padStart(12, '0')
  const end = seed.economyId.slice(-8, -4) + number.toString(16).padStart(8, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${KINDS[kind].toString().padStart(3, '0')}-8000-${end}`
}

/** The same in SQL. */
function idSql(seed: Seed, kind: keyof typeof KINDS, number: string): string {
  const ms =
    kind === 'user'
      ? `${seed.usersFromMs}`
      : `${seed.transactionsFromMs} + (${number})::bigint * ${seed.stepMs}`
  const middle = `7${KINDS[kind].toString().padStart(3, '0')}8000${seed.economyId.slice(-8, -4)}`
  return `(lpad(to_hex((${ms})::bigint), 12, '0') || '${middle}' || lpad(to_hex((${number})::bigint), 8, '0'))::uuid`
}

/** The numbers of payer and payee: in each round of as many transactions as there are users, each pays once and is paid once. */
function partiesOf({ users }: Seed) {
  // No divisor of any number of users below it, so `i * STRIDE mod users` meets every user once, in no order of theirs.
  const stride = 2_147_483_647
  const from = `((i::bigint * ${stride}) % ${users})`
  const to = `((i::bigint * ${stride} + 1 + (i / ${users})::bigint * 7919 % ${users - 1}) % ${users})`
  return { from, to }
}

const at = (seed: Seed, number: string) =>
  `to_timestamp((${seed.transactionsFromMs} + (${number})::bigint * ${seed.stepMs}) / 1000.0)`
const submissionOf = `(i / ${PAYMENTS_PER_SUBMISSION})`
const hash = (kind: string, seed: Seed, number: string) =>
  `'0x' || md5('${kind}${seed.economyId}' || ${number}) || md5(${number} || '${seed.economyId}')`
const address = (seed: Seed, number: string) =>
  `'0x' || left(md5('${seed.economyId}' || ${number}), 32) || lpad(to_hex((${number})::bigint), 8, '0')`
const series = (count: number) => `generate_series(0, ${count - 1}) AS i`

async function loadUsers(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, users, transactions } = seed
  const id = idSql(seed, 'user', 'i')
  const createdAt = `to_timestamp(${seed.usersFromMs} / 1000.0)`
  await withoutIndexes(client, 'economy_user', () =>
    client.query(
      `INSERT INTO economy_user (economy_id, id, tenant_id, external_id, name, created_at, updated_at)
       SELECT '${economyId}', ${id}, '${tenantId}', 'seeded-' || i, 'User ' || i % ${USER_NAMES}, ${createdAt}, ${createdAt}
       FROM ${series(users)}`,
    ),
  )
  await withoutIndexes(client, 'wallet', () =>
    client.query(
      `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt, created_at)
       SELECT '${economyId}', ${id}, '${tenantId}', ${address(seed, 'i')}, decode(lpad(to_hex(i), 24, '0'), 'hex'), ${createdAt}
       FROM ${series(users)}`,
    ),
  )
  // A full round leaves every balance as it was: what differs comes from the last one, if it is not full.
  const first = transactions - (transactions % users)
  const { from, to } = partiesOf(seed)
  await withoutIndexes(client, 'account', () =>
    client.query(
      `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled)
       SELECT '${economyId}', ${id}, '${tenantId}', 'wallet', ${address(seed, 'i')}, ${SEEDED_GRANT} + coalesce(moved.amount, 0)
       FROM ${series(users)} LEFT JOIN (
         SELECT number, sum(amount) AS amount FROM (
           SELECT ${from} AS number, -${AMOUNT}::numeric AS amount FROM generate_series(${first}, ${transactions - 1}) AS i
           UNION ALL SELECT ${to}, ${AMOUNT} FROM generate_series(${first}, ${transactions - 1}) AS i) AS leg
         GROUP BY number) AS moved ON moved.number = i`,
    ),
  )
  await client.query(
    `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled)
     VALUES ($1, gen_random_uuid(), $2, 'issuance', '0x${'0'.repeat(40)}', $3)
     ON CONFLICT (economy_id, address) DO UPDATE SET settled = account.settled + excluded.settled`,
    [economyId, tenantId, (-SEEDED_GRANT * BigInt(users)).toString()],
  )
}

async function loadTransactions(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, typeId, transactions } = seed
  const { from, to } = partiesOf(seed)
  const fillfactor = await fillfactorOf(client, 'transaction')
  // Rows that have ended leave as much of their page empty as this, having grown since they were young.
  await client.query('ALTER TABLE transaction SET (fillfactor = 75)')
  await withoutIndexes(client, 'transaction', () =>
    client.query(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, status, metadata, config_version,
                                submission_id, payment_index, block_number, tx_hash, created_at, submitted_at, mined_at, ended_at)
       SELECT '${economyId}', ${idSql(seed, 'transaction', 'i')}, '${tenantId}', '${typeId}', ${idSql(seed, 'user', from)},
              ${idSql(seed, 'user', to)}, ${AMOUNT}, 'confirmed',
              CASE WHEN i % ${LABEL_EVERY} = 0 THEN ${metadataSql} ELSE '{}' END, 1,
              ${idSql(seed, 'submission', submissionOf)}, i % ${PAYMENTS_PER_SUBMISSION}, ${submissionOf} + 1,
              ${hash('tx', seed, submissionOf)}, moment, moment + interval '1 second', moment + interval '2 seconds',
              moment + interval '9 seconds'
       FROM ${series(transactions)} CROSS JOIN LATERAL (SELECT ${at(seed, 'i')}) AS t(moment)`,
    ),
  )
  await client.query(`ALTER TABLE transaction SET (fillfactor = ${fillfactor})`)
}

async function fillfactorOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ fillfactor: string }>(
    `SELECT option_value AS fillfactor FROM pg_class CROSS JOIN LATERAL pg_options_to_table(reloptions)
     WHERE oid = $1::regclass AND option_name = 'fillfactor'`,
    [table],
  )
  return Number(rows[0]?.fillfactor ?? 100)
}

const labelValue = `'c' || (i / ${LABEL_EVERY}) % ${LABELS}`
const metadataSql = `jsonb_build_object('${LABEL.key}', ${labelValue})`

async function loadLabels(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, transactions } = seed
  await client.query(
    `INSERT INTO transaction_label (economy_id, label, transaction_id, tenant_id)
     SELECT '${economyId}', '${LABEL.key}=' || ${labelValue}, ${idSql(seed, 'transaction', 'i')}, '${tenantId}'
     FROM generate_series(0, ${transactions - 1}, ${LABEL_EVERY}) AS i
     ORDER BY 2, 3`,
  )
}

async function loadActivity(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, transactions } = seed
  const { from } = partiesOf(seed)
  await client.query(
    `INSERT INTO activity (economy_id, subject_id, hour, tenant_id, count, amount)
     SELECT '${economyId}', ${idSql(seed, 'user', from)}, date_trunc('hour', ${at(seed, 'i')}), '${tenantId}', count(*), ${AMOUNT} * count(*)
     FROM ${series(transactions)} GROUP BY 2, 3 ORDER BY 2, 3`,
  )
}

/** Each on the lane that is no longer used, and each in a block of its own. */
async function loadSubmissions(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, chainId, transactions } = seed
  const lane = await client.query<{ id: string }>(
    `INSERT INTO lane (id, chain_id, address, key_jwe, status, pause_reason)
     VALUES (gen_random_uuid(), $1, '0x' || left(md5($2) || md5($2), 40), 'retired', 'paused', 'operator') RETURNING id`,
    [chainId, economyId],
  )
  const laneId = lane.rows[0]?.id
  const submissions = Math.ceil(transactions / PAYMENTS_PER_SUBMISSION)
  const [id, txHash] = [idSql(seed, 'submission', 's'), hash('tx', seed, 's')]
  await client.query(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                   transaction_ids, block_number, block_hash, tx_hash, gas_used, effective_gas_price, created_at,
                                   signed_at, mined_at, ended_at)
     SELECT ${id}, ${chainId}, '${laneId}', '${economyId}', '${tenantId}', 'transfer_batch', ${address(seed, 's')},
            decode(repeat('ab', 1000), 'hex'), 10000000, s, 'confirmed', payment.ids, s + 1, ${hash('block', seed, 's')}, ${txHash},
            5000000, 1000000000, moment, moment, moment, moment
     FROM generate_series(0, ${submissions - 1}) AS s
     CROSS JOIN LATERAL (
       SELECT array_agg(${idSql(seed, 'transaction', 'i')} ORDER BY i) AS ids, ${at(seed, `s * ${PAYMENTS_PER_SUBMISSION}`)} AS moment
       FROM generate_series(s * ${PAYMENTS_PER_SUBMISSION}, least(s * ${PAYMENTS_PER_SUBMISSION} + ${PAYMENTS_PER_SUBMISSION}, ${transactions}) - 1) AS i
     ) AS payment`,
  )
  await client.query(
    `INSERT INTO submission_attempt (submission_id, attempt, tenant_id, raw_tx, tx_hash, max_fee_per_gas, max_priority_fee_per_gas)
     SELECT ${id}, 1, '${tenantId}', decode(repeat('ab', 1000), 'hex'), ${txHash}, 1000000000, 1000000000
     FROM generate_series(0, ${submissions - 1}) AS s`,
  )
}

/** In the order of blocks, as the indexer writes them: the grants first, then both sides of every transfer. */
async function loadEntries(client: pg.Client, seed: Seed): Promise<void> {
  const { economyId, tenantId, users, transactions } = seed
  const { from, to } = partiesOf(seed)
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM account WHERE economy_id = $1 AND kind = 'issuance'`,
    [economyId],
  )
  const issuance = `'${rows[0]?.id}'::uuid`
  const columns = `economy_id, account_id, block_number, log_index, side, tenant_id, block_hash, tx_hash, counter_account_id, amount,
                   transaction_id, created_at`
  const sides = `CROSS JOIN LATERAL (VALUES ('debit', leg.from_id, leg.to_id, -1), ('credit', leg.to_id, leg.from_id, 1))
                   AS side(name, account_id, counter_account_id, sign)`
  const select = (leg: string, amount: bigint) =>
    `INSERT INTO entry (${columns})
     SELECT '${economyId}', side.account_id, leg.block, leg.log_index, side.name, '${tenantId}',
            decode(substr(leg.block_hash, 3), 'hex'), decode(substr(leg.tx_hash, 3), 'hex'), side.counter_account_id,
            side.sign * ${amount}::numeric, leg.transaction_id, leg.moment
     FROM (${leg}) AS leg ${sides}`
  await withoutIndexes(
    client,
    'entry',
    async () => {
      await client.query(
        select(
          `SELECT ${issuance} AS from_id, ${idSql(seed, 'user', 'i')} AS to_id, 0::bigint AS block, i AS log_index,
                  ${hash('block', seed, "'first'")} AS block_hash, ${hash('tx', seed, "'first'")} AS tx_hash,
                  NULL::uuid AS transaction_id, to_timestamp(${seed.usersFromMs} / 1000.0) AS moment
           FROM ${series(users)}`,
          SEEDED_GRANT,
        ),
      )
      await client.query(
        select(
          `SELECT ${idSql(seed, 'user', from)} AS from_id, ${idSql(seed, 'user', to)} AS to_id, (${submissionOf} + 1)::bigint AS block,
                  i % ${PAYMENTS_PER_SUBMISSION} AS log_index, ${hash('block', seed, submissionOf)} AS block_hash,
                  ${hash('tx', seed, submissionOf)} AS tx_hash, ${idSql(seed, 'transaction', 'i')} AS transaction_id,
                  ${at(seed, 'i')} + interval '2 seconds' AS moment
           FROM ${series(transactions)}`,
          AMOUNT,
        ),
      )
    },
    ['entry_pkey'],
  )
}

/** What is vacuumed together: about half of the rows each. */
const TABLES = [
  ['transaction', 'transaction_label', 'economy_user', 'wallet'],
  ['entry', 'account', 'activity', 'chain_submission', 'submission_attempt'],
]

async function readEconomy(url: string, economyId: string): Promise<Economy> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ tenant_id: string; chain_id: string; type_id: string | null }>(
      `SELECT tenant_id, chain_id,
              (SELECT id FROM transaction_type WHERE economy_id = $1 AND kind = 'user_to_user' ORDER BY name DESC LIMIT 1) AS type_id
       FROM economy WHERE id = $1`,
      [economyId],
    )
    const [row] = rows
    if (!row?.type_id) throw new Error('the economy must exist and have a transaction type between users')
    return { economyId, tenantId: row.tenant_id, chainId: row.chain_id, typeId: row.type_id }
  })
}

type Load = (client: pg.Client, seed: Seed) => Promise<void>

async function inSession(url: string, seed: Seed, loads: readonly Load[]): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(
      `SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '1GB'`,
    )
    for (const load of loads) {
      await client.query('BEGIN')
      await load(client, seed)
      await client.query('COMMIT')
    }
  })
}

/** Takes the table's indexes away, but those of constraints that are not named, and builds them again after `load`. */
async function withoutIndexes(
  client: pg.Client,
  table: string,
  load: () => Promise<unknown>,
  constraints: readonly string[] = [],
): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
     WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`,
    [table],
  )
  const { rows: keys } = await client.query<{ name: string; definition: string }>(
    `SELECT quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = $1::regclass AND conname = ANY ($2::text[])`,
    [table, constraints],
  )
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`)
  for (const { name } of keys) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`)
  await load()
  for (const { name, definition } of keys)
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`)
  for (const { definition } of indexes) await client.query(definition)
}

async function vacuum(url: string, tables: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const table of tables) await client.query(`VACUUM (ANALYZE) ${table}`)
  })
}

async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
