import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ids } from '#adapters/crypto/ids.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createDeploymentStore } from '#adapters/postgres/deployment-store.ts'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import { type DeployEconomyDeps, type DeployResult, deployEconomy } from '#core/economy/deploy-economy.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let database: Database
let owner: pg.Pool
let economy: EconomyFixture
let chain: FakeChain
const woken: string[] = []

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 6, applicationName: 'test' })
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 2 })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await testDatabase.drop()
})

beforeEach(async () => {
  economy = await insertEconomy(testDatabase.ownerUrl, { status: 'deploying' })
  await owner.query('UPDATE economy SET initial_grant = 100 WHERE id = $1', [economy.economyId])
  await owner.query(
    `INSERT INTO economy_step (economy_id, position, tenant_id, name)
     VALUES ($1, 1, $2, 'create_contracts'), ($1, 2, $2, 'grant_initial_supply')`,
    [economy.economyId, economy.tenantId],
  )
  chain = { isCreated: false, granted: 0n, isDown: false }
  woken.length = 0
})

/** What the chain shows of one economy. */
interface FakeChain {
  isCreated: boolean
  granted: bigint
  isDown: boolean
}

function deps(overrides: Partial<DeployEconomyDeps> = {}): DeployEconomyDeps {
  const look = async <Answer>(answer: () => Answer): Promise<Answer> => {
    if (chain.isDown) throw new ChainUnavailable('no node answers')
    return answer()
  }
  const call = (name: string) => ({
    to: `0x${'1'.repeat(40)}`,
    calldata: Buffer.from(name),
    gasLimit: 21_000n,
  })
  return {
    deployments: createDeploymentStore(database, { ids }),
    contracts: {
      createCall: async () => look(() => call('create')),
      grantCall: () => call('grant'),
      grantedAmount: () => 0n,
      areCreated: async () => look(() => chain.isCreated),
      granted: async () => look(() => chain.granted),
      registerCall: () => call('register'),
      isRegistered: async () => look(() => true),
      supply: async () => look(() => 0n),
    },
    jobs: { dispatch: async () => {}, wake: ({ id }) => void woken.push(id) },
    clock: { now: () => new Date() },
    ids,
    observer: silentObserver,
    ...overrides,
  }
}

const run = async (overrides: Partial<DeployEconomyDeps> = {}): Promise<DeployResult> =>
  deployEconomy(deps(overrides), economy.economyId)

const submissions = async (): Promise<{ id: string; kind: string; status: string }[]> =>
  (
    await owner.query('SELECT id, kind, status FROM chain_submission WHERE economy_id = $1 ORDER BY id', [
      economy.economyId,
    ])
  ).rows

const steps = async (): Promise<{ name: string; status: string; detail: string | null }[]> =>
  (
    await owner.query(
      'SELECT name, status, detail FROM economy_step WHERE economy_id = $1 ORDER BY position',
      [economy.economyId],
    )
  ).rows

const economyRow = async () =>
  (
    await owner.query('SELECT status, failure_reason, config_version FROM economy WHERE id = $1', [
      economy.economyId,
    ])
  ).rows[0]

/** What submitter and indexer do: the open submission gets into a block. */
async function mine(status: 'mined' | 'confirmed' | 'reverted' = 'mined', reason?: string): Promise<void> {
  await owner.query(
    `UPDATE chain_submission SET status = $2, nonce = (SELECT count(*) FROM chain_submission s WHERE s.nonce IS NOT NULL),
       block_number = 1, tx_hash = '0x', revert_reason = $3
     WHERE economy_id = $1 AND status = 'queued'`,
    [economy.economyId, status, reason ?? null],
  )
}

