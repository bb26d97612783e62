import { JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { Client } from 'pg'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { sandboxFaucet } from '#adapters/evm/generated/sandbox-faucet.ts'
import { tokenHolderFactory } from '#adapters/evm/generated/token-holder-factory.ts'
import { FAUCET_GRANT_MAX } from '#core/economy/economy.ts'

export type DeployContracts = {
  rpcUrl: string
  deployerKey: string
  chainId: number
  /** Of a role that may write the `chain` table, whose row for this chain must exist. */
  databaseUrl: string
}

/** Base units that a sandbox economy may be granted at once (as the API checks it), and altogether. */
const GRANT_MAX = FAUCET_GRANT_MAX
const GRANTED_TOTAL_MAX = 10n * FAUCET_GRANT_MAX
const CONFIRM_TIMEOUT_MS = 60_000

/**
 * Puts the platform's contracts on a utility chain and their addresses in `chain.contracts`. May run any number of times:
 * what is recorded and has code is left as it is. An interrupted run starts over with new contracts, which nothing uses yet.
 */
export async function deployContracts(options: DeployContracts): Promise<Record<string, string>> {
  const provider = new JsonRpcProvider(options.rpcUrl, options.chainId, {
    staticNetwork: true,
    pollingInterval: 200,
  })
  const database = new Client({ connectionString: options.databaseUrl })
  await database.connect()
  try {
    const known = await readContracts(database, options.chainId)
    if (await areDeployed(provider, known)) return known
    const deployer = new NonceManager(new Wallet(options.deployerKey, provider))
    const contracts = await deployAll(deployer)
    await database.query('UPDATE chain SET contracts = $2 WHERE id = $1', [
      options.chainId,
      JSON.stringify(contracts),
    ])
    return contracts
  } finally {
    await database.end()
    provider.destroy()
  }
}

async function deployAll(deployer: NonceManager): Promise<Record<string, string>> {
  const owner = await deployer.getAddress()
  const holdersAddress = await deploy(deployer, tokenHolderFactory.encodeDeploy())
  const economiesAddress = await deploy(deployer, economyFactory.encodeDeploy(owner, holdersAddress))
  const faucetAddress = await deploy(
    deployer,
    sandboxFaucet.encodeDeploy(owner, GRANT_MAX, GRANTED_TOTAL_MAX),
  )
  const economies = economyFactory.at(economiesAddress, deployer)
  const holders = tokenHolderFactory.at(holdersAddress, deployer)
  const allowed = await economies.setMinter(faucetAddress, true)
  await allowed.wait(1, CONFIRM_TIMEOUT_MS)
  const contracts = {
    economy_factory: economiesAddress,
    token_holder_factory: holdersAddress,
    token_holder: await holders.HOLDER_IMPLEMENTATION(),
    sandbox_faucet: faucetAddress,
    utility_branded_token: await economies.TOKEN_IMPLEMENTATION(),
    token_rules: await economies.TOKEN_RULES_IMPLEMENTATION(),
    holder_init_code_hash: await holders.INIT_CODE_HASH(),
  }
  return Object.fromEntries(Object.entries(contracts).map(([name, value]) => [name, value.toLowerCase()]))
}

/** Creates a contract and waits for it. @returns its address. */
async function deploy(deployer: NonceManager, data: string): Promise<string> {
  const sent = await deployer.sendTransaction({ data })
  const receipt = await sent.wait(1, CONFIRM_TIMEOUT_MS)
  if (!receipt?.contractAddress) throw new Error(`Transaction ${sent.hash} created no contract.`)
  return receipt.contractAddress
}

async function readContracts(database: Client, chainId: number): Promise<Record<string, string>> {
  const { rows } = await database.query<{ contracts: Record<string, string> }>(
    'SELECT contracts FROM chain WHERE id = $1',
    [chainId],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`Chain ${chainId} is not in the table chain: register it first.`)
  return row.contracts
}

async function areDeployed(provider: JsonRpcProvider, contracts: Record<string, string>): Promise<boolean> {
  const addresses = Object.values(contracts).filter((value) => value.length === 42)
  if (addresses.length === 0) return false
  const codes = await Promise.all(addresses.map((address) => provider.getCode(address)))
  return codes.every((code) => code !== '0x')
}
