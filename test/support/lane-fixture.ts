import { randomBytes } from 'node:crypto'
import { Interface } from 'ethers'
import { Client } from 'pg'
import { uuidv7 } from 'uuidv7'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { type ConnectedChains, connectChains } from '#adapters/evm/connect-chains.ts'
import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { createLaneSigners } from '#adapters/evm/lane-signers.ts'
import { readChainContracts } from '#adapters/postgres/chain-contracts.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'
import type { Observer } from '#core/shared/observer.ts'
import { createLaneMemory } from '#core/transaction/lane-memory.ts'
import { submitLane, type SubmitLaneDeps } from '#core/transaction/submit-lane.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { LOCAL_DEPLOYER_KEY } from '#scripts/stack/settings.ts'

/** Base units that the company of a live economy is granted. */
const COMPANY_BALANCE = 10n ** 15n
export const KEY_ENCRYPTION_KEY = Uint8Array.from({ length: 32 }, (_, index) => index)
const TOKEN = new Interface(['function balancesOf(address[]) view returns (uint256[])'])

/** A chain with contracts and lanes, its rows in the database, and what a submitter needs. */
export interface LaneFixture {
  chainId: number
  rpcUrl: string
  laneIds: string[]
  contracts: ChainContracts
  owner: Client
  database: Database
  /** A submitter of its own, as another process would have it; its calls may go through another URL. */
  submitter(
    options?: { rpcUrl?: string; database?: Database } & Partial<Omit<SubmitLaneDeps, 'chains'>>,
  ): SubmitLaneDeps & { chains: ConnectedChains }
  events: { level: string; event: string; fields: Record<string, unknown> }[]
  close(): Promise<void>
}

export interface LiveEconomy {
  id: string
  tenantId: string
  laneId: string
  token: string
  tokenRules: string
  company: { id: string; address: string }
  users: { id: string; address: string }[]
}

