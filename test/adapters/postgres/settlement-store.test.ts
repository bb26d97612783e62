import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEntryReader } from '#adapters/postgres/entry-reader.ts'
import { createTransactionReader } from '#adapters/postgres/transaction-reader.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { followChain } from '#core/transaction/follow-chain.ts'
import {
  type AcceptedFixture,
  addressOf,
  batchTx,
  type LedgerEconomy,
  randomAddress,
  randomHash,
} from '#test/support/ledger-fixtures.ts'
import { hearing, LedgerWorld } from '#test/support/ledger-world.ts'
import { SimulatedChain } from '#test/support/simulated-chain.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let world: LedgerWorld

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  world = new LedgerWorld(testDatabase)
})

afterAll(async () => {
  await world.close()
  await testDatabase.drop()
})

/** One simulated chain with economies whose users have money, and everything needed to move it. */
class Scene {
  readonly chain = new SimulatedChain()
  readonly economies: LedgerEconomy[] = []
  readonly outsider = randomAddress()
  readonly heard = hearing()
  readonly chainId: number
  readonly deps: ReturnType<LedgerWorld['deps']>
  /** Accepted and not yet submitted, by economy. */
  readonly queues = new Map<string, AcceptedFixture[]>()

  private constructor(chainId: number, reversesFinalBlocks: boolean) {
    this.chainId = chainId
    this.deps = world.deps(this.chain.readers, { reversesFinalBlocks, observer: this.heard.observer })
  }

  static async open(
    options: { finalityDepth?: number; economies?: number; reversesFinalBlocks?: boolean } = {},
  ): Promise<Scene> {
    const chainId = await world.addChain({ finalityDepth: options.finalityDepth ?? 8 })
    const scene = new Scene(chainId, options.reversesFinalBlocks ?? false)
    for (let count = 0; count < (options.economies ?? 1); count += 1) {
      const economy = await world.fixtures.addEconomy({ chainId })
      scene.economies.push(economy)
      scene.queues.set(economy.economyId, [])
      for (const user of economy.users) scene.transfer(economy, ISSUANCE_ADDRESS, user.address, 1_000n)
    }
    scene.chain.mine()
    return scene
  }

  get economy(): LedgerEconomy {
    const [economy] = this.economies
    if (!economy) throw new Error('the scene has an economy')
    return economy
  }

  user(index: number, economy = this.economy): string {
    const user = economy.users[index % economy.users.length]
    if (!user) throw new Error('the economy has users')
    return user.id
  }

  transfer(economy: LedgerEconomy, from: string, to: string, amount: bigint): void {
    this.chain.mempool.push({ hash: randomHash(), kind: 'transfer', token: economy.token, from, to, amount })
  }

  async accept(
    from: number,
    to: number,
    amount: bigint,
    economy = this.economy,
  ): Promise<AcceptedFixture | null> {
    const accepted = await world.fixtures.accept(economy, this.user(from, economy), [
      { toUserId: this.user(to, economy), amount },
      ...(amount > 20n ? [{ toUserId: this.user(0, economy), amount: amount / 20n }] : []),
    ])
    if (accepted) this.queues.get(economy.economyId)?.push(accepted)
    return accepted
  }

  async submit(economy = this.economy, fate: { skipPercent?: number; revertPercent?: number } = {}) {
    const batch = this.queues.get(economy.economyId)?.splice(0) ?? []
    if (batch.length === 0) return null
    const submitted = await world.fixtures.submit(economy, batch)
    this.chain.mempool.push(batchTx(economy, submitted, batch, fate))
    return submitted
  }

  follow = () => followChain(this.deps, this.chainId)
  confirm = () => confirmBlocks(this.deps, this.chainId)

  async balance(index: number, economy = this.economy) {
    return world.fixtures.one(
      'SELECT settled, held, pending_in FROM account_balance WHERE economy_id = $1 AND id = $2',
      [economy.economyId, this.user(index, economy)],
    )
  }

  async transaction(accepted: AcceptedFixture | null) {
    return world.fixtures.one(
      `SELECT t.status, t.failure_code, hold.status AS hold FROM transaction_state t
       JOIN hold ON hold.economy_id = t.economy_id AND hold.transaction_id = t.id WHERE t.id = $1`,
      [accepted?.transactionId],
    )
  }

