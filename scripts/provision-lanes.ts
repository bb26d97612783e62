import { randomBytes } from 'node:crypto'
import {
  computeAddress,
  JsonRpcProvider,
  parseEther,
  SigningKey,
  type TransactionResponse,
  Wallet,
} from 'ethers'
import { Client } from 'pg'
import { uuidv7 } from 'uuidv7'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { type EconomyFactory, economyFactory } from '#adapters/evm/generated/economy-factory.ts'
import { type Gateway, gateway } from '#adapters/evm/generated/gateway.ts'
import { type SandboxFaucet, sandboxFaucet } from '#adapters/evm/generated/sandbox-faucet.ts'
import { parseChainContracts } from '#core/chain/contracts.ts'

export type ProvisionLanes = {
  chainId: number
  rpcUrl: string
  /** Of a role that may write lanes: ost_worker or ost_owner. The chain's row must exist. */
  databaseUrl: string
  /** Keys of this purpose the chain shall have at least. */
  lanes: number
  /** relayer (unless said otherwise): carries payments of economies · facilitator: carries messages between the chains. */
  purpose?: LanePurpose
  keyEncryptionKey: Uint8Array
  /** Funds the relayers and gives them their roles; without it somebody else must. */
  deployerKey?: string
}

export type LanePurpose = 'relayer' | 'facilitator'

export type ProvisionedLane = { id: string; address: string; isNew: boolean }

/** Below the first, a relayer is filled up to the second. */
const FUNDED_WEI_MIN = parseEther('5')
const FUNDED_WEI = parseEther('50')
const CONFIRM_TIMEOUT_MS = 60_000

/**
 * Makes sure that a chain has its lanes: keys made and sealed, rows inserted, accounts funded, and the rights of their purpose: to
 * create economies and to grant play money, or to register what backs them. May run any number of times and in several processes: what is there stays.
 */
export async function provisionLanes(options: ProvisionLanes): Promise<ProvisionedLane[]> {
  const database = new Client({ connectionString: options.databaseUrl })
  await database.connect()
  try {
    // Held until the connection closes, so that two starts do not each make a full set.
    await database.query(`SELECT pg_advisory_lock(hashtextextended('provision-lanes', $1))`, [
      options.chainId,
    ])
    const lanes = await ensureRows(database, options)
    if (options.deployerKey) await equip(database, options, options.deployerKey, lanes)
    return lanes
  } finally {
    await database.end()
  }
}

async function ensureRows(database: Client, options: ProvisionLanes): Promise<ProvisionedLane[]> {
  const { rows } = await database.query<{ id: string; address: string }>(
    'SELECT id, address FROM lane WHERE chain_id = $1 AND purpose = $2 ORDER BY id',
    [options.chainId, purposeOf(options)],
  )
  const lanes = rows.map((row) => ({ ...row, isNew: false }))
  const keyVault = createKeyVault({ key: options.keyEncryptionKey })
  while (lanes.length < options.lanes) {
    const privateKey = randomBytes(32)
    const lane = {
      id: uuidv7(),
      address: computeAddress(new SigningKey(privateKey)).toLowerCase(),
      isNew: true,
    }
    const keyJwe = await keyVault.seal(privateKey, { laneId: lane.id, address: lane.address })
    privateKey.fill(0)
    await database.query(
      'INSERT INTO lane (id, chain_id, address, key_jwe, purpose) VALUES ($1, $2, $3, $4, $5)',
      [lane.id, options.chainId, lane.address, keyJwe, purposeOf(options)],
    )
    lanes.push(lane)
  }
  return lanes
}

function purposeOf({ purpose }: ProvisionLanes): LanePurpose {
  return purpose ?? 'relayer'
}

/** Sends what is missing with explicit nonces, then waits for all of it. */
async function equip(
  database: Client,
  options: ProvisionLanes,
  deployerKey: string,
  lanes: readonly ProvisionedLane[],
): Promise<void> {
  const provider = new JsonRpcProvider(options.rpcUrl, options.chainId, {
    staticNetwork: true,
    pollingInterval: 200,
  })
  try {
    const deployer = new Wallet(deployerKey, provider)
    let nonce = await provider.getTransactionCount(deployer.address)
    const sent: TransactionResponse[] = []
    for (const { address } of lanes) {
      const balance = await provider.getBalance(address)
      if (balance >= FUNDED_WEI_MIN) continue
      sent.push(await deployer.sendTransaction({ to: address, value: FUNDED_WEI - balance, nonce: nonce++ }))
    }
    for (const grant of await missingRoles(database, options, deployer, lanes)) {
      sent.push(await grant.contract.grantRole(grant.role, grant.address, { nonce: nonce++ }))
    }
    await Promise.all(sent.map((transaction) => transaction.wait(1, CONFIRM_TIMEOUT_MS)))
  } finally {
    provider.destroy()
  }
}

/** A right that a lane needs and a deployer of ours may give. */
type Grant = { contract: EconomyFactory | SandboxFaucet | Gateway; role: string; address: string }

async function missingRoles(
  database: Client,
  options: ProvisionLanes,
  deployer: Wallet,
  lanes: readonly ProvisionedLane[],
): Promise<Grant[]> {
  const { rows } = await database.query<{ role: string; contracts: Record<string, string> }>(
    'SELECT role, contracts FROM chain WHERE id = $1',
    [options.chainId],
  )
  const [chain] = rows
  if (!chain) return []
  const roles =
    purposeOf(options) === 'facilitator'
      ? await facilitatorRoles(chain.contracts, deployer)
      : await relayerRoles(chain.contracts, deployer)
  const missing: Grant[] = []
  for (const { contract, role } of roles) {
    for (const { address } of lanes) {
      if (!(await contract.hasRole(role, address))) missing.push({ contract, role, address })
    }
  }
  return missing
}

type Role = Omit<Grant, 'address'>

async function relayerRoles(entries: unknown, deployer: Wallet): Promise<Role[]> {
  const contracts = parseChainContracts(entries)
  if (!contracts) return []
  const factory = economyFactory.at(contracts.economyFactory, deployer)
  const faucet = sandboxFaucet.at(contracts.sandboxFaucet, deployer)
  return [
    { contract: factory, role: await factory.DEPLOYER_ROLE() },
    { contract: faucet, role: await faucet.GRANTER_ROLE() },
  ]
}

/** Messages need no right; registering an economy does, on either side (both gateways have the same roles). */
async function facilitatorRoles(contracts: Record<string, string>, deployer: Wallet): Promise<Role[]> {
  const address = contracts['gateway'] ?? contracts['co_gateway']
  if (address === undefined) return []
  const contract = gateway.at(address, deployer)
  return [{ contract, role: await contract.REGISTRAR_ROLE() }]
}
