import { setTimeout as delay } from 'node:timers/promises'
import { Transaction, Wallet } from 'ethers'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { bytesToHex } from '#adapters/evm/bytes.ts'
import { createSentTransactions, decodeBatch } from '#adapters/evm/sent-transactions.ts'
import { createOperatorRequests } from '#adapters/postgres/operator-requests.ts'
import { createRecoveryStore } from '#adapters/postgres/recovery-store.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import { submitLane } from '#core/transaction/submit-lane.ts'
import {
  balancesOf,
  callNode,
  createLaneFixture,
  createLiveEconomy,
  KEY_ENCRYPTION_KEY,
  type LaneFixture,
  type LiveEconomy,
  markMined,
  queueTransfers,
} from '#test/support/lane-fixture.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase
let anvil: TestAnvil
let fixture: LaneFixture
let economy: LiveEconomy
/** Milliseconds that the submitter's clock is ahead. */
let ahead = 0

beforeAll(async () => {
  database = await createTestDatabase()
  anvil = await startTestAnvil({ chainId: 31_351, blockTimeSeconds: 'manual' })
  fixture = await mining(() => createLaneFixture({ database, chain: anvil, blockTimeMs: 1_000 }))
})
afterAll(async () => {
  await fixture.close()
  await Promise.all([anvil.stop(), database.drop()])
})
beforeEach(async () => {
  ahead = 0
  await fixture.owner.query(`UPDATE lane SET status = 'active', pause_reason = NULL`)
  economy = await mining(() => createLiveEconomy(fixture, { users: 3 }))
  fixture.events.length = 0
})

async function mining<Result>(work: () => Promise<Result>): Promise<Result> {
  let isDone = false
  const blocks = (async () => {
    while (!isDone) {
      await mine(1)
      await delay(50)
    }
  })()
  try {
    return await work()
  } finally {
    isDone = true
    await blocks
  }
}

async function mine(blocks: number): Promise<void> {
  for (let index = 0; index < blocks; index += 1) await callNode(anvil.rpcUrl, 'evm_mine')
}

/** As the worker wires it. */
function aSubmitter(options: { recognises?: boolean } = {}) {
  const submitter = fixture.submitter({ clock: { now: () => new Date(Date.now() + ahead) } })
  const recovery = {
    store: createRecoveryStore(fixture.database, { next: uuidv7 }),
    transactions: createSentTransactions((chainId) => submitter.chains.client(chainId)),
  }
  return {
    ...submitter,
    operatorRequests: createOperatorRequests(fixture.database),
    ...(options.recognises !== false && { recovery }),
  }
}

const payroll = () => economy.users.map(({ id }) => ({ from: economy.company.id, to: id, amount: 5n }))
const balances = () =>
  balancesOf(
    fixture,
    economy.token,
    economy.users.map(({ address }) => address),
  )

/** Pays everybody, and then forgets it, as a database restored from before does. */
async function payAndForget(): Promise<void> {
  const ids = await queueTransfers(fixture, economy, payroll())
  expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({ submissions: 1 })
  await mine(3)
  await fixture.owner.query(
    `WITH forgotten AS (
       UPDATE transaction SET status = 'queued', submission_id = NULL, payment_index = NULL WHERE id = ANY ($1::uuid[])
       RETURNING economy_id, id, tenant_id)
     , requeued AS (INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id) SELECT * FROM forgotten)
     DELETE FROM submission_attempt a USING chain_submission s
     WHERE s.id = a.submission_id AND s.economy_id = $2 AND s.kind = 'transfer_batch'`,
    [ids, economy.id],
  )
  await fixture.owner.query(
    `DELETE FROM chain_submission WHERE economy_id = $1 AND kind = 'transfer_batch'`,
    [economy.id],
  )
}

async function laneRow() {
  const { rows } = await fixture.owner.query('SELECT status, pause_reason FROM lane WHERE id = $1', [
    economy.laneId,
  ])
  return rows[0]
}

