import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { sandboxFaucet } from '#adapters/evm/generated/sandbox-faucet.ts'
import { tokenHolderFactory } from '#adapters/evm/generated/token-holder-factory.ts'
import { utilityBrandedToken } from '#adapters/evm/generated/utility-branded-token.ts'
import type { ChainNode } from '../bed.ts'

/** An ERC-20 token on a chain of its own and an ordinary account that holds all of it: what a loop with ethers has. */
export interface TokenLoop {
  node: ChainNode
  /** Sends plain transfers, 50 under way at once, and waits for the last receipt. @returns transfers per second. */
  run(transfers: readonly { recipient: string; amount: bigint }[]): Promise<number>
  /** Gas of one transfer to an account that holds the token already. */
  gasOfTransfer(recipient: string, amount: bigint): Promise<bigint>
  close(): void
}

/** As the issue fixes it. */
const UNDER_WAY = 50
const SUPPLY = 10n ** 27n
const GAS_LIMIT = 100_000n
const RECEIPT_POLL_MS = 50
const FEES = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n }

/**
 * Puts one of the platform's own tokens on the chain: the loop moves the very token that the platform moves. Nobody indexes
 * this chain, so the loop has the node to itself.
 */
export async function createTokenLoop(node: ChainNode): Promise<TokenLoop> {
  // No polling (receipts are asked for by hand), no cache, and sends of one turn share a request: less overhead than default.
  const provider = new JsonRpcProvider(node.rpcUrl, node.chainId, {
    staticNetwork: true,
    pollingInterval: 200,
    cacheTimeout: -1,
    batchStallTime: 0,
    batchMaxCount: UNDER_WAY,
  })
  const wallet = new Wallet(node.deployerKey, provider)
  const token = await deployToken(wallet)
  const { chainId } = node

  async function send(recipient: string, amount: bigint, nonce: number): Promise<string> {
    const raw = await wallet.signTransaction({
      type: 2,
      chainId,
      nonce,
      to: token,
      gasLimit: GAS_LIMIT,
      ...FEES,
      data: utilityBrandedToken.encodeCall('transfer', recipient, amount),
    })
    return String(await provider.send('eth_sendRawTransaction', [raw]))
  }

  return {
    node,

    async run(transfers) {
      const first = await wallet.getNonce()
      let next = 0
      let lastHash = ''
      const startedAt = performance.now()
      const worker = async (): Promise<void> => {
        for (let index = next++; index < transfers.length; index = next++) {
          const { recipient = '', amount = 0n } = transfers[index] ?? {}
          const hash = await send(recipient, amount, first + index)
          if (index === transfers.length - 1) lastHash = hash
        }
      }
      await Promise.all(Array.from({ length: UNDER_WAY }, worker))
      // Nonces are mined in order, so the last one's receipt is everybody's.
      await receiptOf(provider, lastHash)
      return (transfers.length * 1_000) / (performance.now() - startedAt)
    },

    async gasOfTransfer(recipient, amount) {
      const first = await wallet.getNonce()
      await send(recipient, amount, first)
      const receipt = await receiptOf(provider, await send(recipient, amount, first + 1))
      return BigInt(receipt.gasUsed)
    },

    close: () => provider.destroy(),
  }
}

async function receiptOf(provider: JsonRpcProvider, hash: string): Promise<{ gasUsed: string }> {
  for (;;) {
    const receipt: unknown = await provider.send('eth_getTransactionReceipt', [hash])
    // The node's answer by the JSON-RPC specification; null while it is in no block.
    if (receipt !== null) return receipt as { gasUsed: string }
    await sleep(RECEIPT_POLL_MS)
  }
}

async function deployToken(wallet: Wallet): Promise<string> {
  const deployer = new NonceManager(wallet)
  const owner = wallet.address
  const deploy = async (data: string): Promise<string> => {
    const sent = await deployer.sendTransaction({ data, gasLimit: 15_000_000n })
    const receipt = await sent.wait()
    if (!receipt?.contractAddress) throw new Error('a contract was not created')
    return receipt.contractAddress
  }
  const holders = await deploy(tokenHolderFactory.encodeDeploy())
  const [factoryAddress, faucetAddress] = [
    await deploy(economyFactory.encodeDeploy(owner, holders)),
    await deploy(sandboxFaucet.encodeDeploy(owner, SUPPLY, SUPPLY)),
  ]
  const factory = economyFactory.at(factoryAddress, deployer)
  const faucet = sandboxFaucet.at(faucetAddress, deployer)
  const economyId = `0x${randomBytes(32).toString('hex')}`
  const [token] = await factory.predict(economyId)
  await factory.setMinter(faucetAddress, true)
  await factory.grantRole(await factory.DEPLOYER_ROLE(), owner)
  await (await faucet.grantRole(await faucet.GRANTER_ROLE(), owner)).wait()
  await factory.createEconomy({
    economyId,
    name: 'Loop',
    symbol: 'LOOP',
    decimals: 18n,
    owner,
    admin: owner,
    operators: [],
    minter: faucetAddress,
  })
  await (await faucet.grant(token, owner, SUPPLY, { gasLimit: 500_000n })).wait()
  return token
}
