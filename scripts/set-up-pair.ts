import { JsonRpcProvider, Wallet, ZeroAddress } from 'ethers'
import { valueToken } from '#adapters/evm/generated/value-token.ts'
import { deployGateways, type GatewayContracts } from './deploy-gateways.ts'
import { provisionAnchorKeys } from './provision-anchor-keys.ts'
import { provisionLanes } from './provision-lanes.ts'

export type SetUpPair = {
  value: { rpcUrl: string; chainId: number }
  utility: { rpcUrl: string; chainId: number }
  /** Owns what it deploys on both chains, and funds the facilitators. */
  deployerKey: string
  /** Of a role that may write chains, lanes and anchor keys, whose rows for both chains must exist. */
  databaseUrl: string
  keyEncryptionKey: Uint8Array
  /** Seconds without a root after which holders may leave without the utility chain. */
  haltAfter?: number
}

/** Keys that sign state roots, and how many of them must: one that is lost or stolen stops nothing and forges nothing. */
const ANCHOR_KEYS = 3
const ANCHOR_THRESHOLD = 2
/** Seconds: fourteen days. */
const HALT_AFTER = 14 * 24 * 3_600
const CONFIRM_TIMEOUT_MS = 60_000

/**
 * Puts everything on a chain pair of a sandbox that stakes need: keys for state roots, gateways and anchors, a facilitator's funded
 * lane on either chain with the right to register economies, and the deployer's right to grant OST of the sandbox. May run any
 * number of times. The utility chain has the platform's contracts already (`deployContracts`).
 */
export async function setUpPair(options: SetUpPair): Promise<GatewayContracts> {
  const { value, utility, deployerKey, databaseUrl, keyEncryptionKey } = options
  const signers = await provisionAnchorKeys({ databaseUrl, keys: ANCHOR_KEYS, keyEncryptionKey })
  const contracts = await deployGateways({
    value,
    utility,
    deployerKey,
    databaseUrl,
    signers,
    threshold: ANCHOR_THRESHOLD,
    guardian: ZeroAddress,
    anchorDelay: 0,
    haltAfter: options.haltAfter ?? HALT_AFTER,
    feeders: signers,
    feedersThreshold: ANCHOR_THRESHOLD,
  })
  const lanes = {
    databaseUrl,
    deployerKey,
    keyEncryptionKey,
    lanes: 1,
    purpose: 'facilitator' as const,
  }
  await Promise.all([provisionLanes({ ...value, ...lanes }), provisionLanes({ ...utility, ...lanes })])
  await allowFaucet(value, deployerKey, contracts.value.value_token)
  return contracts
}

/** The deployer grants OST, as the sandbox's other faucet grants tokens. */
async function allowFaucet(
  { rpcUrl, chainId }: SetUpPair['value'],
  deployerKey: string,
  token: string,
): Promise<void> {
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, pollingInterval: 200 })
  try {
    const deployer = new Wallet(deployerKey, provider)
    const ost = valueToken.at(token, deployer)
    const role = await ost.FAUCET_ROLE()
    if (await ost.hasRole(role, deployer.address)) return
    await (await ost.grantRole(role, deployer.address)).wait(1, CONFIRM_TIMEOUT_MS)
  } finally {
    provider.destroy()
  }
}
