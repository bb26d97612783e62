import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import type { NewAttempt, OpenSubmission } from '#core/chain/submission.ts'
import type { LaneStore, SubmissionStore } from '#core/chain/submission-store.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let owner: Client
let admin: Client
let databases: [Database, Database]
let store: SubmissionStore
let other: SubmissionStore
let lanes: LaneStore
let economy: EconomyFixture

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  owner = new Client({ connectionString: testDatabase.ownerUrl })
  admin = new Client({ connectionString: testDatabase.adminUrl })
  await Promise.all([owner.connect(), admin.connect()])
  const connect = () => new Database({ url: testDatabase.workerUrl, poolSize: 4, applicationName: 'test' })
  databases = [connect(), connect()]
  store = createSubmissionStore(databases[0], { next: uuidv7 })
  other = createSubmissionStore(databases[1], { next: uuidv7 })
  lanes = createLaneStore(databases[0])
})

beforeEach(async () => {
  economy = await insertEconomy(testDatabase.ownerUrl, { balances: [100n, 100n, 0n], company: 1_000n })
})

afterAll(async () => {
  await Promise.all(databases?.map((database) => database.close()) ?? [])
  await Promise.all([owner?.end(), admin?.end()])
  await testDatabase?.drop()
})

describe('work', () => {
  it('lists active and paused economies with queued transactions, and says whether administrative calls wait', async () => {
    expect(await store.work(economy.laneId)).toEqual({ hasAdministrative: false, economies: [] })
    await queue(1)
    await queueAdministrative()
    const work = await store.work(economy.laneId)
    expect(work.hasAdministrative).toBe(true)
    expect(work.economies.map(({ economyId }) => economyId)).toEqual([economy.economyId])
    await owner.query(`UPDATE economy SET status = 'paused' WHERE id = $1`, [economy.economyId])
    expect((await store.work(economy.laneId)).economies).toHaveLength(1)
    await owner.query(`UPDATE economy SET status = 'failed' WHERE id = $1`, [economy.economyId])
    expect((await store.work(economy.laneId)).economies).toEqual([])
  })
})

