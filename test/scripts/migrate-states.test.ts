import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DatabaseBefore, databaseBefore } from './database-before.ts'

/** What a database of the version before holds becomes what this one reads (docs/adr/0031-state-once-per-submission.md). */

const THIS = '20261130000300_keep_state_once_per_submission'
const [MINED_AT, BLOCK_TIME] = ['2026-11-01T10:00:01.500Z', '2026-11-01T10:00:00.000Z']
const STATES = ['queued', 'submitted', 'mined', 'failing', 'confirmed', 'failed'] as const

let before: DatabaseBefore
let owner: Client
const [tenant, economy, lane] = [randomUUID(), randomUUID(), randomUUID()]
const ids = Object.fromEntries(STATES.map((state) => [state, randomUUID()])) as Record<
  (typeof STATES)[number],
  string
>

beforeAll(async () => {
  before = await databaseBefore(THIS)
  owner = before.owner
  await fill()
  await before.migrateOn()
}, 60_000)
afterAll(() => before?.close())

/** A transaction in each state, written as the version before does. */
async function fill(): Promise<void> {
  await owner.query(`INSERT INTO tenant (id, name) VALUES ($1, 'T')`, [tenant])
  await owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES (9, 'utility', 'U', 1000, 3)`,
  )
  await owner.query(
    `INSERT INTO lane (id, chain_id, address, key_jwe) VALUES ($1, 9, '0x' || repeat('1', 40), 'x')`,
    [lane],
  )
  await owner.query(
    `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                          token_rules_address, company_user_id, initial_grant)
     VALUES ($1, $2, 9, $3, 'sandbox', 'E', 'EEE', 18, 'active', '0x' || repeat('2', 40), '0x' || repeat('3', 40), $2, 0)`,
    [economy, tenant, lane],
  )
  const submissions = [
    { status: 'broadcast', states: ['submitted'] },
    { status: 'mined', states: ['mined', 'failing'] },
    { status: 'confirmed', states: ['confirmed', 'failed'] },
  ] as const
  for (const state of STATES) {
    const place = submissions.findIndex(({ states }) => (states as readonly string[]).includes(state))
    const isFailure = state === 'failing' || state === 'failed'
    const hasBlock = place > 0
    await owner.query(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version, status, submission_id,
                                failure_code, block_number, tx_hash, mined_at, ended_at)
       VALUES ($1, $2, $3, $3, $3, $1, 5, 1, $4, $5, $6, $7, $8, $9, $10)`,
      [
        economy,
        ids[state],
        tenant,
        state === 'failing' ? 'submitted' : state,
        place < 0 ? null : submissionId(place),
        isFailure ? 'skipped' : null,
        hasBlock ? place : null,
        hasBlock ? `0x${place}` : null,
        hasBlock && !isFailure ? MINED_AT : null,
        state === 'confirmed' || state === 'failed' ? MINED_AT : null,
      ],
    )
  }
  // The trigger of before counts every live one as open; its own row of the failed ones was closed.
  for (const [place, { status, states }] of submissions.entries())
    await owner.query(
      `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
                                     transaction_ids, block_number, tx_hash, mined_at)
       VALUES ($1, 9, $2, $3, $4, 'transfer_batch', '0x', '', 1, $5, $6, $7, $8, $9, $10)`,
      [
        submissionId(place),
        lane,
        economy,
        tenant,
        place,
        status,
        states.map((state) => ids[state]),
        place === 0 ? null : place,
        place === 0 ? null : `0x${place}`,
        place === 0 ? null : BLOCK_TIME,
      ],
    )
}

const submissionId = (place: number) => `00000000-0000-7000-8000-00000000000${place}`

const stateOf = async (state: (typeof STATES)[number]) => {
  const { rows } = await owner.query(
    `SELECT v.status, t.status AS own, v.block_number AS block, v.tx_hash AS hash, v.mined_at AS mined, v.ended_at AS ended
     FROM transaction_state v JOIN transaction t USING (economy_id, id) WHERE v.id = $1`,
    [ids[state]],
  )
  return rows[0]
}

it('keeps what every transaction says, whoever tells it from now on', async () => {
  const at = new Date(MINED_AT)
  const none = { block: null, hash: null, mined: null, ended: null }
  expect(await stateOf('queued')).toEqual({ ...none, status: 'queued', own: 'queued' })
  expect(await stateOf('submitted')).toEqual({ ...none, status: 'submitted', own: 'submitted' })
  const inOne = { block: '1', hash: '0x1', ended: null }
  expect(await stateOf('mined')).toEqual({ ...inOne, status: 'mined', own: 'submitted', mined: at })
  expect(await stateOf('failing')).toEqual({ ...inOne, status: 'submitted', own: 'submitted', mined: null })
  const inTwo = { block: '2', hash: '0x2', ended: at }
  expect(await stateOf('confirmed')).toEqual({ ...inTwo, status: 'confirmed', own: 'confirmed', mined: at })
  expect(await stateOf('failed')).toEqual({ ...inTwo, status: 'failed', own: 'failed', mined: null })
  const { rows } = await owner.query(
    `SELECT settled_at FROM chain_submission WHERE status IN ('mined', 'confirmed') ORDER BY nonce`,
  )
  expect(rows).toEqual([{ settled_at: at }, { settled_at: at }])
})

it('leaves in the queue what waits to be signed, and nothing else', async () => {
  const { rows } = await owner.query('SELECT transaction_id FROM queued_transaction')
  expect(rows).toEqual([{ transaction_id: ids.queued }])
})