  /** Blocks of the entries that a transaction's timeline tells, in its order. */
  async hashesOfTimeline(accepted: AcceptedFixture | null) {
    const { tenantId, economyId } = this.economy
    const ref = { tenantId, economyId, id: accepted?.transactionId ?? '' }
    const history = await createTransactionReader(world.database).history(ref)
    return history?.entries.map(({ blockHash }) => blockHash)
  }

  /** The ledger equals the chain and its own sums, in every economy. */
  async expectEqual(): Promise<void> {
    for (const economy of this.economies) {
      const { differences, block } = await world.reconcile(this.deps, economy.economyId)
      expect(differences).toEqual([])
      expect(block.hash).toBe(this.chain.head.hash)
    }
  }
}

describe('settlement', () => {
  it('moves balances from Transfer logs alone and ends the holds of our payments as posted', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 100n)
    expect(await scene.balance(1)).toEqual({ settled: '1000', held: '105', pending_in: '0' })
    const submitted = await scene.submit()
    const block = scene.chain.mine()
    await scene.follow()

    expect(await scene.balance(0)).toEqual({ settled: '1005', held: '0', pending_in: '0' })
    expect(await scene.balance(1)).toEqual({ settled: '895', held: '0', pending_in: '0' })
    expect(await scene.balance(2)).toEqual({ settled: '1100', held: '0', pending_in: '0' })
    expect(await scene.transaction(accepted)).toEqual({ status: 'mined', failure_code: null, hold: 'posted' })
    expect(
      await world.fixtures.one(
        'SELECT status, block_number, block_hash, tx_hash, gas_used, effective_gas_price, revert_reason FROM chain_submission WHERE id = $1',
        [submitted?.submissionId],
      ),
    ).toEqual({
      status: 'mined',
      block_number: String(block.number),
      block_hash: block.hash,
      tx_hash: submitted?.txHash,
      gas_used: '100000',
      effective_gas_price: '1000000000',
      revert_reason: null,
    })
    await scene.expectEqual()
  })

  it('gives entries of our batch their transaction, and those of strangers none', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    await scene.submit()
    scene.transfer(scene.economy, addressOf(scene.economy, scene.user(2)), scene.outsider, 7n)
    scene.transfer(scene.economy, scene.outsider, scene.outsider, 0n)
    scene.chain.mine()
    await scene.follow()
    const entries = await world.fixtures.all(
      `SELECT entry.side, entry.amount, entry.transaction_id, account.kind FROM entry
       JOIN account ON account.economy_id = entry.economy_id AND account.id = entry.account_id
       WHERE entry.economy_id = $1 AND block_number = 2 ORDER BY log_index, side`,
      [scene.economy.economyId],
    )
    expect(entries).toEqual([
      { side: 'credit', amount: '10', transaction_id: accepted?.transactionId, kind: 'wallet' },
      { side: 'debit', amount: '-10', transaction_id: accepted?.transactionId, kind: 'wallet' },
      { side: 'credit', amount: '7', transaction_id: null, kind: 'external' },
      { side: 'debit', amount: '-7', transaction_id: null, kind: 'wallet' },
    ])
    await scene.expectEqual()
  })

  it('keeps the hold of a skipped payment until the block is final, and only then fails it', async () => {
    const scene = await Scene.open({ finalityDepth: 2 })
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    await scene.submit(scene.economy, { skipPercent: 100 })
    scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    expect(await scene.transaction(accepted)).toEqual({
      status: 'submitted',
      failure_code: 'window_cap_exceeded',
      hold: 'pending',
    })
    expect(await scene.balance(1)).toEqual({ settled: '1000', held: '10', pending_in: '0' })
    scene.chain.mine()
    scene.chain.mine()
    await scene.follow()
    expect(await scene.confirm()).toEqual({ confirmed: 0, failed: 1, isComplete: true })
    expect(await scene.transaction(accepted)).toEqual({
      status: 'failed',
      failure_code: 'window_cap_exceeded',
      hold: 'voided',
    })
    expect(await scene.balance(1)).toEqual({ settled: '1000', held: '0', pending_in: '0' })
    expect(await scene.balance(2)).toEqual({ settled: '1000', held: '0', pending_in: '0' })
    await scene.expectEqual()
  })

  it('records the reason of a reverted batch on each of its payments and on the submission', async () => {
    const scene = await Scene.open({ finalityDepth: 1 })
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    const submitted = await scene.submit(scene.economy, { revertPercent: 100 })
    scene.chain.mine()
    scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    expect(await scene.transaction(accepted)).toEqual({
      status: 'failed',
      failure_code: 'batch_reverted',
      hold: 'voided',
    })
    expect(
      await world.fixtures.one('SELECT status, revert_reason FROM chain_submission WHERE id = $1', [
        submitted?.submissionId,
      ]),
    ).toEqual({ status: 'reverted', revert_reason: 'EnforcedPause()' })
  })

  it('tells of each state change once', async () => {
    const scene = await Scene.open({ finalityDepth: 1 })
    await scene.follow()
    const paid = await scene.accept(1, 2, 10n)
    await scene.submit()
    const skipped = await scene.accept(2, 1, 10n)
    await scene.submit(scene.economy, { skipPercent: 100 })
    scene.chain.mine()
    scene.chain.mine()
    for (let run = 0; run < 2; run += 1) {
      await Promise.all([scene.follow(), scene.follow()])
      await Promise.all([scene.confirm(), scene.confirm()])
    }
    const topics = async (accepted: AcceptedFixture | null) =>
      (
        await world.fixtures.all('SELECT topic FROM outbox_event WHERE subject_id = $1 ORDER BY xid, id', [
          accepted?.transactionId,
        ])
      ).map((row) => row['topic'])
    expect(await topics(paid)).toEqual(['transaction.mined', 'transaction.confirmed'])
    expect(await topics(skipped)).toEqual(['transaction.failed'])
  })

  it('follows administrative submissions by their status alone', async () => {
    const scene = await Scene.open({ finalityDepth: 1 })
    const good = await world.fixtures.submit(scene.economy, [], { kind: 'faucet_grant' })
    const bad = await world.fixtures.submit(scene.economy, [], { kind: 'create_economy' })
    scene.chain.mempool.push(
      { hash: good.txHash, kind: 'call', reverts: false },
      { hash: bad.txHash, kind: 'call', reverts: true },
    )
    scene.chain.mine()
    scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    const statusOf = (id: string) =>
      world.fixtures.one('SELECT status, revert_reason FROM chain_submission WHERE id = $1', [id])
    expect(await statusOf(good.submissionId)).toEqual({ status: 'confirmed', revert_reason: null })
    expect(await statusOf(bad.submissionId)).toEqual({ status: 'reverted', revert_reason: 'EnforcedPause()' })
  })

  it('catches up from far behind in bounded ranges', async () => {
    const scene = await Scene.open()
    for (let block = 0; block < 450; block += 1) scene.chain.mine()
    const result = await scene.follow()
    expect(result).toEqual({ status: 'idle', settledBlocks: 451, reversedBlocks: 0, movements: 3 })
    await scene.expectEqual()
  })
})

