import { createChainReader, ZERO_ADDRESS } from '#scripts/simulate/chain-reader.ts'
import type { Leg } from './story.ts'

/** What the chain shows of one economy, read from the node and from nothing else. */
export interface ChainStory {
  /** The block of the balances: the one that the ledger has reached. */
  block: number
  batches: ChainBatch[]
  /** Movements that no batch explains, mints not among them. */
  strangers: Leg[]
  totalSupply: bigint
  /** By address in lower case. */
  balances: ReadonlyMap<string, bigint>
}

/** One executed batch: for each payment in the calldata what it moved; undefined for those that were skipped. */
export interface ChainBatch {
  txHash: string
  submissionId: string
  payments: (Leg[] | undefined)[]
}

/** keccak256 of Transfer(address,address,uint256), PaymentSkipped(bytes32,uint256,bytes4), BatchExecuted(bytes32,uint256,uint256). */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

export interface Contracts {
  token: string
  tokenRules: string
  paymentSkipped: string
  batchExecuted: string
}

type Rpc = (method: string, params: readonly unknown[]) => Promise<unknown>

interface Log {
  address: string
  topics: string[]
  data: string
  transactionHash: string
  logIndex: string
  removed?: boolean
}

/** Reads the whole story of an economy: every movement until now, and balances at `block`. */
export async function readChainStory(
  node: { nodeUrl: string; rpc: Rpc },
  contracts: Contracts,
  addresses: readonly string[],
  block: number,
): Promise<ChainStory> {
  const { token, tokenRules } = contracts
  const reader = createChainReader(node.nodeUrl)
  const filter = { address: [token, tokenRules], fromBlock: '0x0', toBlock: 'latest' }
  const [logs, balances, totalSupply] = await Promise.all([
    // As the Ethereum JSON-RPC specifies it.
    node.rpc('eth_getLogs', [filter]) as Promise<Log[]>,
    reader.balances(token, addresses, block),
    reader.totalSupply(token, block),
  ])
  const byTransaction = Map.groupBy(logs, (log) => log.transactionHash)
  const batches: ChainBatch[] = []
  const strangers: Leg[] = []
  for (const [txHash, own] of byTransaction) {
    const moved = own.filter(({ topics, address }) => topics[0] === TRANSFER && isSame(address, token))
    const end = own.find(
      ({ topics, address }) => topics[0] === contracts.batchExecuted && isSame(address, tokenRules),
    )
    const legs = moved.map(legOf)
    if (end === undefined) strangers.push(...legs.filter(({ from }) => from !== ZERO_ADDRESS))
    else batches.push(await readBatch(node.rpc, contracts, { txHash, own, end, legs, strangers }))
  }
  return {
    block,
    batches,
    strangers,
    totalSupply,
    balances: new Map(addresses.map((address, index) => [address, balances[index] ?? 0n])),
  }
}

/** Gives each movement to its payment: by the calldata's own count of legs, passing over the skipped ones. */
async function readBatch(
  rpc: Rpc,
  contracts: Contracts,
  found: { txHash: string; own: Log[]; end: Log; legs: Leg[]; strangers: Leg[] },
): Promise<ChainBatch> {
  const { txHash, own, end, legs, strangers } = found
  const skipped = new Set(
    own.filter(({ topics }) => topics[0] === contracts.paymentSkipped).map(({ topics }) => Number(topics[2])),
  )
  let next = 0
  const payments = (await legCountsIn(rpc, txHash)).map((count, index) => {
    if (skipped.has(index)) return undefined
    next += count
    return legs.slice(next - count, next)
  })
  strangers.push(...legs.slice(next))
  return { txHash, submissionId: uuidIn(end.topics[1] ?? ''), payments }
}

/** What a hash stands for is always the same, and a history is read after every life. */
const legCounts = new Map<string, readonly number[]>()

async function legCountsIn(rpc: Rpc, txHash: string): Promise<readonly number[]> {
  const known = legCounts.get(txHash)
  if (known !== undefined) return known
  // As the Ethereum JSON-RPC specifies it; a log's transaction is known to the node.
  const { input } = (await rpc('eth_getTransactionByHash', [txHash])) as { input: string }
  const counts = legCountsOf(input)
  legCounts.set(txHash, counts)
  return counts
}

const SALT_BYTES = 12
const LEG_BYTES = 32
/** Selector, batch id, offset and length come before the payments. */
const PAYMENTS_AT = 4 + 32 + 32 + 32

/** Legs of each payment in the calldata of `executeBatch(bytes32, bytes)`: `salt(12) count(1) (recipient(20) amount(12))*`. */
function legCountsOf(input: string): number[] {
  const bytes = Buffer.from(input.slice(2), 'hex')
  const length = bytes.readUInt32BE(PAYMENTS_AT - 4)
  const counts: number[] = []
  for (let at = PAYMENTS_AT; at < PAYMENTS_AT + length; ) {
    const count = bytes.readUInt8(at + SALT_BYTES)
    counts.push(count)
    at += SALT_BYTES + 1 + count * LEG_BYTES
  }
  return counts
}

function legOf({ topics, data }: Log): Leg {
  const [, from = '', to = ''] = topics
  return { from: addressIn(from), to: addressIn(to), amount: BigInt(data) }
}

function addressIn(word: string): string {
  return `0x${word.slice(-40).toLowerCase()}`
}

function uuidIn(word: string): string {
  const hex = word.slice(2, 34)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function isSame(address: string, other: string): boolean {
  return address.toLowerCase() === other.toLowerCase()
}
