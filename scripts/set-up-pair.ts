import { JsonRpcProvider, Wallet, ZeroAddress } from 'ethers'
import { Client } from 'pg'
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
  const [carriers] = await Promise.all([
    provisionLanes({ ...value, ...lanes }),
    provisionLanes({ ...utility, ...lanes }),
  ])
  const grantors = [new Wallet(deployerKey).address, ...carriers.map(({ address }) => address)]
  await allowFaucet(value, deployerKey, { token: contracts.value.value_token, grantors })
  await recordFaucet(databaseUrl, value.chainId, contracts.value.value_token)
  return contracts
}

/** The deployer and the facilitator grant OST, as the sandbox's other faucet grants tokens. */
async function allowFaucet(
  { rpcUrl, chainId }: SetUpPair['value'],
  deployerKey: string,
  { token, grantors }: { token: string; grantors: readonly string[] },
): Promise<void> {
  // Uncached: on a fast chain the next grant would take the nonce of the one before.
  const options = { staticNetwork: true, pollingInterval: 200, cacheTimeout: -1 }
  const provider = new JsonRpcProvider(rpcUrl, chainId, options)
  try {
    const ost = valueToken.at(token, new Wallet(deployerKey, provider))
    const role = await ost.FAUCET_ROLE()
    for (const grantor of grantors) {
      if (await ost.hasRole(role, grantor)) continue
      await (await ost.grantRole(role, grantor)).wait(1, CONFIRM_TIMEOUT_MS)
    }
  } finally {
    provider.destroy()
  }
}

/** From now on tenants may ask for OST. Only a sandbox's chain is told so. */
async function recordFaucet(databaseUrl: string, chainId: number, token: string): Promise<void> {
  const database = new Client({ connectionString: databaseUrl })
  await database.connect()
  try {
    await database.query(
      `UPDATE chain SET contracts = contracts || jsonb_build_object('value_faucet', $2::text) WHERE id = $1`,
      [chainId, token],
    )
  } finally {
    await database.end()
  }
}
