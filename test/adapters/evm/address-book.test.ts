import { randomBytes } from 'node:crypto'
import { JsonRpcProvider } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { encodeExecuteBatch } from '#adapters/evm/batch-call.ts'
import { bytes32ToUuid, bytesToHex, uuidToBytes32 } from '#adapters/evm/bytes.ts'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { tokenHolderFactory } from '#adapters/evm/generated/token-holder-factory.ts'
import { tokenRules } from '#adapters/evm/generated/token-rules.ts'
import { parseChainContracts } from '#core/chain/contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { createLaneFixture, KEY_ENCRYPTION_KEY, type LaneFixture } from '#test/support/lane-fixture.ts'
import { createTestDatabase, startTestAnvil, type TestAnvil, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase
let anvil: TestAnvil
let fixture: LaneFixture
let provider: JsonRpcProvider

beforeAll(async () => {
  database = await createTestDatabase()
  anvil = await startTestAnvil({ chainId: 31_340, blockTimeSeconds: 0.2 })
  fixture = await createLaneFixture({ database, chain: anvil, lanes: 2 })
  provider = new JsonRpcProvider(anvil.rpcUrl, anvil.chainId, { staticNetwork: true })
})

afterAll(async () => {
  provider?.destroy()
  await fixture?.close()
  await anvil?.stop()
  await database?.drop()
})

it('computes the addresses of an economy as the factory does', async () => {
  const book = createAddressBook(() => fixture.contracts)
  const factory = economyFactory.at(fixture.contracts.economyFactory, provider)
  for (const economyId of [uuidv7(), uuidv7(), uuidv7()]) {
    const [token, rules] = await factory.predict(bytesToHex(uuidToBytes32(economyId)))
    expect(book.predictToken(anvil.chainId, economyId)).toEqual({
      token: token.toLowerCase(),
      tokenRules: rules.toLowerCase(),
    })
  }
})

it('computes the addresses of wallets as the factory does', async () => {
  const book = createAddressBook(() => fixture.contracts)
  const factory = tokenHolderFactory.at(fixture.contracts.tokenHolderFactory, provider)
  for (const salt of [randomBytes(12), Buffer.alloc(12), Buffer.alloc(12, 0xff)]) {
    const token = bytesToHex(randomBytes(20))
    const holder = await factory.holderAddress(token, bytesToHex(salt))
    expect(book.holderAddress(anvil.chainId, token, salt)).toBe(holder.toLowerCase())
  }
})

it('refuses a salt that is not 12 bytes', () => {
  const book = createAddressBook(() => fixture.contracts)
  expect(() => book.holderAddress(anvil.chainId, `0x${'11'.repeat(20)}`, new Uint8Array(11))).toThrow(
    '12 bytes',
  )
})

it('writes the calldata of a batch as the ABI says', () => {
  for (const length of [0, 1, 31, 32, 33, 45_000]) {
    const [submissionId, payments] = [uuidv7(), randomBytes(length)]
    const batchId = bytesToHex(uuidToBytes32(submissionId))
    expect(bytesToHex(encodeExecuteBatch(submissionId, payments))).toBe(
      tokenRules.encodeCall('executeBatch', batchId, bytesToHex(payments)),
    )
    expect(bytes32ToUuid(batchId)).toBe(submissionId)
  }
})

it('names the entry that is missing among the contracts of a chain', () => {
  expect(parseChainContracts({})).toBeNull()
  expect(() => parseChainContracts({ economy_factory: `0x${'11'.repeat(20)}` })).toThrow(
    'no valid token_holder_factory',
  )
})

it('provisions lanes once, however many starts do it at the same time', async () => {
  const options = {
    chainId: anvil.chainId,
    rpcUrl: anvil.rpcUrl,
    databaseUrl: database.workerUrl,
    lanes: 3,
    keyEncryptionKey: KEY_ENCRYPTION_KEY,
    deployerKey: LOCAL_DEPLOYER_KEY,
  }
  const runs = await Promise.all([1, 2, 3].map(() => provisionLanes(options)))
  expect(runs.flat().filter(({ isNew }) => isNew)).toHaveLength(1)
  const { rows } = await fixture.owner.query<{ address: string; key_jwe: string }>(
    'SELECT address, key_jwe FROM lane ORDER BY id',
  )
  expect(rows).toHaveLength(3)
  const factory = economyFactory.at(fixture.contracts.economyFactory, provider)
  const role = await factory.DEPLOYER_ROLE()
  for (const { address, key_jwe } of rows) {
    expect(await factory.hasRole(role, address)).toBe(true)
    expect(await provider.getBalance(address)).toBeGreaterThan(0n)
    expect(key_jwe.split('.')).toHaveLength(5)
  }
})