describe('payments of the lane’s key that no row knows', () => {
  it('stop the lane before it signs anything, with an alarm', async () => {
    await payAndForget()
    const paid = await balances()
    expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({
      outcome: 'key_used_elsewhere',
      submissions: 0,
    })
    expect(await laneRow()).toEqual({ status: 'paused', pause_reason: 'unknown_payments' })
    expect(fixture.events).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'lane.key_used_elsewhere' }),
    )
    expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({ outcome: 'lane_paused' })
    await mine(3)
    expect(await balances()).toEqual(paid)
  })

  it('would be paid a second time by a lane that does not recognise them: this test can fail', async () => {
    await payAndForget()
    expect(await submitLane(aSubmitter({ recognises: false }), economy.laneId)).toMatchObject({
      submissions: 1,
    })
    await mine(3)
    expect(await balances()).toEqual([10n, 10n, 10n])
    await markMined(fixture)
  })

  it('stop it while they still wait in the node’s pool, too', async () => {
    await queueTransfers(fixture, economy, payroll())
    await submitLane(aSubmitter(), economy.laneId)
    await fixture.owner.query(
      `WITH forgotten AS (
         UPDATE transaction SET status = 'queued', submission_id = NULL WHERE economy_id = $1 AND status = 'submitted'
         RETURNING economy_id, id, tenant_id)
       INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id) SELECT * FROM forgotten`,
      [economy.id],
    )
    await fixture.owner.query(
      `DELETE FROM submission_attempt WHERE submission_id IN (SELECT id FROM chain_submission WHERE economy_id = $1 AND kind = 'transfer_batch')`,
      [economy.id],
    )
    await fixture.owner.query(
      `DELETE FROM chain_submission WHERE economy_id = $1 AND kind = 'transfer_batch'`,
      [economy.id],
    )
    expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({
      outcome: 'key_used_elsewhere',
      submissions: 0,
    })
    expect(await laneRow()).toEqual({ status: 'active', pause_reason: null })
    await mine(1)
    expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({ submissions: 0 })
    expect(await laneRow()).toEqual({ status: 'paused', pause_reason: 'unknown_payments' })
    expect(await balances()).toEqual([5n, 5n, 5n])
  })

  it('are told from a harmless use of the key, behind which the lane goes on at once', async () => {
    const { rows } = await fixture.owner.query('SELECT id, address, key_jwe FROM lane WHERE id = $1', [
      economy.laneId,
    ])
    const { id, address, key_jwe } = rows[0]
    const key = await createKeyVault({ key: KEY_ENCRYPTION_KEY }).open(key_jwe, { laneId: id, address })
    const nonce = Number(await callNode(anvil.rpcUrl, 'eth_getTransactionCount', [address, 'latest']))
    const fees = { maxFeePerGas: 50_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
    const raw = await new Wallet(bytesToHex(key)).signTransaction(
      Transaction.from({
        type: 2,
        chainId: fixture.chainId,
        nonce,
        to: address,
        gasLimit: 21_000n,
        ...fees,
      }),
    )
    await callNode(anvil.rpcUrl, 'eth_sendRawTransaction', [raw])
    await mine(1)
    await queueTransfers(fixture, economy, payroll())
    expect(await submitLane(aSubmitter(), economy.laneId)).toMatchObject({ submissions: 1 })
    await mine(3)
    expect(await balances()).toEqual([5n, 5n, 5n])
    expect(fixture.events.map(({ event }) => event)).toContain('lane.key_used_elsewhere')
    await markMined(fixture)
  })
})

describe('a submission that an operator wants to have sent now', () => {
  const request = () =>
    fixture.owner.query(
      `UPDATE chain_submission SET bump_requested_at = now() WHERE economy_id = $1 AND status IN ('signed', 'broadcast')`,
      [economy.id],
    )
  const attempts = async () =>
    (
      await fixture.owner.query(
        `SELECT s.nonce, a.attempt, a.broadcasts, s.bump_requested_at FROM submission_attempt a JOIN chain_submission s ON s.id = a.submission_id
         WHERE s.economy_id = $1 AND s.kind = 'transfer_batch' ORDER BY a.attempt`,
        [economy.id],
      )
    ).rows

  it('goes out again at once, gets a higher fee only after a block’s time, and never another nonce', async () => {
    await queueTransfers(fixture, economy, payroll())
    await submitLane(aSubmitter(), economy.laneId)
    const [first] = await attempts()
    expect(await rebroadcastLane(aSubmitter(), economy.laneId)).toMatchObject({ resent: 0, bumped: 0 })
    await request()
    expect(await rebroadcastLane(aSubmitter(), economy.laneId)).toMatchObject({ resent: 1, bumped: 0 })
    expect(await attempts()).toEqual([{ ...first, broadcasts: 2, bump_requested_at: null }])

    ahead = 1_500
    await request()
    expect(await rebroadcastLane(aSubmitter(), economy.laneId)).toMatchObject({ resent: 1, bumped: 1 })
    await request()
    expect(await rebroadcastLane(aSubmitter(), economy.laneId)).toMatchObject({ resent: 1, bumped: 0 })
    const now = await attempts()
    expect(now.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(new Set(now.map(({ nonce }) => nonce))).toEqual(new Set([first.nonce]))

    await mine(3)
    await request()
    expect(await rebroadcastLane(aSubmitter(), economy.laneId)).toMatchObject({ resent: 0, bumped: 0 })
    expect(await balances()).toEqual([5n, 5n, 5n])
    await markMined(fixture)
  })
})

describe('the calldata of a batch', () => {
  it('is read back as it was written, and nothing else is taken for one', async () => {
    await queueTransfers(fixture, economy, payroll())
    await submitLane(aSubmitter(), economy.laneId)
    const { rows } = await fixture.owner.query(
      `SELECT id, calldata FROM chain_submission WHERE economy_id = $1 AND kind = 'transfer_batch'`,
      [economy.id],
    )
    const batch = decodeBatch(rows[0].calldata)
    expect(batch?.submissionId).toBe(rows[0].id)
    expect(batch?.payments.map(({ legs }) => legs)).toEqual(
      economy.users.map(({ address }) => [{ recipient: address, amount: 5n, isFresh: false }]),
    )
    for (let length = 0; length < rows[0].calldata.length; length += 33)
      expect(decodeBatch(rows[0].calldata.subarray(0, length))).toBeNull()
    expect(decodeBatch(Buffer.alloc(200, 1))).toBeNull()
    await mine(1)
    await markMined(fixture)
  })
})
