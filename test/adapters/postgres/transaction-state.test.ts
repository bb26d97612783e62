import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import { Database } from '#adapters/postgres/database.ts'
import { createTransactionReader } from '#adapters/postgres/transaction-reader.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { followChain } from '#core/transaction/follow-chain.ts'
import { type AcceptedFixture, batchTx, type LedgerEconomy, mintsFor } from '#test/support/ledger-fixtures.ts'
import { LedgerWorld } from '#test/support/ledger-world.ts'
import { SimulatedChain } from '#test/support/simulated-chain.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

/** docs/adr/0031-state-once-per-submission.md */

const FINALITY_DEPTH = 2
const STATUSES = ['queued', 'submitted', 'mined', 'confirmed', 'failed'] as const

let urls: TestDatabase
let world: LedgerWorld
let api: Database
let economy: LedgerEconomy
let chain: SimulatedChain
let deps: ReturnType<LedgerWorld['deps']>

beforeAll(async () => {
  urls = await createTestDatabase()
  world = new LedgerWorld(urls)
  api = new Database({ url: urls.appUrl, poolSize: 2, applicationName: 'transaction-state' })
})
afterAll(async () => {
  await Promise.all([world.close(), api.close()])
  await urls.drop()
})

beforeEach(async () => {
  chain = new SimulatedChain()
  const chainId = await world.addChain({ finalityDepth: FINALITY_DEPTH })
  economy = await world.fixtures.addEconomy({ chainId })
  deps = world.deps(chain.readers)
  chain.mempool.push(...mintsFor(economy, 1_000n))
  await mine()
})

/** The next block with what waits for it, or empty ones, and what the indexer makes of it. */
async function mine(blocks = 1): Promise<void> {
  for (let count = 0; count < blocks; count += 1) chain.mine()
  await follow()
}

async function follow(): Promise<void> {
  await followChain(deps, economy.chainId)
  await confirmBlocks(deps, economy.chainId)
}

async function accept(amount: bigint): Promise<AcceptedFixture> {
  const [, from, to] = economy.users
  const accepted = await world.fixtures.accept(economy, from?.id ?? '', [{ toUserId: to?.id ?? '', amount }])
  if (!accepted) throw new Error('the payer has enough')
  return accepted
}

async function send(
  batch: readonly AcceptedFixture[],
  fate: { skipPercent?: number; revertPercent?: number } = {},
) {
  const submitted = await world.fixtures.submit(economy, batch)
  chain.mempool.push(batchTx(economy, submitted, batch, fate))
  return submitted
}

/** The transaction by every way to read one, as the API's role. All must say the same. */
async function read({ transactionId: id }: AcceptedFixture) {
  const { economyId, tenantId } = economy
  const reader = createTransactionReader(api)
  const history = await reader.history({ economyId, tenantId, id })
  if (!history) throw new Error('the transaction is there')
  const { transaction, hold, submission } = history
  const page = { limit: 10, order: 'desc' as const }
  const listed: TransactionStatus[] = []
  for (const status of STATUSES) {
    const { rows } = await reader.list({ economyId, tenantId }, { status }, page)
    if (rows.some((row) => row.id === id)) listed.push(status)
  }
  expect(listed).toEqual([transaction.status])
  const settled = await reader.findSettled([{ economyId, tenantId, id }])
  expect(settled.length > 0).toBe(['mined', 'confirmed', 'failed'].includes(transaction.status))
  const { status, blockNumber, txHash, failureCode, minedAt, endedAt } = transaction
  return {
    status,
    hold: hold?.status,
    block: blockNumber === null ? null : Number(blockNumber),
    txHash,
    failureCode,
    isMinedByOurClock: minedAt && Math.abs(minedAt.getTime() - Date.now()) < 60_000,
    hasEnded: endedAt !== null,
    submission: submission?.status,
  }
}

const OPEN = { block: null, txHash: null, failureCode: null, isMinedByOurClock: null, hasEnded: false }

/** The row of the table, which the ordinary way changes once. */
const rowOf = ({ transactionId }: AcceptedFixture) =>
  world.fixtures.one('SELECT xmin::text, status, block_number FROM transaction WHERE id = $1', [
    transactionId,
  ])

