import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import { followChain } from '#core/transaction/follow-chain.ts'
import {
  type AcceptedFixture,
  batchTx,
  type LedgerEconomy,
  mintsFor,
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

describe('reconciliation', () => {
  let chain: SimulatedChain
  let economy: LedgerEconomy
  let deps: ReturnType<LedgerWorld['deps']>
  let heard: ReturnType<typeof hearing>
  let mined: AcceptedFixture
  let queued: AcceptedFixture
  let payer: string

  /** One mined and one queued payment, and the ledger equal to the chain. */
  beforeEach(async () => {
    chain = new SimulatedChain()
    heard = hearing()
    deps = world.deps(chain.readers, { observer: heard.observer })
    const chainId = await world.addChain({ finalityDepth: 3 })
    economy = await world.fixtures.addEconomy({ chainId })
    chain.mempool.push(...mintsFor(economy, 1_000n))
    chain.mine()
    await followChain(deps, chainId)
    payer = economy.users[1]?.id ?? ''
    mined = await accept(10n)
    const submitted = await world.fixtures.submit(economy, [mined])
    chain.mempool.push(batchTx(economy, submitted, [mined]))
    chain.mine()
    await followChain(deps, chainId)
    queued = await accept(20n)
    expect((await reconcile()).status).toBe('equal')
  })

  async function accept(amount: bigint): Promise<AcceptedFixture> {
    const legs = [{ toUserId: economy.users[2]?.id ?? '', amount }]
    const accepted = await world.fixtures.accept(economy, payer, legs)
    if (!accepted) throw new Error('the payer has enough')
    return accepted
  }

  async function submit(amount: bigint): Promise<AcceptedFixture> {
    const accepted = await accept(amount)
    await world.fixtures.submit(economy, [accepted])
    return accepted
  }

  const reconcile = () => world.reconcile(deps, economy.economyId)
  const kinds = async () => (await reconcile()).differences.map((difference) => difference.kind)
  const change = (text: string, ...values: unknown[]) => world.fixtures.pool.query(text, values)

  it('finds one base unit too many, names the account and tells the business', async () => {
    await change('UPDATE account SET settled = settled + 1 WHERE id = $1', payer)
    const { id, status, differences } = await reconcile()
    expect(status).toBe('drift')
    expect(differences).toContainEqual({
      kind: 'balance',
      subjectId: payer,
      address: economy.users[1]?.address,
      expected: '990',
      found: '991',
    })
    expect(differences.map((difference) => difference.kind)).toEqual(['sum', 'balance', 'entries'])
    expect(heard.alarms).toEqual(['ledger.drift'])
    expect(await world.fixtures.all(`SELECT topic FROM outbox_event WHERE subject_id = $1`, [id])).toEqual([
      { topic: 'ledger.drift' },
    ])
    const stored = await world.fixtures.one(
      'SELECT status, accounts, jsonb_array_length(differences) AS differences FROM reconciliation WHERE id = $1',
      [id],
    )
    expect(stored).toEqual({ status: 'drift', accounts: 4, differences: 3 })
  })

  it('finds one unit moved from one account to another, though all sums still agree', async () => {
    await change('UPDATE account SET settled = settled + 1 WHERE id = $1', payer)
    await change('UPDATE account SET settled = settled - 1 WHERE id = $1', economy.users[0]?.id)
    expect(await kinds()).toEqual(['balance', 'entries', 'balance', 'entries'])
  })

  it('finds a supply that is not what was issued', async () => {
    await change(
      `UPDATE account SET settled = settled - 1 WHERE economy_id = $1 AND kind = 'issuance'`,
      economy.economyId,
    )
    expect(await kinds()).toEqual(expect.arrayContaining(['sum', 'supply']))
  })

  it('finds a missing entry', async () => {
    await change('ALTER TABLE entry DISABLE TRIGGER entry_append_only')
    await change(`DELETE FROM entry WHERE transaction_id = $1 AND side = 'debit'`, mined.transactionId)
    await change('ALTER TABLE entry ENABLE TRIGGER entry_append_only')
    expect((await reconcile()).differences).toEqual([
      {
        kind: 'entries',
        subjectId: payer,
        address: economy.users[1]?.address,
        expected: '1000',
        found: '990',
      },
    ])
  })

  it('finds an entry made twice', async () => {
    await change(
      `INSERT INTO entry SELECT (jsonb_populate_record(entry, jsonb_build_object('generation', 9))).* FROM entry WHERE transaction_id = $1`,
      mined.transactionId,
    )
    expect(await kinds()).toEqual(['entries', 'entries'])
  })

  it('finds funds that are held for nothing', async () => {
    await change('UPDATE wallet SET reserved = reserved + 5 WHERE user_id = $1', payer)
    expect(await kinds()).toEqual(['held'])
  })

  it('finds a transaction that has ended and still counts as open', async () => {
    await change(`UPDATE transaction SET status = 'confirmed' WHERE id = $1`, mined.transactionId)
    expect(await kinds()).toEqual(['stray_hold'])
  })

  it('finds a live transaction whose funds are not held', async () => {
    await change('DELETE FROM queued_transaction WHERE transaction_id = $1', queued.transactionId)
    expect(await kinds()).toEqual(expect.arrayContaining(['held', 'pending_in']))
  })

  it('finds a transaction that is submitted and still in the queue', async () => {
    const submitted = await submit(5n)
    expect(await kinds()).toEqual([])
    await change(
      `INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id) SELECT economy_id, id, tenant_id FROM transaction WHERE id = $1`,
      submitted.transactionId,
    )
    expect(await kinds()).toEqual(expect.arrayContaining(['held', 'pending_in', 'unheld_transaction']))
  })

  it('finds a transaction that is in the queue and was mined', async () => {
    await change(
      `INSERT INTO queued_transaction (economy_id, transaction_id, tenant_id) SELECT economy_id, id, tenant_id FROM transaction WHERE id = $1`,
      mined.transactionId,
    )
    expect(await kinds()).toEqual(['stray_hold'])
  })

  it('finds a submitted transaction whose submission does not carry it', async () => {
    const submitted = await submit(5n)
    await change(
      `UPDATE chain_submission SET transaction_ids = '{}' WHERE $1 = ANY (transaction_ids)`,
      submitted.transactionId,
    )
    expect(await kinds()).toEqual(expect.arrayContaining(['held', 'pending_in']))
  })

  it('finds an expected payment that nobody is to get', async () => {
    await change('UPDATE wallet SET announced = announced + 1 WHERE user_id = $1', payer)
    expect(await kinds()).toEqual(['pending_in'])
  })

  it('finds a movement that the indexer never saw', async () => {
    chain.mempool.push({
      hash: randomHash(),
      kind: 'transfer',
      token: economy.token,
      from: economy.users[0]?.address ?? '',
      to: economy.users[1]?.address ?? '',
      amount: 3n,
    })
    const head = chain.mine()
    await change(
      'UPDATE chain_cursor SET block_number = $2, block_hash = $3 WHERE chain_id = $1',
      economy.chainId,
      head.number,
      head.hash,
    )
    expect(await kinds()).toEqual(['balance', 'balance'])
  })

  it('lists a hundred differences at most', async () => {
    const many = await world.fixtures.addEconomy({ chainId: economy.chainId, users: 150 })
    await change('UPDATE account SET settled = 1 WHERE economy_id = $1', many.economyId)
    const { differences } = await world.reconcile(deps, many.economyId)
    expect(differences).toHaveLength(100)
  })

  it('has nothing to compare for an economy without a token', async () => {
    expect(await deps.reconciliations.snapshot(uuidv7())).toBeNull()
  })
})