describe('a contradiction between chain and ledger', () => {
  const haltOf = (scene: Scene) =>
    world.fixtures.one('SELECT status, halt_reason FROM chain WHERE id = $1', [scene.chainId])

  it('halts the chain, writes nothing and raises an alarm when a batch moves something else than was accepted', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    const batch = scene.queues.get(scene.economy.economyId)?.splice(0) ?? []
    const submitted = await world.fixtures.submit(scene.economy, batch)
    const altered = batch.map((payment) => ({
      ...payment,
      legs: payment.legs.map((leg) => ({ ...leg, amount: leg.amount + 1n })),
    }))
    scene.chain.mempool.push(batchTx(scene.economy, submitted, altered))
    scene.chain.mine()
    const result = await scene.follow()
    expect(result.status).toBe('halted')
    expect(scene.heard.alarms).toEqual(['chain.halted'])
    const { status, halt_reason: reason } = await haltOf(scene)
    expect(status).toBe('halted')
    expect(reason).toContain(submitted.submissionId)
    expect(await scene.transaction(accepted)).toEqual({
      status: 'submitted',
      failure_code: null,
      hold: 'pending',
    })
    expect((await scene.follow()).status).toBe('halted')
  })

  it('halts when a submission that was given up is mined after all', async () => {
    const scene = await Scene.open()
    await scene.follow()
    await scene.accept(1, 2, 10n)
    const submitted = await scene.submit()
    await world.fixtures.pool.query(`UPDATE chain_submission SET status = 'replaced' WHERE id = $1`, [
      submitted?.submissionId,
    ])
    scene.chain.mine()
    expect((await scene.follow()).status).toBe('halted')
  })

  it('halts when a payment is not what the chain moved', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    await scene.submit()
    await world.fixtures.pool.query('UPDATE transaction SET amount = 9 WHERE id = $1', [
      accepted?.transactionId,
    ])
    scene.chain.mine()
    expect((await scene.follow()).status).toBe('halted')
  })

  it('goes on where it stood once a person resumed it', async () => {
    const scene = await Scene.open()
    await scene.follow()
    await scene.deps.chains.halt(scene.chainId, 'by hand')
    scene.chain.mine()
    expect((await scene.follow()).status).toBe('halted')
    expect(await scene.deps.chains.resume(scene.chainId)).toBe(true)
    expect((await scene.follow()).settledBlocks).toBe(1)
  })
})

