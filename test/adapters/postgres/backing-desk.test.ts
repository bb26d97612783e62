import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBackingDesk } from '#adapters/postgres/backing-desk.ts'
import type { Book } from '#core/gateway/backing-accounts.ts'
import { compareBacking } from '#core/gateway/compare-backing.ts'
import { type BackingDesk, type GatewayLogReader, postBacking } from '#core/gateway/post-backing.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { hearing, LedgerWorld } from '#test/support/ledger-world.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'
import { type BlockOfLogs, GatewayChain, VALUE_OF } from '#test/support/gateway-chain.ts'

/** The value chain of the fixture's backings. */
const VALUE_CHAIN_ID = 31_001

let testDatabase: TestDatabase
let world: LedgerWorld
let desk: BackingDesk
let utilityChainId: number

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  world = new LedgerWorld(testDatabase)
  desk = createBackingDesk(world.database)
  await world.addChain({ finalityDepth: 2, chainId: VALUE_CHAIN_ID })
  utilityChainId = await world.addChain({ finalityDepth: 2 })
})

afterAll(async () => {
  await world?.close()
  await testDatabase?.drop()
})

/** A backed economy of its own, and both its gateways' chains as the follower has read them. */
class Scene {
  readonly heard = hearing()
  readonly economyId: string
  readonly chains: Record<Book, GatewayChain>
  /** Crashes of the next write: before it, or after it is committed. */
  crash: 'before' | 'after' | null = null

  private constructor(economyId: string) {
    this.economyId = economyId
    this.chains = { value: new GatewayChain('value'), utility: new GatewayChain('utility') }
  }

  static async open(): Promise<Scene> {
    await world.fixtures.all('DELETE FROM chain_block')
    await world.fixtures.all('DELETE FROM chain_cursor')
    const { economyId } = await world.fixtures.addEconomy({ chainId: utilityChainId, users: 1 })
    await backEconomy({ sql: async (text, values) => world.fixtures.all(text, values) }, economyId)
    const scene = new Scene(economyId)
    for (const book of ['value', 'utility'] as const) await scene.mine(book)
    return scene
  }

  chainIdOf = (book: Book) => (book === 'value' ? VALUE_CHAIN_ID : utilityChainId)

  /** A block of what is pending; the newest is final, as if the chain had no depth. */
  async mine(book: Book): Promise<void> {
    await this.#adopt(book, this.chains[book].mine(this.chainIdOf(book)))
  }

  /** The follower meets a fork, and goes back to a block that it had taken for final. */
  async reorg(book: Book, depth: number): Promise<void> {
    await this.#orphan(book, this.chains[book].drop(depth))
    await this.mine(book)
  }

  /** The chain comes back to the blocks of before the last re-org. */
  async returnTo(book: Book): Promise<void> {
    const { orphaned, adopted } = this.chains[book].comeBack()
    await this.#orphan(book, orphaned)
    for (const block of adopted) await this.#adopt(book, block)
  }

