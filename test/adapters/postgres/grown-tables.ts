import { toWire } from '#apps/api/presenters/wire-id.ts'
import { type SeededHistory, seedHistory } from '#test/bench/seed-history.ts'
import { type TestApi, uuidOfWire } from '#test/support/api.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'

export const USERS = 4_000
export const TRANSACTIONS = 24_000
/** Rows of every other table that grows. */
const ROWS = 6_000
/** Transactions of a submission that is on its way, and how many of those are mined. */
const BATCH = 100
const MINED = 400

/** A tenant whose tables have grown, among others. Wire ids. */
export interface Grown {
  economy: string
  /** Has paid, was paid and has ledger entries as everybody. */
  user: string
  otherUser: string
  company: string
  tip: string
  reward: string
  airdrop: string
  rule: string
  webhook: string
  /** Ordered seldom. */
  sku: string
  /** Half of the past is before it. */
  midway: string
  history: SeededHistory
}

export async function growTables(api: TestApi): Promise<Grown> {
  const tenantId = uuidOfWire(api.tenant.id)
  const { ownerUrl, adminUrl } = api.database
  const mine = await insertEconomy(ownerUrl, { tenantId, balances: [1_000n, 0n], company: 10_000n })
  const history = await seedHistory(adminUrl, mine.economyId, { users: USERS, transactions: TRANSACTIONS })
  const [userId = '', otherUserId = ''] = history.userIds(0, 2)
  const airdropId = await addTransactions(api, mine, userId)
  await moveStates(api, mine)
  const ids = await addRest(api, mine)
  await addStakes(api, mine.economyId, mine.tenantId)
  const skuId = await addRedemptions(api, mine, history.transactionIds(0, ROWS))
  for (const _other of [1, 2]) {
    const other = await insertEconomy(ownerUrl, { balances: [1n, 0n] })
    await seedHistory(adminUrl, other.economyId, { users: 500, transactions: 3_000 })
  }
  await api.sql('ANALYZE')
  const [half] = await api.sql('SELECT created_at FROM transaction WHERE economy_id = $1 AND id = $2', [
    mine.economyId,
    history.transactionIds(TRANSACTIONS / 2, 1)[0],
  ])
  return {
    economy: toWire('eco', mine.economyId),
    user: toWire('usr', userId),
    otherUser: toWire('usr', otherUserId),
    company: toWire('usr', mine.companyId),
    tip: toWire('typ', mine.types.tip),
    reward: toWire('typ', mine.types.reward),
    airdrop: toWire('air', airdropId),
    rule: toWire('rul', ids.ruleId),
    webhook: toWire('whk', ids.webhookId),
    sku: toWire('sku', skuId),
    midway: new Date(String(half?.created_at)).toISOString(),
    history,
  }
}