export async function createLaneFixture(options: {
  database: { ownerUrl: string; workerUrl: string }
  chain: { rpcUrl: string; chainId: number }
  lanes?: number
  maxFeeGwei?: number
  blockTimeMs?: number
  finalityDepth?: number
}): Promise<LaneFixture> {
  const { chainId, rpcUrl } = options.chain
  const { blockTimeMs = 200, finalityDepth = 2, maxFeeGwei } = options
  const owner = new Client({ connectionString: options.database.ownerUrl })
  await owner.connect()
  await owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'utility', 'utility', $2, $3)`,
    [chainId, blockTimeMs, finalityDepth],
  )
  const deployerKey = LOCAL_DEPLOYER_KEY
  await deployContracts({ rpcUrl, chainId, deployerKey, databaseUrl: options.database.ownerUrl })
  const lanes = await provisionLanes({
    chainId,
    rpcUrl,
    deployerKey,
    databaseUrl: options.database.workerUrl,
    lanes: options.lanes ?? 1,
    keyEncryptionKey: KEY_ENCRYPTION_KEY,
  })
  const database = new Database({
    url: options.database.workerUrl,
    poolSize: 10,
    applicationName: 'lane-fixture',
  })
  const contracts = (await readChainContracts(database)).get(chainId)
  if (!contracts) throw new Error('the contracts were just deployed')
  const events: LaneFixture['events'] = []
  const observer: Observer = {
    log: (level, event, fields = {}) => void events.push({ level, event, fields: { ...fields } }),
    count() {},
    gauge() {},
  }
  const connections: ConnectedChains[] = []
  return {
    chainId,
    rpcUrl,
    laneIds: lanes.map((lane) => lane.id),
    contracts,
    owner,
    database,
    events,
    submitter({ rpcUrl: url = rpcUrl, database: own = database, ...overrides } = {}) {
      const chains = connectChains({
        chains: [
          { id: chainId, rpcUrls: [url], blockTimeMs, finalityDepth, ...(maxFeeGwei && { maxFeeGwei }) },
        ],
        observer,
        timeoutMs: 3_000,
      })
      connections.push(chains)
      const ids = { next: uuidv7 }
      return {
        lanes: createLaneStore(own),
        submissions: createSubmissionStore(own, ids),
        chains,
        signers: createLaneSigners({ keyVault: createKeyVault({ key: KEY_ENCRYPTION_KEY }) }),
        clock: { now: () => new Date() },
        ids,
        observer,
        memory: createLaneMemory(),
        ...overrides,
      }
    },
    async close() {
      await Promise.all(connections.map((chains) => chains.close()))
      await database.close()
      await owner.end()
    },
  }
}

/** An economy whose contracts are on the chain; its users hold `balance` each, there and in the ledger. */
export async function createLiveEconomy(
  fixture: LaneFixture,
  options: { users: number; balance?: bigint; laneId?: string },
): Promise<LiveEconomy> {
  const { owner, chainId } = fixture
  const { balance = 0n, laneId = fixture.laneIds[0] ?? '' } = options
  const [tenantId, economyId, companyId] = [uuidv7(), uuidv7(), uuidv7()]
  const submitter = fixture.submitter()
  const book = createAddressBook(() => fixture.contracts)
  const { token, tokenRules } = book.predictToken(chainId, economyId)
  await owner.query('INSERT INTO tenant (id, name) VALUES ($1, $2)', [tenantId, 'Live'])
  await owner.query(
    `INSERT INTO economy (id, tenant_id, chain_id, lane_id, environment, name, symbol, decimals, status, token_address,
                          token_rules_address, company_user_id, initial_grant)
     VALUES ($1, $2, $3, $4, 'sandbox', 'Live', 'LIV', 18, 'active', $5, $6, $7, 0)`,
    [economyId, tenantId, chainId, laneId, token, tokenRules, companyId],
  )
  const parties = [companyId, ...Array.from({ length: options.users }, () => uuidv7())].map((id) => {
    const salt = randomBytes(12)
    return { id, salt, address: book.holderAddress(chainId, token, salt) }
  })
  await insertParties(owner, tenantId, economyId, companyId, parties)

  const contracts = createEconomyContracts({
    contractsOf: () => fixture.contracts,
    clientOf: (id) => submitter.chains.client(id),
  })
  const lane = await submitter.lanes.find(laneId)
  if (!lane) throw new Error('the lane was just provisioned')
  const create = await contracts.createCall({
    chainId,
    economyId,
    name: 'Live',
    symbol: 'LIV',
    decimals: 18,
    operator: lane.address,
  })
  const companyAddress = parties[0]?.address ?? ''
  const calls = [create, contracts.grantCall(chainId, token, companyAddress, COMPANY_BALANCE)]
  for (const [index, call] of calls.entries()) {
    await owner.query(
      `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        uuidv7(),
        chainId,
        laneId,
        economyId,
        tenantId,
        index === 0 ? 'create_economy' : 'faucet_grant',
        call.to,
        call.calldata,
        call.gasLimit,
      ],
    )
  }
  await submitLane(submitter, laneId)
  await waitUntilMined(fixture)
  const [company, ...users] = parties.map(({ id, address }) => ({ id, address }))
  if (!company) throw new Error('there is always a company')
  const economy = { id: economyId, tenantId, laneId, token, tokenRules, company, users }
  if (balance > 0n) {
    const shares = users.map((user) => ({ from: company.id, to: user.id, amount: balance }))
    await queueTransfers(fixture, economy, shares)
    await drain(fixture, submitter, laneId)
    await owner.query('UPDATE account SET settled = $2 WHERE economy_id = $1', [
      economyId,
      balance.toString(),
    ])
  }
  return economy
}

