import { getCreateAddress, JsonRpcProvider, NonceManager, type Provider, Wallet } from 'ethers'
import { Client } from 'pg'
import { anchor } from '#adapters/evm/generated/anchor.ts'
import { coGateway } from '#adapters/evm/generated/co-gateway.ts'
import { economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { gateway } from '#adapters/evm/generated/gateway.ts'
import { priceOracle } from '#adapters/evm/generated/price-oracle.ts'
import { pricerRule } from '#adapters/evm/generated/pricer-rule.ts'
import { valueToken } from '#adapters/evm/generated/value-token.ts'

/** What decides over a chain pair. ADR 19 says who can do what harm. */
export type GatewayTerms = {
  /** Addresses of the keys that anchor state roots on both chains, and how many of them must agree. */
  signers: readonly string[]
  threshold: number
  /** Who may veto a root before it is final; the zero address for nobody. */
  guardian: string
  /** Seconds from a root's anchoring to its finality. */
  anchorDelay: number
  /** Seconds without a root after which holders may leave without the utility chain. */
  haltAfter: number
  /** Addresses of the keys that sign prices, and how many of them must agree. */
  feeders: readonly string[]
  feedersThreshold: number
}

export type DeployGateways = GatewayTerms & {
  value: { rpcUrl: string; chainId: number }
  utility: { rpcUrl: string; chainId: number }
  deployerKey: string
  /** Of a role that may write the `chain` table, whose rows for both chains must exist. */
  databaseUrl: string
}

export type GatewayContracts = {
  value: { value_token: string; anchor: string; gateway: string; chain_halt_exit: string }
  utility: { anchor: string; co_gateway: string; price_oracle: string; pricer_rule: string }
}

/** Roots kept by an anchor: at one each ten minutes, those of a day. */
const ANCHOR_RING_SIZE = 144
/** Base units of OST that the sandbox's faucet gives at once. */
const OST_GRANT_MAX = 1_000_000n * 10n ** 18n
/** Seconds, and hundredths of a percent: what the pricer takes for a usable price. */
const PRICE_MAX_AGE_SECONDS = 3_600
const PRICE_DEVIATION_MAX_BPS = 1_000
const CONFIRM_TIMEOUT_MS = 60_000

/**
 * Puts gateway and co-gateway with their anchors on a chain pair, and their addresses in `chain.contracts` of both. May run
 * any number of times: a pair that is recorded and has code is left as it is. An interrupted run starts over with new
 * contracts, which nothing uses yet. The utility chain has the platform's contracts already (`deployContracts`).
 */
export async function deployGateways(options: DeployGateways): Promise<GatewayContracts> {
  const providers = [options.value, options.utility].map(
    ({ rpcUrl, chainId }) =>
      new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, pollingInterval: 200 }),
  )
  const [valueProvider, utilityProvider] = providers
  if (valueProvider === undefined || utilityProvider === undefined) throw new Error('a pair has two chains')
  const database = new Client({ connectionString: options.databaseUrl })
  await database.connect()
  try {
    const known = await readPair(database, options)
    const isDeployed =
      (await haveCode(valueProvider, known.value)) && (await haveCode(utilityProvider, known.utility))
    if (isDeployed) return known
    const factory = await readContracts(database, options.utility.chainId)
    // Nothing of ours is in an older block: who follows the value chain begins here.
    const startBlock = await valueProvider.getBlockNumber()
    const contracts = await deployGatewayPair(
      new NonceManager(new Wallet(options.deployerKey, valueProvider)),
      new NonceManager(new Wallet(options.deployerKey, utilityProvider)),
      factory['economy_factory'] ?? '',
      options,
    )
    await database.query('BEGIN')
    await recordContracts(database, options.value.chainId, {
      ...contracts.value,
      deployed_at_block: String(startBlock),
    })
    await recordContracts(database, options.utility.chainId, {
      ...contracts.utility,
      // What its tokens are backed on.
      value_chain_id: String(options.value.chainId),
    })
    await database.query('COMMIT')
    return contracts
  } finally {
    await database.end()
    for (const provider of providers) provider.destroy()
  }
}