/** What is on its way and what has failed: rewards of the company's, and of an airdrop's. */
async function addTransactions(api: TestApi, economy: EconomyFixture, userId: string): Promise<string> {
  const [row] = await api.sql(
    `INSERT INTO airdrop (economy_id, id, tenant_id, type_id, amount, selection, status, total)
     SELECT $1, uuidv7(), $2, $3, 1, '{"kind":"all","filter":null,"amount":"1","lastUserId":null}', 'completed', 0 FROM generate_series(1, 500)
     RETURNING id`,
    [economy.economyId, economy.tenantId, economy.types.reward],
  )
  const airdropId = String(row?.id)
  for (const [status, count] of [
    ['mined', MINED],
    ['failed', 600],
    ['submitted', 400],
    ['queued', 4_000],
  ] as const) {
    await api.sql(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version, status,
                                submission_id, failure_code, failure_reason, airdrop_id)
       SELECT $1::uuid, uuidv7(), $2, $3, $4, $5, 1, 1, CASE WHEN $6 = 'mined' THEN 'submitted' ELSE $6 END,
              CASE $6 WHEN 'queued' THEN NULL WHEN 'failed' THEN $1::uuid ELSE submission.id END,
              CASE WHEN $6 = 'failed' THEN 'insufficient_balance' END, CASE WHEN $6 = 'failed' THEN 'Too little.' END,
              CASE WHEN i % 2 = 0 THEN $8::uuid END
       FROM (SELECT batch, uuidv7() AS id FROM generate_series(0, ($7::int - 1) / ${BATCH}) AS batch) AS submission
       CROSS JOIN LATERAL generate_series(batch * ${BATCH} + 1, least((batch + 1) * ${BATCH}, $7::int)) AS i`,
      [
        economy.economyId,
        economy.tenantId,
        economy.types.reward,
        economy.companyId,
        userId,
        status,
        count,
        airdropId,
      ],
    )
  }
  await api.sql(
    `INSERT INTO chain_submission (id, chain_id, lane_id, kind, to_address, calldata, gas_limit, nonce, status, transaction_ids, block_number,
                                   tx_hash)
     SELECT uuidv7(), chain_id, lane_id, 'transfer_batch', '0x', '', 1, i, 'confirmed', '{}', i, '0x'
     FROM economy CROSS JOIN generate_series(1, ${ROWS}) AS i WHERE id = $1`,
    [economy.economyId],
  )
  await addSubmissions(api, economy)
  return airdropId
}

/** What carries the transactions that are submitted, half of which are mined. */
async function addSubmissions(api: TestApi, { economyId }: EconomyFixture): Promise<void> {
  await api.sql(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                   transaction_ids, block_number, tx_hash, settled_at)
     SELECT batch.id, e.chain_id, e.lane_id, e.id, e.tenant_id, 'transfer_batch', '0x', '', 1, ${ROWS} + batch.place,
            CASE WHEN is_mined THEN 'mined' ELSE 'broadcast' END, batch.ids, CASE WHEN is_mined THEN ${ROWS} + batch.place END,
            CASE WHEN is_mined THEN '0x' END, CASE WHEN is_mined THEN now() END
     FROM economy e
     CROSS JOIN (SELECT submission_id AS id, array_agg(id ORDER BY id) AS ids, row_number() OVER (ORDER BY min(id::text)) AS place
                 FROM transaction WHERE economy_id = $1 AND status = 'submitted' GROUP BY submission_id) AS batch
     CROSS JOIN LATERAL (SELECT batch.place <= ${MINED / BATCH} AS is_mined) AS state
     WHERE e.id = $1`,
    [economyId],
  )
}

/** Of the past every other submission's transactions say only that they were submitted: their submissions are confirmed. */
async function moveStates(api: TestApi, { economyId }: EconomyFixture): Promise<void> {
  await api.sql(
    `UPDATE transaction SET status = 'submitted', block_number = NULL, tx_hash = NULL, mined_at = NULL, ended_at = NULL
     WHERE economy_id = $1 AND status = 'confirmed' AND block_number % 2 = 0`,
    [economyId],
  )
}

async function addRest(api: TestApi, economy: EconomyFixture) {
  const { economyId, tenantId } = economy
  const of = [economyId, tenantId]
  await api.sql(
    `INSERT INTO audit_log (tenant_id, id, actor_type, actor_id, action, subject_type, subject_id, created_at)
     SELECT $1, (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
            'api_key', 'key_x', 'user.created', 'user', 'usr_' || i, moment
     FROM generate_series(1, ${ROWS}) AS i CROSS JOIN LATERAL (SELECT now() - interval '1 hour' * (${ROWS} - i) / 4) AS t(moment)`,
    [tenantId],
  )
  await api.sql(
    `INSERT INTO price_point (economy_id, id, tenant_id, currency, price, source, as_of)
     SELECT $1, uuidv7(), $2, 'USD', 1, 'feed', now() FROM generate_series(1, ${ROWS})`,
    of,
  )
  await api.sql(
    `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status)
     SELECT $1, uuidv7(), $2, i, '0x', 1, 'equal' FROM generate_series(1, ${ROWS}) AS i`,
    of,
  )
  await api.sql(
    `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount)
     SELECT $1, uuidv7(), $2, 'type-' || i, 'user_to_user', true FROM generate_series(1, 500) AS i`,
    of,
  )
  const rules = await api.sql(
    `INSERT INTO token_rule (economy_id, id, tenant_id, name, expression, message)
     SELECT $1, uuidv7(), $2, 'rule-' || i, 'true', 'No.' FROM generate_series(1, 500) AS i RETURNING id`,
    of,
  )
  const ruleId = String(rules[0]?.id)
  await api.sql(
    `INSERT INTO token_rule_version (economy_id, rule_id, version, tenant_id, expression, message)
     SELECT $1, $3, i, $2, 'true', 'No.' FROM generate_series(1, 2000) AS i`,
    [...of, ruleId],
  )
  await api.sql(
    `INSERT INTO member (id, tenant_id, email, name, role)
     SELECT uuidv7(), $1, 'm' || i || '@example.com', 'M', 'viewer' FROM generate_series(1, 500) AS i`,
    [tenantId],
  )
  await api.sql(
    `INSERT INTO api_key (id, tenant_id, environment, name, secret_hash, scopes)
     SELECT uuidv7(), $1, 'sandbox', 'K', sha256('x'), '{}' FROM generate_series(1, 500)`,
    [tenantId],
  )
  await api.sql(
    `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                          token_rules_address, company_user_id, initial_grant)
     SELECT uuidv7(), $2, chain_id, lane_id, 'sandbox', 'E', 'E' || i, 18, 'active', token_address, token_rules_address, company_user_id, 0
     FROM economy CROSS JOIN generate_series(1, 300) AS i WHERE id = $1`,
    of,
  )
  return { ruleId, webhookId: await addWebhook(api, economyId, tenantId, economy.companyId) }
}

