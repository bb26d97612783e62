import { randomBytes } from 'node:crypto'
import { id, Interface, keccak256, Wallet } from 'ethers'
import { uuidv7 } from 'uuidv7'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { createBlockReaders } from '#adapters/evm/block-reader.ts'
import { bytesToHex, uuidToBytes32 } from '#adapters/evm/bytes.ts'
import { RpcClient } from '#adapters/evm/rpc-client.ts'
import { parseChainContracts } from '#core/chain/contracts.ts'
import { ISSUANCE_ADDRESS } from '#core/ledger/settlement.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'
import { LedgerWorld } from '#test/support/ledger-world.ts'
import { SimulatedChain } from '#test/support/simulated-chain.ts'
import { createTestDatabase, startTestAnvil } from '#test/support/stack.ts'
import { describeBlockReader, type WritableChain } from './block-reader.ts'

const CHAIN_ID = 31_778
const DEPLOYER = new Wallet(LOCAL_DEPLOYER_KEY)
const CALLS = new Interface([
  'function createEconomy((bytes32 economyId, string name, string symbol, uint8 decimals, address owner, address admin, address[] operators, address minter) params)',
  'function grant(address token, address to, uint256 amount)',
  'function grantRole(bytes32 role, address account)',
])

describeBlockReader('of the EVM', openAnvil)
describeBlockReader('of the simulated chain', async () => openSimulation())

/** A node of its own with one economy's token, which the sandbox faucet mints. */
async function openAnvil(): Promise<WritableChain> {
  const database = await createTestDatabase()
  const world = new LedgerWorld(database)
  const anvil = await startTestAnvil({ chainId: CHAIN_ID, blockTimeSeconds: 0.1 })
  await world.addChain({ finalityDepth: 8, chainId: CHAIN_ID })
  const deployment = { chainId: CHAIN_ID, rpcUrl: anvil.rpcUrl, deployerKey: LOCAL_DEPLOYER_KEY }
  const contracts = parseChainContracts(
    await deployContracts({ ...deployment, databaseUrl: database.ownerUrl }),
  )
  if (!contracts) throw new Error('no contracts were deployed')
  await world.close()
  await database.drop()
  await anvil.rpc('evm_setIntervalMining', [0])

  const urls = [anvil.rpcUrl]
  const client = new RpcClient({ chainId: CHAIN_ID, urls, timeoutMs: 10_000, observer: silentObserver })
  const economyId = uuidv7()
  const { token } = createAddressBook(() => contracts).predictToken(CHAIN_ID, economyId)
  const { economyFactory, sandboxFaucet } = contracts
  const platform = DEPLOYER.address
  await send(economyFactory, 'grantRole', [id('DEPLOYER_ROLE'), platform])
  await send(sandboxFaucet, 'grantRole', [id('GRANTER_ROLE'), platform])
  const roles = [platform, platform, [platform], sandboxFaucet]
  await send(economyFactory, 'createEconomy', [[uuidToBytes32(economyId), 'Fixture', 'FIX', 18, ...roles]])
  await mine()

  async function send(to: string, name: string, args: readonly unknown[]): Promise<string> {
    const nonce = Number(await client.call('eth_getTransactionCount', [platform, 'pending']))
    const fees = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
    const data = CALLS.encodeFunctionData(name, args)
    const call = { type: 2, chainId: CHAIN_ID, to, data, nonce, gasLimit: 2_000_000, ...fees }
    const raw = await DEPLOYER.signTransaction(call)
    await client.call('eth_sendRawTransaction', [raw])
    return keccak256(raw)
  }

  async function mine(): Promise<void> {
    await anvil.rpc('anvil_mine', ['0x1'])
  }

  return {
    reader: createBlockReaders(() => client).get(CHAIN_ID),
    token,
    async mint(mints) {
      const hashes: string[] = []
      for (const { to, amount } of mints) hashes.push(await send(sandboxFaucet, 'grant', [token, to, amount]))
      await mine()
      return hashes
    },
    async reorg(depth) {
      await anvil.rpc('anvil_reorg', [depth, []])
    },
    async close() {
      await client.close()
      await anvil.stop()
    },
  }
}

function openSimulation(): WritableChain {
  const chain = new SimulatedChain()
  const token = bytesToHex(randomBytes(20))
  return {
    reader: chain,
    token,
    async mint(mints) {
      // What a re-organisation took back waits for a block again; this suite writes each of its blocks whole.
      chain.mempool.length = 0
      const hashes = mints.map(({ to, amount }) => {
        const hash = bytesToHex(randomBytes(32))
        chain.mempool.push({ hash, kind: 'transfer', token, from: ISSUANCE_ADDRESS, to, amount })
        return hash
      })
      chain.mine()
      return hashes
    },
    reorg: async (depth) => chain.reorg(depth, depth),
    close: async () => undefined,
  }
}
