import { id, keccak256, Wallet } from 'ethers'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { encodeExecuteBatch } from '#adapters/evm/batch-call.ts'
import { createBlockReaders } from '#adapters/evm/block-reader.ts'
import { bytesToHex, uuidToBytes32 } from '#adapters/evm/bytes.ts'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { sandboxFaucet } from '#adapters/evm/generated/sandbox-faucet.ts'
import { tokenRules as rules } from '#adapters/evm/generated/token-rules.ts'
import { RpcClient } from '#adapters/evm/rpc-client.ts'
import { type ChainContracts, parseChainContracts } from '#core/chain/contracts.ts'
import { userSalt } from '#core/economy/address-book.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { followChain } from '#core/transaction/follow-chain.ts'
import { planBatch } from '#core/transaction/plan-batch.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { type AcceptedFixture, addressOf, type LedgerEconomy } from '#test/support/ledger-fixtures.ts'
import { LedgerWorld } from '#test/support/ledger-world.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

const CHAIN_ID = 31_777
const FINALITY_DEPTH = 8
const GRANT = 1_000_000n
/** The cap of a window that stands for none. */
const UNLIMITED = 2n ** 128n - 1n
/** Second of the node's published development accounts. */
const LANE = new Wallet('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d')
const DEPLOYER = new Wallet(LOCAL_DEPLOYER_KEY)

let testDatabase: TestDatabase
let world: LedgerWorld
let anvil: TestAnvil
let client: RpcClient
let contracts: ChainContracts
let economy: LedgerEconomy
let deps: ReturnType<LedgerWorld['deps']>

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  world = new LedgerWorld(testDatabase)
  anvil = await startTestAnvil({ chainId: CHAIN_ID, blockTimeSeconds: 0.1 })
  client = new RpcClient({
    chainId: CHAIN_ID,
    urls: [anvil.rpcUrl],
    timeoutMs: 10_000,
    observer: silentObserver,
  })
  deps = world.deps(createBlockReaders(() => client))
  await world.addChain({ finalityDepth: FINALITY_DEPTH, chainId: CHAIN_ID })
  const deployed = parseChainContracts(
    await deployContracts({
      rpcUrl: anvil.rpcUrl,
      deployerKey: LOCAL_DEPLOYER_KEY,
      chainId: CHAIN_ID,
      databaseUrl: testDatabase.ownerUrl,
    }),
  )
  if (!deployed) throw new Error('no contracts were deployed')
  contracts = deployed
  await anvil.rpc('evm_setIntervalMining', [0])
  economy = await createEconomy()
})

afterAll(async () => {
  await client.close()
  await anvil.stop()
  await world.close()
  await testDatabase.drop()
})

/** An economy whose company and two users have a million base units each, created by the real contracts. */
async function createEconomy(): Promise<LedgerEconomy> {
  const book = createAddressBook(() => contracts)
  const economyId = uuidv7()
  const { token, tokenRules } = book.predictToken(CHAIN_ID, economyId)
  const wallets = [uuidv7(), uuidv7(), uuidv7()].map((userId) => {
    const salt = Buffer.from(userSalt(userId))
    return { id: userId, salt, address: book.holderAddress(CHAIN_ID, token, salt) }
  })
  const created = await world.fixtures.addEconomy({
    chainId: CHAIN_ID,
    economyId,
    token,
    tokenRules,
    lane: LANE.address.toLowerCase(),
    wallets,
  })
  const deployer = DEPLOYER.address
  const mayDeploy = economyFactory.encodeCall('grantRole', id('DEPLOYER_ROLE'), deployer)
  const mayGrant = sandboxFaucet.encodeCall('grantRole', id('GRANTER_ROLE'), deployer)
  await administer(contracts.economyFactory, mayDeploy)
  await administer(contracts.sandboxFaucet, mayGrant)
  await administer(
    contracts.economyFactory,
    economyFactory.encodeCall('createEconomy', {
      economyId: bytesToHex(uuidToBytes32(economyId)),
      name: 'Fixture',
      symbol: 'FIX',
      decimals: 18n,
      owner: deployer,
      admin: deployer,
      operators: [LANE.address],
      minter: contracts.sandboxFaucet,
    }),
  )
  for (const { address } of wallets) {
    await administer(contracts.sandboxFaucet, sandboxFaucet.encodeCall('grant', token, address, GRANT))
  }
  return created
}