/** Orders of everybody, of one thing nearly all. @returns the other one. */
async function addRedemptions(
  api: TestApi,
  { economyId, tenantId }: EconomyFixture,
  transactionIds: readonly string[],
): Promise<string> {
  const skus = await api.sql(
    `INSERT INTO redeemable_sku (economy_id, id, tenant_id, name, description)
     SELECT $1, uuidv7(), $2, 'S' || i, '' FROM generate_series(1, 500) AS i RETURNING id`,
    [economyId, tenantId],
  )
  const [common, seldom] = skus.map(({ id }) => String(id))
  await api.sql(
    `INSERT INTO redemption (economy_id, id, tenant_id, user_id, sku_id, transaction_id, amount_fiat, country_iso_code, currency_iso_code)
     SELECT $1, uuidv7(), $2, t.from_user_id, CASE WHEN o.place % 100 = 0 THEN $5::uuid ELSE $4::uuid END, t.id, 1, 'US', 'USD'
     FROM unnest($3::uuid[]) WITH ORDINALITY AS o(id, place) JOIN transaction t ON t.economy_id = $1 AND t.id = o.id`,
    [economyId, tenantId, transactionIds, common, seldom],
  )
  return seldom ?? ''
}

async function addStakes(api: TestApi, economyId: string, tenantId: string): Promise<void> {
  await backEconomy(api, economyId)
  await api.sql(
    `INSERT INTO gateway_message (economy_id, id, tenant_id, kind, status, message_hash, sender, beneficiary, amount, bounty, fee, nonce,
                                  hash_lock, deadline, secret_jwe, ended_at)
     SELECT $1, uuidv7(), $2, CASE WHEN n % 10 = 0 THEN 'stake' ELSE 'redeem' END, 'completed', '0x' || lpad(n::text, 64, '0'), '0x' || repeat('1', 40),
            '0x' || repeat('2', 40), 1, 0, 0, n, '0x' || repeat('3', 64), 1, 'x', now()
     FROM generate_series(1, ${ROWS}) n`,
    [economyId, tenantId],
  )
}

/** An endpoint with deliveries of events that nothing but their log has. */
async function addWebhook(
  api: TestApi,
  economyId: string,
  tenantId: string,
  subjectId: string,
): Promise<string> {
  const of = [economyId, tenantId]
  const [endpoint] = await api.sql(
    `INSERT INTO webhook_endpoint (economy_id, id, tenant_id, url, topics, mode, secret)
     SELECT $1, uuidv7(), $2, 'https://example.com/', '{}', 'parallel', 'x' FROM generate_series(1, 20) RETURNING id`,
    of,
  )
  await api.sql(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id)
     SELECT uuidv7(), $2, $1, 'user.created', $3 FROM generate_series(1, ${ROWS})`,
    [...of, subjectId],
  )
  await api.sql(
    `INSERT INTO webhook_event (economy_id, event_id, tenant_id, topic, subject_id, body)
     SELECT economy_id, id, tenant_id, topic, subject_id, '{}' FROM outbox_event WHERE economy_id = $1 AND tenant_id = $2`,
    of,
  )
  await api.sql(
    `INSERT INTO webhook_delivery (economy_id, endpoint_id, event_id, tenant_id, status)
     SELECT economy_id, $3, event_id, tenant_id, 'delivered' FROM webhook_event WHERE economy_id = $1 AND tenant_id = $2`,
    [...of, endpoint?.id],
  )
  await api.sql(
    `INSERT INTO webhook_replay (economy_id, id, tenant_id, endpoint_id, from_at, to_at, scope, status, ended_at)
     SELECT $1, uuidv7(), $2, $3, now() - interval '1 hour', now(), 'all', 'done', now() FROM generate_series(1, 2000)`,
    [...of, endpoint?.id],
  )
  return String(endpoint?.id)
}