  async #orphan(book: Book, blocks: readonly BlockOfLogs[]): Promise<void> {
    await world.fixtures.all(
      `UPDATE chain_block SET status = 'orphaned' WHERE chain_id = $1 AND hash = ANY ($2)`,
      [this.chainIdOf(book), blocks.map(({ hash }) => hash)],
    )
  }

  async #adopt(book: Book, { number, hash, parentHash }: BlockOfLogs): Promise<void> {
    const chainId = this.chainIdOf(book)
    await world.fixtures.all(
      `INSERT INTO chain_block (chain_id, number, hash, parent_hash, mined_at) VALUES ($1, $2, $3, $4, now())
       ON CONFLICT (chain_id, number, hash) DO UPDATE SET status = 'canonical', generation = chain_block.generation + 1`,
      [chainId, number, hash, parentHash],
    )
    await world.fixtures.all(
      `INSERT INTO chain_cursor (chain_id, block_number, block_hash, head_number, final_number) VALUES ($1, $2, $3, $2, $2)
       ON CONFLICT (chain_id) DO UPDATE SET block_number = $2, block_hash = $3, head_number = $2, final_number = $2`,
      [chainId, number, hash],
    )
  }

  readonly reader: GatewayLogReader = {
    read: async ({ book }, from, to) => this.chains[book].logs(from, to),
  }

  post = async (gatewayLogs = this.reader) =>
    postBacking(
      {
        backings: { ...desk, post: (...args) => this.#dying(() => desk.post(...args)) },
        gatewayLogs,
        clock: { now: () => new Date() },
        observer: this.heard.observer,
      },
      this.economyId,
    )

  async #dying<Result>(write: () => Promise<Result>): Promise<Result> {
    const { crash } = this
    this.crash = null
    if (crash === 'before') throw new Error('killed')
    const result = await write()
    if (crash === 'after') throw new Error('killed')
    return result
  }

  /** Until both books stand where their chains do. */
  async postAll(): Promise<void> {
    await expect.poll(async () => this.post(), { interval: 1, timeout: 10_000 }).toBe('posted')
  }

  /** The books are what the gateways would answer, and their own sums; every difference that a reconciliation would list. */
  async expectTrue(): Promise<void> {
    const snapshot = await desk.snapshot(this.economyId)
    const value = this.chains.value.state()
    const utility = this.chains.utility.state()
    expect(snapshot?.seen).toMatchObject({
      staked: value.vault,
      inFlight: value.inFlight,
      supply: utility.supply + utility.redeeming,
      redeemingSupply: utility.redeeming,
      minted: value.open
        .filter(({ hash }) => utility.minted.has(hash))
        .reduce((sum, { amount }) => sum + amount, 0n),
      redeemedSupply: utility.open
        .filter(({ hash }) => value.paid.has(hash))
        .reduce((sum, { amount }) => sum + amount, 0n),
    })
    for (const { name, balance, entries } of snapshot?.accounts ?? [])
      expect([name, balance]).toEqual([name, entries])
    const sums = await world.fixtures.all(
      `SELECT sum(amount)::text AS sum FROM backing_entry WHERE economy_id = $1
       GROUP BY account IN ('outside', 'in_flight', 'vault')`,
      [this.economyId],
    )
    for (const { sum } of sums) expect(sum).toBe('0')
    const differences = await compareBacking(
      {
        backings: desk,
        gateways: {
          vault: async () => ({ staked: value.vault, inFlight: value.inFlight }),
          supply: async () => utility.supply + utility.redeeming,
        },
      },
      this.economyId,
    )
    expect(differences.filter(({ kind }) => kind !== 'uncovered')).toEqual([])
  }
}

const book = fc.constantFrom<Book>('value', 'utility')
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('act' as const),
      dice: fc.nat(),
      amount: fc.bigInt(1n, 1_000n),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('mine' as const), book }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('post' as const), times: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('crash' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('reorg' as const),
      book,
      depth: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('return' as const), book }) },
)

it('books equal gateways, under any order of messages, readers that crash or compete, and re-orgs of final blocks', async () => {
  let posted = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const scene = await Scene.open()
      for (const one of steps) {
        if (one.does === 'act') scene.chains[one.dice % 2 === 0 ? 'value' : 'utility'].act(one, scene.chains)
        if (one.does === 'mine') await scene.mine(one.book)
        if (one.does === 'reorg') await scene.reorg(one.book, one.depth)
        if (one.does === 'return') await scene.returnTo(one.book)
        if (one.does === 'crash') {
          scene.crash = one.when
          await scene.post().catch((error: unknown) => expect(String(error)).toMatch(/killed/))
          scene.crash = null
        }
        if (one.does === 'post')
          await Promise.all(Array.from({ length: one.times }, async () => scene.post()))
      }
      for (const which of ['value', 'utility'] as const) await scene.mine(which)
      await scene.postAll()
      await scene.expectTrue()
      expect(scene.heard.alarms).toEqual([])
      posted += Number((await world.fixtures.one('SELECT count(*) FROM backing_entry'))['count'])
    }),
    { numRuns: 100 },
  )
  expect(posted).toBeGreaterThan(100)
}, 180_000)