describe('a re-org', () => {
  it('takes mined transactions back to submitted, with their holds, and settles them again on the new branch', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 100n)
    const submitted = await scene.submit()
    scene.chain.mine()
    await scene.follow()
    scene.chain.reorg(1, 2)
    const result = await scene.follow()
    expect(result).toMatchObject({ reversedBlocks: 1, settledBlocks: 2 })
    expect(await scene.transaction(accepted)).toEqual({
      status: 'submitted',
      failure_code: null,
      hold: 'pending',
    })
    expect(await scene.balance(1)).toEqual({ settled: '1000', held: '105', pending_in: '0' })
    expect(await scene.balance(2)).toEqual({ settled: '1000', held: '0', pending_in: '100' })
    expect(
      await world.fixtures.one('SELECT status, block_number, tx_hash FROM chain_submission WHERE id = $1', [
        submitted?.submissionId,
      ]),
    ).toEqual({ status: 'broadcast', block_number: null, tx_hash: null })
    await scene.expectEqual()

    scene.chain.mine()
    await scene.follow()
    expect(await scene.transaction(accepted)).toEqual({ status: 'mined', failure_code: null, hold: 'posted' })
    await scene.expectEqual()
  })

  it('tells the economy that a call of its own is on its way again', async () => {
    const scene = await Scene.open()
    await scene.follow()
    await scene.accept(1, 2, 100n)
    const submitted = await scene.submit()
    scene.chain.mine()
    await scene.follow()
    const call = await world.fixtures.one(
      `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, value, gas_limit, nonce,
                                     status, transaction_ids, block_number, block_hash, tx_hash, mined_at, signed_at)
       SELECT gen_random_uuid(), chain_id, lane_id, economy_id, tenant_id, 'coin_transfer', to_address, '', 1, 21000, nonce + 1,
              status, '{}', block_number, block_hash, tx_hash, mined_at, signed_at FROM chain_submission WHERE id = $1 RETURNING id`,
      [submitted?.submissionId],
    )
    scene.chain.reorg(1, 2)
    await scene.follow()
    expect(
      await world.fixtures.one(
        `SELECT s.status, e.topic FROM chain_submission s JOIN outbox_event e ON e.subject_id = s.id WHERE s.id = $1`,
        [call?.['id']],
      ),
    ).toEqual({ status: 'broadcast', topic: 'coin_transfer.reorged' })
  })

  it('forgets a recorded failure, and may end in success', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 1_000n).then(() => scene.accept(1, 2, 900n))
    // Leaves the payer short on the first branch only.
    scene.transfer(scene.economy, addressOf(scene.economy, scene.user(1)), scene.outsider, 500n)
    await scene.submit()
    scene.chain.mine()
    await scene.follow()
    expect(await scene.transaction(accepted)).toEqual({
      status: 'submitted',
      failure_code: 'insufficient_balance',
      hold: 'pending',
    })
    scene.chain.reorg(1, 1)
    scene.chain.mempool.shift()
    scene.chain.mine()
    await scene.follow()
    expect(await scene.transaction(accepted)).toEqual({ status: 'mined', failure_code: null, hold: 'posted' })
    await scene.expectEqual()
  })

  it('adopts a block again under a new generation when the chain returns to it', async () => {
    const scene = await Scene.open()
    await scene.follow()
    await scene.accept(1, 2, 10n)
    await scene.submit()
    const first = scene.chain.mine()
    await scene.follow()
    scene.chain.reorg(1, 1)
    await scene.follow()
    scene.chain.switchTo(first.hash)
    await scene.follow()
    expect(
      await world.fixtures.one('SELECT generation, status FROM chain_block WHERE hash = $1', [first.hash]),
    ).toEqual({ generation: 3, status: 'canonical' })
    await scene.expectEqual()
  })

  it('keeps what each block of a height posted, however often the chain changes its mind', async () => {
    const scene = await Scene.open()
    await scene.follow()
    const accepted = await scene.accept(1, 2, 10n)
    await scene.submit()
    scene.transfer(scene.economy, addressOf(scene.economy, scene.user(2)), scene.outsider, 7n)
    const first = scene.chain.mine()
    await scene.follow()
    scene.chain.reorg(1, 0)
    const second = scene.chain.mine()
    await scene.follow()
    scene.chain.switchTo(first.hash)
    await scene.follow()
    await scene.expectEqual()

    const { economyId } = scene.economy
    expect(
      await world.fixtures.all(
        `SELECT generation, is_reversal, '0x' || encode(block_hash, 'hex') AS hash, count(*)::int AS entries, sum(amount)::text AS sum
         FROM entry WHERE economy_id = $1 AND block_number = $2 GROUP BY 1, 2, 3 ORDER BY 1, 2`,
        [economyId, first.number],
      ),
    ).toEqual(
      [
        { generation: 1, is_reversal: false, hash: first.hash },
        { generation: 1, is_reversal: true, hash: first.hash },
        { generation: 2, is_reversal: false, hash: second.hash },
        { generation: 2, is_reversal: true, hash: second.hash },
        { generation: 3, is_reversal: false, hash: first.hash },
      ].map((expected) => ({ ...expected, entries: 4, sum: '0' })),
    )
    expect(await scene.hashesOfTimeline(accepted)).toEqual(
      [first.hash, first.hash, second.hash, second.hash, first.hash].flatMap((hash) => [hash, hash]),
    )
    const again = `INSERT INTO entry SELECT (jsonb_populate_record(entry, $2)).* FROM entry WHERE economy_id = $1`
    for (const change of [{}, { block_hash: `\\x${'0b'.repeat(32)}` }]) {
      await expect(world.fixtures.all(again, [economyId, change])).rejects.toThrow('entry_pkey')
    }
  })

  it('lists entries after a cursor that was given while the block’s hash was in the key', async () => {
    const scene = await Scene.open()
    await scene.follow()
    scene.transfer(scene.economy, addressOf(scene.economy, scene.user(1)), scene.outsider, 7n)
    const { number, hash } = scene.chain.mine()
    await scene.follow()
    const { economyId, tenantId } = scene.economy
    const list = createEntryReader(world.database)
    const page = (after?: string) =>
      list(tenantId, economyId, scene.user(1), {
        limit: 1,
        order: 'desc',
        ...(after === undefined ? {} : { after }),
      })
    const [newest] = (await page())?.rows ?? []
    expect(newest).toMatchObject({ amount: -7n, blockHash: hash, position: `${number}.0.debit.1.false` })
    const [before] = (await page(`${number}.0.debit.${hash}.1.false`))?.rows ?? []
    expect(before).toMatchObject({ amount: 1_000n })
  })

  it('waits for a node that lags on our own chain', async () => {
    const scene = await Scene.open()
    scene.chain.mine()
    const head = scene.chain.mine()
    await scene.follow()
    scene.chain.switchTo(head.parentHash)
    expect(await scene.follow()).toMatchObject({ status: 'idle', reversedBlocks: 0 })
    scene.chain.switchTo(head.hash)
    await scene.expectEqual()
  })

  it('halts the chain when final blocks are orphaned', async () => {
    const scene = await Scene.open({ finalityDepth: 2 })
    await scene.accept(1, 2, 10n)
    for (let block = 0; block < 5; block += 1) scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    scene.chain.reorg(3, 4)
    expect((await scene.follow()).status).toBe('halted')
    expect(scene.heard.alarms).toEqual(['chain.halted'])
  })

  it('takes even final blocks back on a sandbox chain that allows it, with an alarm', async () => {
    const scene = await Scene.open({ finalityDepth: 2, reversesFinalBlocks: true })
    await scene.follow()
    const paid = await scene.accept(1, 2, 10n)
    await scene.submit()
    const skipped = await scene.accept(2, 1, 10n)
    await scene.submit(scene.economy, { skipPercent: 100 })
    for (let block = 0; block < 4; block += 1) scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    expect(await scene.transaction(paid)).toMatchObject({ status: 'confirmed' })
    expect(await scene.transaction(skipped)).toMatchObject({ status: 'failed' })
    scene.chain.reorg(4, 5)
    await scene.follow()
    const open = { status: 'submitted', failure_code: null, hold: 'pending' }
    expect(await scene.transaction(paid)).toEqual(open)
    expect(await scene.transaction(skipped)).toEqual(open)
    expect(scene.heard.alarms).toEqual(['ledger.reorg_beyond_final'])
    await scene.expectEqual()
  })

  it('confirms what lands again at a height that had been final', async () => {
    const scene = await Scene.open({ finalityDepth: 2, reversesFinalBlocks: true })
    await scene.follow()
    const paid = await scene.accept(1, 2, 10n)
    await scene.submit()
    for (let block = 0; block < 4; block += 1) scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    scene.chain.reorg(4, 0)
    for (let block = 0; block < 4; block += 1) scene.chain.mine()
    await scene.follow()
    expect(await scene.transaction(paid)).toMatchObject({ status: 'mined' })
    await scene.confirm()
    expect(await scene.transaction(paid)).toMatchObject({ status: 'confirmed' })
    await scene.expectEqual()
  })

  it('halts when it goes back further than any accident of consensus', async () => {
    const scene = await Scene.open({ finalityDepth: 2, reversesFinalBlocks: true })
    for (let block = 0; block < 70; block += 1) scene.chain.mine()
    await scene.follow()
    scene.chain.reorg(66, 70)
    expect((await scene.follow()).status).toBe('halted')
  })
})

