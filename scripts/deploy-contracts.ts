import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Contract, ContractFactory, type InterfaceAbi, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { Client } from 'pg'
import { FAUCET_GRANT_MAX } from '#core/economy/economy.ts'
import { ROOT } from './stack/settings.ts'

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
  const holderFactory = await deploy(deployer, 'TokenHolderFactory', [])
  const economyFactory = await deploy(deployer, 'EconomyFactory', [owner, await holderFactory.getAddress()])
  const faucet = await deploy(deployer, 'SandboxFaucet', [owner, GRANT_MAX, GRANTED_TOTAL_MAX])
  const faucetAddress = await faucet.getAddress()
  const allowed = await economyFactory.getFunction('setMinter').send(faucetAddress, true)
  await allowed.wait(1, CONFIRM_TIMEOUT_MS)
  const contracts = {
    economy_factory: await economyFactory.getAddress(),
    token_holder_factory: await holderFactory.getAddress(),
    token_holder: await holderFactory.getFunction('HOLDER_IMPLEMENTATION').staticCall(),
    sandbox_faucet: faucetAddress,
    utility_branded_token: await economyFactory.getFunction('TOKEN_IMPLEMENTATION').staticCall(),
    token_rules: await economyFactory.getFunction('TOKEN_RULES_IMPLEMENTATION').staticCall(),
    holder_init_code_hash: await holderFactory.getFunction('INIT_CODE_HASH').staticCall(),
  }
  return Object.fromEntries(
    Object.entries(contracts).map(([name, value]) => [name, String(value).toLowerCase()]),
  )
}

async function deploy(deployer: NonceManager, name: string, args: readonly unknown[]): Promise<Contract> {
  const { abi, bytecode } = await readArtifact(name)
  const deployed = await new ContractFactory(abi, bytecode, deployer).deploy(...args)
  await deployed.deploymentTransaction()?.wait(1, CONFIRM_TIMEOUT_MS)
  return new Contract(await deployed.getAddress(), abi, deployer)
}

async function readArtifact(name: string): Promise<{ abi: InterfaceAbi; bytecode: string }> {
  const path = join(ROOT, `contracts/out/${name}.sol/${name}.json`)
  // Forge's own format.
  const artifact = JSON.parse(await readFile(path, 'utf8')) as {
    abi: InterfaceAbi
    bytecode: { object: string }
  }
  return { abi: artifact.abi, bytecode: artifact.bytecode.object }
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