describe('deploying an economy', () => {
  it('goes step by step, and waits for the chain in between', async () => {
    expect(await run()).toBe('waiting')
    expect(await submissions()).toMatchObject([{ kind: 'create_economy', status: 'queued' }])
    expect(await steps()).toMatchObject([{ status: 'running' }, { status: 'pending' }])
    expect(woken).toEqual([economy.laneId])
    expect(await run()).toBe('waiting')

    chain.isCreated = true
    await mine()
    expect(await run()).toBe('waiting')
    expect(await submissions()).toMatchObject([
      { kind: 'create_economy' },
      { kind: 'faucet_grant', status: 'queued' },
    ])
    expect(await steps()).toMatchObject([{ status: 'done' }, { status: 'running' }])

    chain.granted = 100n
    await mine()
    const before = await economyRow()
    expect(await run()).toBe('active')
    expect(await economyRow()).toEqual({
      status: 'active',
      failure_reason: null,
      config_version: before.config_version + 1,
    })
    const events = await owner.query('SELECT topic FROM outbox_event WHERE subject_id = $1', [
      economy.economyId,
    ])
    expect(events.rows).toEqual([{ topic: 'economy.active' }])
    expect(await run()).toBe('ended')
  })

  it('queues each call once however many workers run at once', async () => {
    const all = async () => Promise.all(Array.from({ length: 8 }, async () => run()))
    await all()
    expect(await submissions()).toHaveLength(1)
    chain.isCreated = true
    await mine()
    await all()
    expect(await submissions()).toHaveLength(2)
    chain.granted = 100n
    await mine()
    const results = await all()
    expect(results.filter((result) => result === 'active')).toHaveLength(1)
    const events = await owner.query('SELECT topic FROM outbox_event WHERE subject_id = $1', [
      economy.economyId,
    ])
    expect(events.rows).toHaveLength(1)
  })

  it('queues nothing twice when it dies before or after a commit', async () => {
    const real = createDeploymentStore(database, { ids })
    let deaths = 0
    const mortal: DeployEconomyDeps['deployments'] = {
      ...real,
      async queueStep(change, submission) {
        if (deaths++ === 0) throw new Error('died before the commit')
        await real.queueStep(change, submission)
        throw new Error('died after the commit')
      },
    }
    await expect(run({ deployments: mortal })).rejects.toThrow('before')
    expect(await submissions()).toHaveLength(0)
    await expect(run({ deployments: mortal })).rejects.toThrow('after')
    expect(await run({ deployments: mortal })).toBe('waiting')
    expect(await submissions()).toHaveLength(1)
  })

  it('queues nothing for what the chain has already', async () => {
    chain.isCreated = true
    chain.granted = 100n
    expect(await run()).toBe('active')
    expect(await submissions()).toEqual([])
    expect(await steps()).toMatchObject([{ status: 'done', detail: 'nothing to do' }, { status: 'done' }])
  })

  it('asks for no grant when there is none to make', async () => {
    await owner.query('UPDATE economy SET initial_grant = 0 WHERE id = $1', [economy.economyId])
    chain.isCreated = true
    expect(await run()).toBe('active')
    expect(await submissions()).toEqual([])
  })

  it('changes nothing while no node answers', async () => {
    chain.isDown = true
    await expect(run()).rejects.toThrow(ChainUnavailable)
    expect(await submissions()).toEqual([])
    expect(await steps()).toMatchObject([{ status: 'pending' }, { status: 'pending' }])
  })

  it('waits for depth before it calls a call in a block a failure', async () => {
    await run()
    await mine('mined')
    expect(await run()).toBe('waiting')
    expect(await economyRow()).toMatchObject({ status: 'deploying' })
  })

  it('fails with the reason, and takes up where it stopped when it is retried', async () => {
    chain.isCreated = true
    await run()
    await mine('reverted', 'the grant is above what one grant of the sandbox faucet may be')
    expect(await run()).toBe('failed')
    expect(await economyRow()).toMatchObject({
      status: 'failed',
      failure_reason: 'grant_initial_supply: the grant is above what one grant of the sandbox faucet may be',
    })
    expect(await steps()).toMatchObject([{ status: 'done' }, { status: 'failed' }])
    const events = await owner.query('SELECT topic FROM outbox_event WHERE subject_id = $1', [
      economy.economyId,
    ])
    expect(events.rows).toEqual([{ topic: 'economy.failed' }])
    expect(await run()).toBe('ended')

    await owner.query(`UPDATE economy SET status = 'deploying' WHERE id = $1`, [economy.economyId])
    await owner.query(
      `UPDATE economy_step SET status = 'pending' WHERE economy_id = $1 AND status = 'failed'`,
      [economy.economyId],
    )
    expect(await run()).toBe('waiting')
    expect(await submissions()).toMatchObject([
      { status: 'reverted' },
      { kind: 'faucet_grant', status: 'queued' },
    ])
    chain.granted = 100n
    await mine()
    expect(await run()).toBe('active')
  })

  it('takes a call that failed for done when its effect is there all the same', async () => {
    await run()
    await mine('reverted', 'the economy was created before')
    chain.isCreated = true
    chain.granted = 100n
    expect(await run()).toBe('active')
  })
})