describe('the state of a transaction', () => {
  it('is queued, submitted, mined and confirmed, with the block of its submission, and its row is written once', async () => {
    const payment = await accept(10n)
    expect(await read(payment)).toMatchObject({ ...OPEN, status: 'queued', hold: 'pending' })
    const { txHash } = await send([payment])
    expect(await read(payment)).toMatchObject({ ...OPEN, status: 'submitted', hold: 'pending' })
    const row = await rowOf(payment)
    await mine()
    const block = chain.head.number
    const mined = { block, txHash, failureCode: null, isMinedByOurClock: true, hold: 'posted' }
    expect(await read(payment)).toEqual({ ...mined, status: 'mined', hasEnded: false, submission: 'mined' })
    await mine(FINALITY_DEPTH)
    expect(await read(payment)).toEqual({
      ...mined,
      status: 'confirmed',
      hasEnded: true,
      submission: 'confirmed',
    })
    expect(await rowOf(payment)).toEqual(row)
    expect(row).toMatchObject({ status: 'submitted', block_number: null })
  })

  it.each([
    ['skipped', { skipPercent: 100 }, 'confirmed'],
    ['reverted', { revertPercent: 100 }, 'reverted'],
  ])(
    'is submitted with a recorded failure when it was %s, and failed when that is final',
    async (_name, fate, ended) => {
      const payment = await accept(10n)
      const { txHash } = await send([payment], fate)
      await mine()
      const failure = {
        block: chain.head.number,
        txHash,
        isMinedByOurClock: null,
        failureCode: expect.any(String),
      }
      expect(await read(payment)).toEqual({
        ...failure,
        status: 'submitted',
        hold: 'pending',
        hasEnded: false,
        submission: 'mined',
      })
      await mine(FINALITY_DEPTH)
      expect(await read(payment)).toEqual({
        ...failure,
        status: 'failed',
        hold: 'voided',
        hasEnded: true,
        submission: ended,
      })
    },
  )

  it.each([
    ['mined', {}],
    ['failing', { skipPercent: 100 }],
  ])(
    'is submitted again when the block is taken back that had it %s, and mined by the next that has it',
    async (_name, fate) => {
      const payment = await accept(10n)
      await send([payment], fate)
      await mine()
      chain.reorg(1, 2)
      await follow()
      expect(await read(payment)).toMatchObject({
        ...OPEN,
        status: 'submitted',
        hold: 'pending',
        submission: 'broadcast',
      })
      for (const tx of chain.mempool) if (tx.kind === 'batch') tx.skipPercent = 0
      await mine()
      expect(await read(payment)).toMatchObject({
        status: 'mined',
        hold: 'posted',
        block: chain.head.number,
        failureCode: null,
      })
    },
  )

  it('is what its own row says where that was confirmed before submissions told it', async () => {
    const payment = await accept(10n)
    await send([payment])
    await mine(1 + FINALITY_DEPTH)
    await world.fixtures.all(
      `UPDATE transaction SET status = 'confirmed', block_number = 4, tx_hash = '0x04', mined_at = now(), ended_at = now() WHERE id = $1`,
      [payment.transactionId],
    )
    expect(await read(payment)).toMatchObject({
      status: 'confirmed',
      block: 4,
      txHash: '0x04',
      hold: 'posted',
      hasEnded: true,
      isMinedByOurClock: true,
    })
  })

  it('cannot be written as mined', async () => {
    const payment = await accept(10n)
    await send([payment])
    await expect(
      world.fixtures.all(`UPDATE transaction SET status = 'mined' WHERE id = $1`, [payment.transactionId]),
    ).rejects.toThrow('transaction_status')
  })

  it('is shown to its own tenant only', async () => {
    const payment = await accept(10n)
    const count = (tenantId: string) =>
      api.raw([tenantId], async (client) => {
        const { rows } = await client.query('SELECT FROM transaction_state WHERE id = $1', [
          payment.transactionId,
        ])
        return rows.length
      })
    expect([await count(economy.tenantId), await count(uuidv7())]).toEqual([1, 0])
  })
})

describe('a block', () => {
  it.each([
    `status = 'failed', failure_code = 'unheard of'`,
    `status = 'confirmed'`,
    `failure_code = 'unheard of'`,
    `status = 'queued', submission_id = NULL`,
  ])('halts the chain when a payment of it is not waiting for it: %s', async (change) => {
    const payment = await accept(10n)
    await send([payment])
    await world.fixtures.all(`UPDATE transaction SET ${change} WHERE id = $1`, [payment.transactionId])
    await mine()
    expect((await deps.chains.get(economy.chainId)).status).toBe('halted')
  })
})

describe('the end of a block', () => {
  it('halts the chain when a transaction of it is not as its submission left it', async () => {
    for (const change of [
      `status = 'queued', submission_id = NULL`,
      `submission_id = gen_random_uuid()`,
      `status = 'failed', failure_code = 'unheard of'`,
    ]) {
      const payment = await accept(10n)
      await send([payment])
      await mine()
      await world.fixtures.all(`UPDATE transaction SET ${change} WHERE id = $1`, [payment.transactionId])
      for (let count = 0; count < FINALITY_DEPTH; count += 1) chain.mine()
      await followChain(deps, economy.chainId)
      const before = await deps.chains.get(economy.chainId)
      await confirmBlocks(deps, economy.chainId)
      const after = await deps.chains.get(economy.chainId)
      expect(after.status, change).toBe('halted')
      expect(after.position?.finalNumber).toBe(before.position?.finalNumber)
      await world.fixtures.all(
        `UPDATE transaction SET status = 'submitted', failure_code = NULL,
                submission_id = (SELECT id FROM chain_submission WHERE $1 = ANY (transaction_ids)) WHERE id = $1`,
        [payment.transactionId],
      )
      await deps.chains.resume(economy.chainId)
      await confirmBlocks(deps, economy.chainId)
      expect(await read(payment)).toMatchObject({ status: 'confirmed' })
    }
  })
})