/** A call of the platform's owner, in a block of its own. */
async function administer(to: string, data: string): Promise<void> {
  const raw = await sign(DEPLOYER, to, data, 2_000_000)
  await send(raw)
  await mine()
  const [receipt] = await deps.blockReaders.get(CHAIN_ID).receipts([keccak256(raw)])
  if (!receipt?.succeeded) throw new Error(`${data.slice(0, 10)} failed`)
}

async function sign(wallet: Wallet, to: string, data: string, gasLimit: number): Promise<string> {
  const nonce = Number(await client.call('eth_getTransactionCount', [wallet.address, 'pending']))
  const fees = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
  return wallet.signTransaction({ type: 2, chainId: CHAIN_ID, to, data, nonce, gasLimit, ...fees })
}

const send = (raw: string) => client.call('eth_sendRawTransaction', [raw])
const mine = (blocks = 1) => client.call('anvil_mine', [`0x${blocks.toString(16)}`])
const follow = () => followChain(deps, CHAIN_ID)

function user(index: number): string {
  const found = economy.users[index]
  if (!found) throw new Error('the economy has users')
  return found.id
}

interface Sent {
  accepted: readonly AcceptedFixture[]
  submissionId: string
  raw: string
}

/** Accepts, stores and sends a batch; it waits for its block. */
async function pay(
  payments: readonly { from: number; to: number; amount: bigint; commission?: bigint }[],
): Promise<Sent> {
  const accepted = await world.fixtures.acceptAll(
    economy,
    payments.map(({ from, to, amount, commission }) => ({
      fromUserId: user(from),
      legs: [
        { toUserId: user(to), amount },
        ...(commission === undefined ? [] : [{ toUserId: user(0), amount: commission }]),
      ],
    })),
  )
  const plan = planBatch(
    accepted.map(({ transactionId, fromUserId, legs }) => ({
      transactionId,
      payerSalt: userSalt(fromUserId),
      legs: legs.map((leg) => ({
        recipient: addressOf(economy, leg.toUserId),
        amount: leg.amount,
        isFresh: true,
      })),
    })),
  )
  const submissionId = uuidv7()
  const calldata = encodeExecuteBatch(submissionId, plan.payments)
  const raw = await sign(LANE, economy.tokenRules, bytesToHex(calldata), Number(plan.gasLimit))
  const txHash = keccak256(raw)
  await world.fixtures.submit(economy, accepted, { submissionId, calldata, txHash })
  await send(raw)
  return { accepted, submissionId, raw }
}

async function statusesOf(sent: Sent) {
  const rows = await world.fixtures.all(
    `SELECT t.status, t.failure_code AS code, hold.status AS hold
     FROM unnest($1::uuid[]) WITH ORDINALITY AS p(id, position) JOIN transaction_state t ON t.id = p.id
     JOIN hold ON hold.economy_id = t.economy_id AND hold.transaction_id = t.id ORDER BY p.position`,
    [sent.accepted.map((payment) => payment.transactionId)],
  )
  return rows.map((row) => [row['status'], row['code'], row['hold']])
}

async function expectEqual(): Promise<void> {
  const { differences, block } = await world.reconcile(deps, economy.economyId)
  expect(differences).toEqual([])
  expect(block.number).toBe(Number(await client.call('eth_blockNumber')))
}