/** Deploys the contracts of a pair and lets the co-gateway be the minter of new economies. Both deployers own what they deploy. */
export async function deployGatewayPair(
  valueDeployer: NonceManager,
  utilityDeployer: NonceManager,
  economyFactoryAddress: string,
  terms: GatewayTerms,
): Promise<GatewayContracts> {
  const [valueOwner, utilityOwner] = [await valueDeployer.getAddress(), await utilityDeployer.getAddress()]
  const token = await deploy(valueDeployer, valueToken.encodeDeploy(valueOwner, 'OST', 'OST', OST_GRANT_MAX))
  const utilityRoots = await deploy(valueDeployer, await anchorCode(utilityDeployer, terms))
  const valueRoots = await deploy(utilityDeployer, await anchorCode(valueDeployer, terms))
  // Each gateway is told the other's address before it exists, so that none can ever be changed.
  const coGatewayAddress = await nextAddress(utilityDeployer)
  const gatewayAddress = await deploy(
    valueDeployer,
    gateway.encodeDeploy(
      { owner: valueOwner, remoteGateway: coGatewayAddress, stateRoots: utilityRoots },
      BigInt(terms.haltAfter),
    ),
  )
  const deployedAt = await deploy(
    utilityDeployer,
    coGateway.encodeDeploy({ owner: utilityOwner, remoteGateway: gatewayAddress, stateRoots: valueRoots }),
  )
  if (deployedAt !== coGatewayAddress)
    throw new Error('The deployer was used elsewhere meanwhile: run again.')
  const oracle = await deploy(
    utilityDeployer,
    priceOracle.encodeDeploy([...terms.feeders], BigInt(terms.feedersThreshold)),
  )
  const pricer = await deploy(
    utilityDeployer,
    pricerRule.encodeDeploy(
      coGatewayAddress,
      oracle,
      BigInt(PRICE_MAX_AGE_SECONDS),
      BigInt(PRICE_DEVIATION_MAX_BPS),
    ),
  )
  const allowed = await economyFactory
    .at(economyFactoryAddress, utilityDeployer)
    .setMinter(coGatewayAddress, true)
  await allowed.wait(1, CONFIRM_TIMEOUT_MS)
  const exit = await gateway.at(gatewayAddress, valueDeployer).EXIT()
  return {
    value: lowerCase({
      value_token: token,
      anchor: utilityRoots,
      gateway: gatewayAddress,
      chain_halt_exit: exit,
    }),
    utility: lowerCase({
      anchor: valueRoots,
      co_gateway: coGatewayAddress,
      price_oracle: oracle,
      pricer_rule: pricer,
    }),
  }
}

/** Creation code of an anchor whose first root is that of the newest block of `remote`'s chain. */
async function anchorCode(remote: NonceManager, terms: GatewayTerms): Promise<string> {
  const provider = providerOf(remote)
  const [network, block] = await Promise.all([provider.getNetwork(), provider.getBlock('latest')])
  if (!block?.stateRoot) throw new Error('The node does not tell the state root of its newest block.')
  return anchor.encodeDeploy(
    network.chainId,
    BigInt(block.number),
    block.stateRoot,
    BigInt(ANCHOR_RING_SIZE),
    BigInt(terms.anchorDelay),
    terms.guardian,
    [...terms.signers],
    BigInt(terms.threshold),
  )
}

async function nextAddress(deployer: NonceManager): Promise<string> {
  const [from, nonce] = [await deployer.getAddress(), await deployer.getNonce('pending')]
  return getCreateAddress({ from, nonce })
}

/** Creates a contract and waits for it. @returns its address. */
async function deploy(deployer: NonceManager, data: string): Promise<string> {
  const sent = await deployer.sendTransaction({ data })
  const receipt = await sent.wait(1, CONFIRM_TIMEOUT_MS)
  if (!receipt?.contractAddress) throw new Error(`Transaction ${sent.hash} created no contract.`)
  return receipt.contractAddress
}

function providerOf(signer: NonceManager): Provider {
  if (signer.provider === null) throw new Error('a deployer needs a node')
  return signer.provider
}

async function readPair(database: Client, { value, utility }: DeployGateways): Promise<GatewayContracts> {
  const [onValue, onUtility] = [
    await readContracts(database, value.chainId),
    await readContracts(database, utility.chainId),
  ]
  const pick = <Name extends string>(from: Record<string, string>, ...names: Name[]) =>
    Object.fromEntries(names.map((name) => [name, from[name] ?? ''])) as Record<Name, string>
  return {
    value: pick(onValue, 'value_token', 'anchor', 'gateway', 'chain_halt_exit'),
    utility: pick(onUtility, 'anchor', 'co_gateway', 'price_oracle', 'pricer_rule'),
  }
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

/** Adds to what is recorded of the chain's other contracts. */
async function recordContracts(
  database: Client,
  chainId: number,
  contracts: Record<string, string>,
): Promise<void> {
  await database.query('UPDATE chain SET contracts = contracts || $2::jsonb WHERE id = $1', [
    chainId,
    JSON.stringify(contracts),
  ])
}

async function haveCode(provider: Provider, contracts: Record<string, string>): Promise<boolean> {
  const addresses = Object.values(contracts)
  if (addresses.some((address) => address === '')) return false
  const codes = await Promise.all(addresses.map((address) => provider.getCode(address)))
  return codes.every((code) => code !== '0x')
}

function lowerCase<T extends Record<string, string>>(contracts: T): T {
  return Object.fromEntries(
    Object.entries(contracts).map(([name, address]) => [name, address.toLowerCase()]),
  ) as T
}