describe('a locked lane', () => {
  it('is nothing for an unknown id', async () => {
    expect(await store.withLaneLocked(uuidv7(), async () => 'ran')).toBeNull()
  })

  it('makes the next one wait, who then sees what the first one did', async () => {
    await queue(2)
    const order: string[] = []
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const first = store.withLaneLocked(economy.laneId, async (locked) => {
      order.push('first')
      await held
      await locked.recordBatch(await aBatch(locked, 7))
    })
    await expect.poll(() => order).toEqual(['first'])
    const second = other.withLaneLocked(economy.laneId, async (locked) => {
      order.push('second')
      return { state: locked.state, claimed: await locked.claimPayments(economy.economyId, 10) }
    })
    await expect.poll(waitingForLock).toBe(1)
    letGo()
    await first
    const seen = await second
    expect(order).toEqual(['first', 'second'])
    expect(seen?.state).toMatchObject({ lastNonce: 7, inFlight: 1, inFlightCostWei: 1_000n * 20n })
    expect(seen?.claimed).toEqual([])
  })

  it('does not keep others from referring to the lane', async () => {
    await store.withLaneLocked(economy.laneId, async () => {
      await queueAdministrative()
    })
    expect((await store.work(economy.laneId)).hasAdministrative).toBe(true)
  })

  it('claims payments oldest first, with salts, addresses and amounts, and knows who may be without balance', async () => {
    const ids = await queue(3)
    const claimed = await store.withLaneLocked(economy.laneId, (locked) =>
      locked.claimPayments(economy.economyId, 2),
    )
    expect(claimed?.map(({ transactionId }) => transactionId)).toEqual(ids.slice(0, 2))
    const { rows } = await owner.query('SELECT salt FROM wallet WHERE user_id = $1', [economy.companyId])
    const accounts = await owner.query('SELECT id, address FROM account WHERE economy_id = $1', [
      economy.economyId,
    ])
    const addressOf = new Map(accounts.rows.map((row) => [row.id, row.address]))
    expect(claimed?.[0]?.payerSalt).toEqual(rows[0].salt)
    expect(claimed?.map(({ legs }) => legs)).toEqual([
      [{ recipient: addressOf.get(economy.userIds[0]), amount: 1n, isFresh: false }],
      [{ recipient: addressOf.get(economy.userIds[1]), amount: 2n, isFresh: false }],
    ])
    await owner.query(
      'UPDATE wallet w SET reserved = a.settled + a.released FROM account a WHERE a.id = $1 AND w.user_id = $1',
      [economy.userIds[0]],
    )
    const again = await store.withLaneLocked(economy.laneId, (locked) =>
      locked.claimPayments(economy.economyId, 3),
    )
    expect(again?.map(({ legs }) => legs[0]?.isFresh)).toEqual([true, false, true])
  })

  it('passes over what another process holds', async () => {
    const [first, second] = await queue(2)
    await owner.query('BEGIN')
    await owner.query('SELECT FROM queued_transaction WHERE transaction_id = $1 FOR UPDATE', [first])
    const claimed = await store.withLaneLocked(economy.laneId, (locked) =>
      locked.claimPayments(economy.economyId, 5),
    )
    await owner.query('ROLLBACK')
    expect(claimed?.map(({ transactionId }) => transactionId)).toEqual([second])
  })

  it('stores batch, attempt, transactions and events together', async () => {
    const ids = await queue(3)
    await store.withLaneLocked(economy.laneId, async (locked) => locked.recordBatch(await aBatch(locked, 0)))
    const { rows } = await owner.query(
      `SELECT t.id, t.status, t.payment_index, t.submitted_at IS NOT NULL AS is_dated, s.status AS submission, s.nonce, s.tenant_id,
              a.attempt, a.tenant_id AS attempt_tenant, e.topic
       FROM transaction t JOIN chain_submission s ON s.id = t.submission_id JOIN submission_attempt a ON a.submission_id = s.id
       JOIN outbox_event e ON e.subject_id = t.id WHERE t.economy_id = $1 ORDER BY t.id`,
      [economy.economyId],
    )
    expect(rows).toEqual(
      ids.map((id, index) => ({
        id,
        status: 'submitted',
        payment_index: index,
        is_dated: true,
        submission: 'signed',
        nonce: '0',
        tenant_id: economy.tenantId,
        attempt: 1,
        attempt_tenant: economy.tenantId,
        topic: 'transaction.submitted',
      })),
    )
  })

  it('leaves nothing behind when the work fails', async () => {
    await queue(2)
    const failing = store.withLaneLocked(economy.laneId, async (locked) => {
      await locked.recordBatch(await aBatch(locked, 0))
      throw new Error('died')
    })
    await expect(failing).rejects.toThrow('died')
    expect(await counts()).toEqual({ submissions: 0, attempts: 0, events: 0, queued: 2 })
  })

  it('gives a nonce once, whoever asks', async () => {
    await queue(1)
    await store.withLaneLocked(economy.laneId, async (locked) => locked.recordBatch(await aBatch(locked, 3)))
    await queue(1)
    const again = store.withLaneLocked(economy.laneId, async (locked) =>
      locked.recordBatch(await aBatch(locked, 3)),
    )
    await expect(again).rejects.toThrow(/chain_submission_lane_id_nonce_key/)
    expect(await counts()).toMatchObject({ submissions: 1, queued: 1 })
  })

  it('never moves a transaction that was not claimed, or was written by somebody else since', async () => {
    const [id = '', second = ''] = await queue(2)
    const moving = (transactionIds: readonly string[], meanwhile: () => Promise<unknown>) =>
      store.withLaneLocked(economy.laneId, async (locked) => {
        const batch = await aBatch(locked, 0)
        await meanwhile()
        await locked.recordBatch({ ...batch, transactionIds })
      })
    const nothing = () => Promise.resolve()
    await expect(moving([id, uuidv7()], nothing)).rejects.toThrow(
      'every claimed transaction moves to submitted',
    )
    const write = () => owner.query(`UPDATE transaction SET metadata = '{"a":"b"}' WHERE id = $1`, [second])
    await expect(moving([id, second], write)).rejects.toThrow('every claimed transaction moves to submitted')
    expect(await counts()).toMatchObject({ submissions: 0, queued: 2 })
  })

  it('gives an administrative call its nonce and takes it once', async () => {
    const id = await queueAdministrative()
    await store.withLaneLocked(economy.laneId, async (locked) => {
      const claimed = await locked.claimAdministrative()
      expect(claimed).toMatchObject({ id, kind: 'faucet_grant', call: { gasLimit: 300_000n } })
      await locked.recordAdministrative(id, 4, 300_000n, anAttempt(id, 1))
      expect(await locked.claimAdministrative()).toBeNull()
    })
    expect(await store.open(economy.laneId)).toMatchObject([
      { id, nonce: 4, kind: 'faucet_grant', status: 'signed' },
    ])
  })
})