it('a re-org of final blocks leaves reversing entries, and a block that comes back is posted again', async () => {
  const scene = await Scene.open()
  const { value } = scene.chains
  value.add('StakeDeclared', 'a', 5n)
  await scene.mine('value')
  await scene.postAll()
  await scene.reorg('value', 1)
  expect(await scene.post()).toBe('reversed')
  await scene.postAll()
  await scene.expectTrue()
  await scene.returnTo('value')
  await scene.postAll()
  await scene.expectTrue()
  const entries = await world.fixtures.all(
    `SELECT generation, is_reversal, amount::text FROM backing_entry WHERE economy_id = $1 AND account = 'in_flight' ORDER BY generation, is_reversal`,
    [scene.economyId],
  )
  expect(entries).toEqual([
    { generation: 1, is_reversal: false, amount: '5' },
    { generation: 1, is_reversal: true, amount: '-5' },
    { generation: 2, is_reversal: false, amount: '5' },
  ])
  await expect(
    world.fixtures.all('UPDATE backing_entry SET amount = 6 WHERE economy_id = $1', [scene.economyId]),
  ).rejects.toThrow(/append-only|never changed/i)
})

it('whoever reads the log while somebody else posts it is behind, and takes it for no gap', async () => {
  const scene = await Scene.open()
  const { value } = scene.chains
  value.add('StakeDeclared', 'a', 5n)
  await scene.mine('value')
  await scene.postAll()
  value.add('StakeProgressed', 'a')
  await scene.mine('value')
  const overtaken: GatewayLogReader = {
    read: async (...args) => {
      await scene.postAll()
      return scene.reader.read(...args)
    },
  }
  expect(await scene.post(overtaken)).toBe('behind')
  expect(scene.heard.alarms).toEqual([])
  await scene.expectTrue()
})

it('a log with a gap posts nothing and raises the alarm', async () => {
  const scene = await Scene.open()
  scene.chains.value.add('Unstaked', 'never redeemed', 5n)
  await scene.mine('value')
  await expect(scene.post()).rejects.toThrow(LedgerInconsistency)
  expect(scene.heard.alarms).toEqual(['backing.inconsistent'])
  expect((await desk.snapshot(scene.economyId))?.seen).toBeNull()
})

it.each([
  {
    kind: 'vault',
    sql: `UPDATE backing_account SET balance = balance + 1 WHERE name = 'vault' AND economy_id = $1`,
  },
  {
    kind: 'in_flight',
    sql: `UPDATE backing_account SET balance = balance + 1 WHERE name = 'in_flight' AND economy_id = $1`,
  },
  {
    kind: 'backed_supply',
    sql: `UPDATE backing_account SET balance = balance + 1 WHERE name = 'redeeming' AND economy_id = $1`,
  },
  {
    kind: 'uncovered',
    sql: `UPDATE backing_account SET balance = balance - 1 WHERE name = 'vault' AND economy_id = $1`,
  },
  {
    kind: 'backing_entries',
    sql: `UPDATE backing_account SET balance = balance - 1 WHERE name = 'outside' AND economy_id = $1`,
  },
])('a reconciliation notices a planted drift: $kind', async ({ kind, sql }) => {
  const scene = await Scene.open()
  const { value, utility } = scene.chains
  value.add('StakeDeclared', 'a', 5n)
  value.add('StakeProgressed', 'a')
  value.add('StakeDeclared', 'b', 5n)
  utility.add('Minted', 'a', 5n * VALUE_OF)
  for (const which of ['value', 'utility'] as const) await scene.mine(which)
  await scene.postAll()
  const gateways = { vault: async () => ({ staked: 5n, inFlight: 5n }), supply: async () => 5n * VALUE_OF }
  const kinds = async () =>
    (await compareBacking({ backings: desk, gateways }, scene.economyId)).map((difference) => difference.kind)
  expect(await kinds()).toEqual([])
  await world.fixtures.all(sql, [scene.economyId])
  expect(await kinds()).toContain(kind)
})