async function insertParties(
  owner: Client,
  tenantId: string,
  economyId: string,
  companyId: string,
  parties: { id: string; salt: Buffer; address: string }[],
): Promise<void> {
  const ids = parties.map(({ id }) => id)
  const addresses = parties.map(({ address }) => address)
  await owner.query(
    `INSERT INTO economy_user (economy_id, id, tenant_id, type)
     SELECT $1, id, $2, CASE WHEN id = $3 THEN 'company' ELSE 'user' END FROM unnest($4::uuid[]) AS u(id)`,
    [economyId, tenantId, companyId, ids],
  )
  await owner.query(
    `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt)
     SELECT $1, id, $2, address, decode(salt, 'hex') FROM unnest($3::uuid[], $4::text[], $5::text[]) AS w(id, address, salt)`,
    [economyId, tenantId, ids, addresses, parties.map(({ salt }) => salt.toString('hex'))],
  )
  await owner.query(
    `INSERT INTO account (economy_id, id, tenant_id, kind, address)
     SELECT $1, id, $2, 'wallet', address FROM unnest($3::uuid[], $4::text[]) AS a(id, address)`,
    [economyId, tenantId, ids, addresses],
  )
}

export interface TransferOrder {
  from: string
  to: string
  amount: bigint
}

/** Puts queued transactions straight into the database, without holds: what the acceptor would have left for the lane. */
export async function queueTransfers(
  fixture: LaneFixture,
  economy: LiveEconomy,
  orders: readonly TransferOrder[],
): Promise<string[]> {
  const ids = orders.map(() => uuidv7())
  const { owner } = fixture
  await owner.query(
    `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
     SELECT $1, id, $2, $1, f, t, amount, 1 FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[]) AS o(id, f, t, amount)`,
    [
      economy.id,
      economy.tenantId,
      ids,
      orders.map((o) => o.from),
      orders.map((o) => o.to),
      orders.map((o) => o.amount.toString()),
    ],
  )
  return ids
}

/** Stands in for the indexer: marks what has a receipt as mined. Returns how many are still open. */
export async function markMined(fixture: LaneFixture): Promise<number> {
  const { rows } = await fixture.owner.query<{ id: string; tx_hash: string }>(
    `SELECT s.id, a.tx_hash FROM chain_submission s JOIN submission_attempt a ON a.submission_id = s.id
     WHERE s.status IN ('signed', 'broadcast') ORDER BY s.nonce`,
  )
  const open = new Set(rows.map((row) => row.id))
  for (const row of rows) {
    const receipt = (await callNode(fixture.rpcUrl, 'eth_getTransactionReceipt', [
      row.tx_hash,
    ])) as Receipt | null
    if (!receipt) continue
    await fixture.owner.query(
      `UPDATE chain_submission SET status = 'mined', block_number = $2, tx_hash = $3, gas_used = $4, revert_reason = $5, mined_at = now()
       WHERE id = $1 AND status IN ('signed', 'broadcast')`,
      [
        row.id,
        Number(receipt.blockNumber),
        row.tx_hash,
        Number(receipt.gasUsed),
        receipt.status === '0x1' ? null : 'reverted',
      ],
    )
    open.delete(row.id)
  }
  return open.size
}

interface Receipt {
  blockNumber: string
  gasUsed: string
  status: string
}

export async function waitUntilMined(fixture: LaneFixture, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while ((await markMined(fixture)) > 0) {
    if (performance.now() > deadline) throw new Error('some submissions were not mined in time')
    await delay(50)
  }
}

/** Submits until nothing is queued and everything is mined. */
export async function drain(fixture: LaneFixture, submitter: SubmitLaneDeps, laneId: string): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const { outcome } = await submitLane(submitter, laneId)
    const open = await markMined(fixture)
    if (outcome === 'idle' && open === 0) return
    await delay(50)
  }
  throw new Error('the lane did not run dry')
}

export async function balancesOf(
  fixture: LaneFixture,
  token: string,
  addresses: readonly string[],
): Promise<bigint[]> {
  const data = TOKEN.encodeFunctionData('balancesOf', [addresses])
  const result = String(await callNode(fixture.rpcUrl, 'eth_call', [{ to: token, data }, 'latest']))
  return [...TOKEN.decodeFunctionResult('balancesOf', result)[0]].map(BigInt)
}

export async function callNode(
  rpcUrl: string,
  method: string,
  params: readonly unknown[] = [],
): Promise<unknown> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