describe('attempts', () => {
  it('adds a further attempt once, and none to what was mined', async () => {
    const open = await aSubmission(0)
    const add = (from: SubmissionStore) =>
      from.withLaneLocked(economy.laneId, (locked) => locked.addAttempt(anAttempt(open.id, 2)))
    expect(await Promise.all([add(store), add(other)])).toContain(false)
    expect((await store.open(economy.laneId))[0]?.attempts).toHaveLength(2)
    await owner.query(
      `UPDATE chain_submission SET status = 'mined', block_number = 1, tx_hash = '0x' WHERE id = $1`,
      [open.id],
    )
    const late = await store.withLaneLocked(economy.laneId, (locked) =>
      locked.addAttempt(anAttempt(open.id, 3)),
    )
    expect(late).toBe(false)
    const call = await store.withLaneLocked(economy.laneId, (locked) => locked.readCall(open.id))
    expect(call).toBeNull()
  })

  it('gives stored bytes back unchanged', async () => {
    const open = await aSubmission(0)
    const [attempt] = open.attempts
    const raw = await store.rawTxs(open.attempts)
    expect(raw.get(attempt?.txHash ?? '')?.length).toBe(100)
    expect(await store.attemptsBetween(economy.laneId, 0, 5)).toEqual([
      { submissionId: open.id, attempt: 1, txHash: attempt?.txHash },
    ])
    expect(await store.attemptsBetween(economy.laneId, 1, 5)).toEqual([])
  })

  it.each([
    ['accepted', 'broadcast'],
    ['unknown', 'broadcast'],
    ['rejected', 'signed'],
  ] as const)('records that a node said %s, and the submission is %s', async (verdict, status) => {
    const open = await aSubmission(0)
    const attempt = { submissionId: open.id, attempt: 1, txHash: open.attempts[0]?.txHash ?? '' }
    const at = new Date('2026-11-21T00:00:00Z')
    await store.recordAnswer(attempt, { verdict, reason: 'unclear', message: 'words' }, at)
    expect(await store.open(economy.laneId)).toMatchObject([
      { status, attempts: [{ broadcastAt: at, lastAnswer: { verdict, reason: 'unclear', at } }] },
    ])
  })

  it('keeps the last twenty answers and counts all', async () => {
    const open = await aSubmission(0)
    const attempt = { submissionId: open.id, attempt: 1, txHash: '' }
    for (let index = 0; index < 25; index += 1) {
      await store.recordAnswer(
        attempt,
        { verdict: 'unknown', reason: 'transport', message: `${index}` },
        new Date(),
      )
    }
    const { rows } = await owner.query(
      'SELECT answers, broadcasts FROM submission_attempt WHERE submission_id = $1',
      [open.id],
    )
    expect(rows[0].broadcasts).toBe(25)
    expect(rows[0].answers.map((answer: { message: string }) => answer.message)).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index + 5}`),
    )
  })

  it('does not take back what the indexer said', async () => {
    const open = await aSubmission(0)
    await owner.query(
      `UPDATE chain_submission SET status = 'mined', block_number = 1, tx_hash = '0x' WHERE id = $1`,
      [open.id],
    )
    const attempt = { submissionId: open.id, attempt: 1, txHash: '' }
    await store.recordAnswer(attempt, { verdict: 'accepted', reason: 'accepted', message: '' }, new Date())
    const { rows } = await owner.query('SELECT status FROM chain_submission WHERE id = $1', [open.id])
    expect(rows[0].status).toBe('mined')
  })
})

describe('a replaced submission', () => {
  const requeue = (from: SubmissionStore, seen: OpenSubmission) =>
    from.withLaneLocked(economy.laneId, (locked) => locked.requeueReplaced(seen, new Date()))

  it('gives its transactions back once, whoever finds out', async () => {
    const open = await aSubmission(0, 3)
    const results = await Promise.all([requeue(store, open), requeue(other, open)])
    expect(new Set(results)).toEqual(new Set([true, false]))
    expect(await counts()).toMatchObject({ queued: 3, events: 6 })
    const { rows } = await owner.query(
      `SELECT DISTINCT submission_id, payment_index, submitted_at FROM transaction WHERE economy_id = $1`,
      [economy.economyId],
    )
    expect(rows).toEqual([{ submission_id: null, payment_index: null, submitted_at: null }])
  })

  it('is left alone when it got another attempt meanwhile', async () => {
    const open = await aSubmission(0)
    await store.withLaneLocked(economy.laneId, (locked) => locked.addAttempt(anAttempt(open.id, 2)))
    expect(await requeue(store, open)).toBe(false)
    expect(await counts()).toMatchObject({ queued: 0 })
  })

  it('is left alone when it was mined meanwhile', async () => {
    const open = await aSubmission(0)
    await owner.query(
      `UPDATE chain_submission SET status = 'mined', block_number = 1, tx_hash = '0x' WHERE id = $1`,
      [open.id],
    )
    expect(await requeue(store, open)).toBe(false)
    expect(await counts()).toMatchObject({ queued: 0 })
  })
})

describe('lanes', () => {
  it('pauses and resumes for the same reason only, and tells who did it', async () => {
    expect(await lanes.pause(economy.laneId, 'out_of_gas')).toBe(true)
    expect(await lanes.pause(economy.laneId, 'rejected')).toBe(false)
    expect(await lanes.resume(economy.laneId, 'rejected')).toBe(false)
    expect(await lanes.find(economy.laneId)).toMatchObject({ status: 'paused', pauseReason: 'out_of_gas' })
    expect(await lanes.resume(economy.laneId, 'out_of_gas')).toBe(true)
    expect(await lanes.find(economy.laneId)).toMatchObject({ status: 'active', pauseReason: null })
  })

  it('takes a reason it does not know for a person’s', async () => {
    await owner.query(`UPDATE lane SET status = 'paused', pause_reason = 'rotating the key' WHERE id = $1`, [
      economy.laneId,
    ])
    expect(await lanes.find(economy.laneId)).toMatchObject({ pauseReason: 'operator' })
    expect(await lanes.resume(economy.laneId, 'operator')).toBe(false)
  })

  it('records balances and lists the lanes of a chain', async () => {
    await lanes.recordBalance(economy.laneId, 10n ** 30n, new Date(), false)
    const found = await lanes.find(economy.laneId)
    expect(found?.balanceWei).toBe(10n ** 30n)
    expect((await lanes.list(found?.chainId ?? 0)).map(({ id }) => id)).toContain(economy.laneId)
    expect(await lanes.find(uuidv7())).toBeNull()
  })

  it('inserts an address once per chain', async () => {
    const lane = { chainId: 31_002, address: `0x${randomBytes(20).toString('hex')}`, keyJwe: 'jwe' }
    expect(await lanes.insert({ id: uuidv7(), ...lane }, new Date())).toBe(true)
    expect(await lanes.insert({ id: uuidv7(), ...lane }, new Date())).toBe(false)
  })
})

type Locked = Parameters<Parameters<SubmissionStore['withLaneLocked']>[1]>[0]

async function aBatch(locked: Locked, nonce: number) {
  const claimed = await locked.claimPayments(economy.economyId, 10)
  const submissionId = uuidv7()
  return {
    economy: {
      economyId: economy.economyId,
      tenantId: economy.tenantId,
      tokenRulesAddress: `0x${'22'.repeat(20)}`,
    },
    call: { to: `0x${'22'.repeat(20)}`, data: new Uint8Array(10), gasLimit: 1_000n },
    nonce,
    attempt: anAttempt(submissionId, 1),
    transactionIds: claimed.map(({ transactionId }) => transactionId),
  }
}

function anAttempt(submissionId: string, attempt: number): NewAttempt {
  return {
    submissionId,
    attempt,
    txHash: `0x${randomBytes(32).toString('hex')}`,
    rawTx: randomBytes(100),
    fees: { maxFeePerGas: 20n, maxPriorityFeePerGas: 2n },
    signedAt: new Date(),
  }
}

async function aSubmission(nonce: number, transactions = 1): Promise<OpenSubmission> {
  await queue(transactions)
  await store.withLaneLocked(economy.laneId, async (locked) =>
    locked.recordBatch(await aBatch(locked, nonce)),
  )
  const [open] = await store.open(economy.laneId)
  if (!open) throw new Error('it was just stored')
  return open
}

/** Queued rewards of 1, 2, 3 … base units to the users in turn. */
async function queue(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7())
  for (const [index, id] of ids.entries()) {
    await owner.query(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
       VALUES ($1, $2, $3, $1, $4, $5, $6, 1)`,
      [economy.economyId, id, economy.tenantId, economy.companyId, economy.userIds[index % 3], index + 1],
    )
  }
  return ids
}

async function queueAdministrative(): Promise<string> {
  const id = uuidv7()
  await owner.query(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit)
     VALUES ($1, 31002, $2, $3, $4, 'faucet_grant', $5, '\\x00', 300000)`,
    [id, economy.laneId, economy.economyId, economy.tenantId, `0x${'33'.repeat(20)}`],
  )
  return id
}

/** Only an administrator sees what the sessions of other roles wait for. */
async function waitingForLock(): Promise<number> {
  const { rows } = await admin.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows[0]?.waiting ?? 0
}

async function counts() {
  const { rows } = await owner.query(
    `SELECT (SELECT count(*)::int FROM chain_submission WHERE lane_id = $1) AS submissions,
            (SELECT count(*)::int FROM submission_attempt WHERE tenant_id = $2) AS attempts,
            (SELECT count(*)::int FROM outbox_event WHERE tenant_id = $2) AS events,
            (SELECT count(*)::int FROM transaction WHERE tenant_id = $2 AND status = 'queued') AS queued`,
    [economy.laneId, economy.tenantId],
  )
  return rows[0]
}