describe('the follower on a real chain', () => {
  it('settles grants, payments, commissions and skips as the contracts made them', async () => {
    await follow()
    await expectEqual()
    await administer(economy.tokenRules, rules.encodeCall('setCaps', 5_000n, UNLIMITED, 3_600n))
    const sent = await pay([
      { from: 1, to: 2, amount: 1_000n, commission: 10n },
      { from: 2, to: 1, amount: 6_000n },
      { from: 0, to: 1, amount: 5_000n },
    ])
    await mine()
    await follow()
    expect(await statusesOf(sent)).toEqual([
      ['mined', null, 'posted'],
      ['submitted', 'item_cap_exceeded', 'pending'],
      ['mined', null, 'posted'],
    ])
    await expectEqual()
    await mine(FINALITY_DEPTH)
    await follow()
    await confirmBlocks(deps, CHAIN_ID)
    expect(await statusesOf(sent)).toEqual([
      ['confirmed', null, 'posted'],
      ['failed', 'item_cap_exceeded', 'voided'],
      ['confirmed', null, 'posted'],
    ])
    await expectEqual()
    await administer(economy.tokenRules, rules.encodeCall('setCaps', AMOUNT_MAX, UNLIMITED, 3_600n))
  })

  it('says in words why a batch reverted', async () => {
    await administer(economy.tokenRules, rules.encodeCall('pause'))
    const sent = await pay([{ from: 1, to: 2, amount: 10n }])
    await mine()
    await follow()
    expect(
      await world.fixtures.one('SELECT status, revert_reason FROM chain_submission WHERE id = $1', [
        sent.submissionId,
      ]),
    ).toEqual({
      status: 'mined',
      revert_reason: 'the token rules of the economy are paused: EnforcedPause()',
    })
    expect(await statusesOf(sent)).toEqual([['submitted', 'batch_reverted', 'pending']])
    await administer(economy.tokenRules, rules.encodeCall('unpause'))
    await mine(FINALITY_DEPTH)
    await follow()
    await confirmBlocks(deps, CHAIN_ID)
    expect(await statusesOf(sent)).toEqual([['failed', 'batch_reverted', 'voided']])
    await expectEqual()
  })

  it.each([1, 2, 3, 4, 5, 6])(
    'leaves the ledger equal to the chain after a re-org of depth %i',
    async (depth) => {
      await mine(FINALITY_DEPTH)
      const sent = await pay([
        { from: 1, to: 2, amount: 700n, commission: 7n },
        { from: 2, to: 0, amount: 30n },
      ])
      await mine(depth)
      await follow()
      expect(await statusesOf(sent)).toEqual([
        ['mined', null, 'posted'],
        ['mined', null, 'posted'],
      ])
      await expectEqual()

      await anvil.rpc('anvil_reorg', [depth, []])
      expect((await follow()).reversedBlocks).toBe(depth)
      expect(await statusesOf(sent)).toEqual([
        ['submitted', null, 'pending'],
        ['submitted', null, 'pending'],
      ])
      await expectEqual()

      await send(sent.raw)
      await mine(FINALITY_DEPTH + 1)
      await follow()
      await confirmBlocks(deps, CHAIN_ID)
      expect(await statusesOf(sent)).toEqual([
        ['confirmed', null, 'posted'],
        ['confirmed', null, 'posted'],
      ])
      await expectEqual()
    },
  )
})

describe('the reader of a real chain', () => {
  const reader = () => deps.blockReaders.get(CHAIN_ID)

  it('ends where the node has no more blocks', async () => {
    const head = await reader().headNumber()
    const headers = await reader().headers(head - 1, head + 3)
    expect(headers.map((header) => header.number)).toEqual([head - 1, head])
    expect(headers[1]?.parentHash).toBe(headers[0]?.hash)
  })

  it('refuses to mix forks: a block that is gone has no logs, no state and no receipts', async () => {
    await mine()
    const [header] = await reader().headers(await reader().headNumber(), await reader().headNumber())
    if (!header) throw new Error('there is a head')
    const gone = { ...header, hash: `0x${'12'.repeat(32)}` }
    await expect(reader().logs([gone], null)).rejects.toThrow(BlockVanished)
    await expect(reader().totalSupply(economy.token, gone.hash)).rejects.toThrow(BlockVanished)
    await expect(reader().receipts([gone.hash])).rejects.toThrow(BlockVanished)
  })

  it('answers zero for a token that is not deployed yet', async () => {
    const [header] = await reader().headers(1, 1)
    const blockHash = header?.hash ?? ''
    const nowhere = `0x${'ab'.repeat(20)}`
    expect(await reader().balancesOf(nowhere, [nowhere, nowhere], blockHash)).toEqual([0n, 0n])
    expect(await reader().totalSupply(nowhere, blockHash)).toBe(0n)
  })
})