describe('any history of transfers, skips, reverts, strangers and re-orgs', () => {
  const economy = fc.nat(1)
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('pay' as const),
        economy,
        payments: fc.array(
          fc.record({ from: fc.nat(2), step: fc.integer({ min: 1, max: 2 }), amount: fc.bigInt(1n, 600n) }),
          { minLength: 1, maxLength: 4 },
        ),
        skipPercent: fc.constantFrom(0, 0, 40),
        revertPercent: fc.constantFrom(0, 0, 50),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('foreign' as const),
        economy,
        from: fc.nat(4),
        to: fc.nat(4),
        amount: fc.bigInt(0n, 300n),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('reorg' as const),
        depth: fc.integer({ min: 1, max: 6 }),
        extra: fc.nat(2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('return' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('follow' as const), runs: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('confirm' as const), runs: fc.integer({ min: 1, max: 2 }) }),
    },
  )
  type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never

  /** A history as it unfolds. */
  class History {
    readonly scene: Scene
    /** Heads of branches that were left. */
    readonly #tips: string[] = []

    constructor(scene: Scene) {
      this.scene = scene
    }

    async run(step: Action): Promise<void> {
      const { chain, economies } = this.scene
      switch (step.type) {
        case 'pay': {
          const payer = economies[step.economy]
          for (const { from, step: distance, amount } of step.payments) {
            await this.scene.accept(from, from + distance, amount, payer)
          }
          await this.scene.submit(payer, step)
          return
        }
        case 'foreign':
          return this.#transferAsStranger(step)
        case 'mine':
          chain.mine(step.count)
          return
        case 'reorg':
          return this.#reorg(step.depth, step.extra)
        case 'return':
          return this.#return()
        case 'follow':
          await Promise.all(Array.from({ length: step.runs }, () => this.scene.follow()))
          return expectConsistent(this.scene)
        case 'confirm':
          await Promise.all(Array.from({ length: step.runs }, () => this.scene.confirm()))
      }
    }

    #transferAsStranger(step: { economy: number; from: number; to: number; amount: bigint }): void {
      const economyOfStep = this.scene.economies[step.economy] ?? this.scene.economy
      const users = economyOfStep.users.map((user) => user.address)
      const parties = [...users, this.scene.outsider, ISSUANCE_ADDRESS]
      this.scene.transfer(economyOfStep, parties[step.from] ?? '', parties[step.to] ?? '', step.amount)
    }

    async #reorg(depth: number, extra: number): Promise<void> {
      const { chain } = this.scene
      const left = chain.head.hash
      chain.reorg(depth, extra)
      for (let count = 0; count < depth; count += 1) chain.mine(1)
      await this.#leave(left)
    }

    async #return(): Promise<void> {
      const tip = this.#tips.pop()
      if (tip === undefined) return
      const left = this.scene.chain.head.hash
      this.scene.chain.switchTo(tip)
      await this.#leave(left)
    }

    /**
     * The chain keeps its promise, which is what finality by depth rests on: it never orphans a block on which the ledger has
     * seen `finalityDepth` others. Re-orgs may add up to more than that while nobody looks: then the last one did not happen.
     */
    async #leave(left: string): Promise<void> {
      const { chain, deps, chainId } = this.scene
      const { position, finalityDepth } = await deps.chains.get(chainId)
      const { number = 0, finalNumber = 0 } = position ?? {}
      const promised = Math.max(finalNumber, number - finalityDepth)
      const [ours, [theirs]] = await Promise.all([
        deps.chains.canonicalHashes(chainId, promised, promised),
        chain.headers(promised, promised),
      ])
      if (ours.get(promised) === theirs?.hash) this.#tips.push(left)
      else chain.switchTo(left)
    }
  }

  it('leaves the ledger equal to the chain and every transaction ended once', {
    timeout: 120_000,
  }, async () => {
    const seen = { reorged: 0, failed: 0, confirmed: 0, adoptedAgain: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 30, maxLength: 90, size: 'max' }), async (actions) => {
        const scene = await Scene.open({ finalityDepth: 8, economies: 2 })
        await scene.follow()
        const history = new History(scene)
        for (const step of actions) await history.run(step)
        await finish(scene)
        await note(scene, seen)
      }),
      { numRuns: 25, endOnFailure: true },
    )
    // A property that never meets its hard cases proves nothing.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10)
  })

  async function note(scene: Scene, seen: Record<string, number>): Promise<void> {
    const counts = await world.fixtures.one(
      `SELECT count(*) FILTER (WHERE topic = 'transaction.reorged') AS reorged,
              count(*) FILTER (WHERE topic = 'transaction.failed') AS failed,
              count(*) FILTER (WHERE topic = 'transaction.confirmed') AS confirmed,
              (SELECT sum(again) FROM (SELECT max(generation) - count(*) AS again FROM chain_block WHERE chain_id = $2 GROUP BY number) h)
                AS "adoptedAgain"
       FROM outbox_event WHERE economy_id = ANY ($1::uuid[])`,
      [scene.economies.map(({ economyId }) => economyId), scene.chainId],
    )
    for (const [name, count] of Object.entries(counts)) seen[name] = (seen[name] ?? 0) + Number(count)
  }

  async function expectConsistent(scene: Scene): Promise<void> {
    const { status, haltReason } = await scene.deps.chains.get(scene.chainId)
    expect({ status, haltReason }).toEqual({ status: 'active', haltReason: null })
    for (const { economyId } of scene.economies) {
      expect((await world.reconcile(scene.deps, economyId)).differences).toEqual([])
    }
  }

  async function finish(scene: Scene): Promise<void> {
    for (let block = 0; block < 10; block += 1) scene.chain.mine()
    await scene.follow()
    await scene.confirm()
    await expectConsistent(scene)
    await scene.expectEqual()
    for (const { economyId } of scene.economies) {
      const none = async (text: string) => expect(await world.fixtures.all(text, [economyId])).toEqual([])
      await none(
        `SELECT id FROM transaction_state WHERE economy_id = $1 AND status NOT IN ('confirmed', 'failed')`,
      )
      await none(
        `SELECT subject_id FROM outbox_event
         WHERE economy_id = $1 AND topic IN ('transaction.confirmed', 'transaction.failed')
         GROUP BY subject_id HAVING count(*) <> 1`,
      )
      await none('SELECT id FROM account_balance WHERE economy_id = $1 AND (held <> 0 OR pending_in <> 0)')
    }
  }
})
