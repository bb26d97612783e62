import { setTimeout as sleep } from 'node:timers/promises'
import { CommandFailed } from '#apps/cli/errors.ts'

/** Reads the chain directly: the simulation's second witness, which never asks the platform. */
export interface ChainReader {
  blockNumber(): Promise<number>
  balances(token: string, addresses: readonly string[], block: number): Promise<bigint[]>
  totalSupply(token: string, block: number): Promise<bigint>
  /** The token's Transfer logs in blocks `from` to `to`, both included, block range by block range. */
  transferLogs(token: string, from: number, to: number): AsyncGenerator<TransferLog>
  gasUsed(txHashes: readonly string[]): Promise<bigint>
}

export interface TransferLog {
  txHash: string
  from: string
  to: string
  amount: bigint
}

export const ZERO_ADDRESS = `0x${'0'.repeat(40)}`

const CALLS_PER_REQUEST = 200
/** Blocks of one log query: a block holds some thousand transfers at most. */
const BLOCKS_PER_QUERY = 200
const BALANCE_OF = '0x70a08231'
const TOTAL_SUPPLY = '0x18160ddd'
/** keccak256("Transfer(address,address,uint256)") */
const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

interface Call {
  method: string
  params: readonly unknown[]
}

export function createChainReader(rpcUrl: string): ChainReader {
  const call = async (one: Call) => (await send(rpcUrl, [one]))[0]
  const read = (token: string, data: string, block: number): Call => ({
    method: 'eth_call',
    params: [{ to: token, data }, hex(block)],
  })
  return {
    async blockNumber() {
      return Number(await call({ method: 'eth_blockNumber', params: [] }))
    },
    async balances(token, addresses, block) {
      const balances: bigint[] = []
      for (const part of chunks(addresses, CALLS_PER_REQUEST)) {
        const calls = part.map((address) => read(token, `${BALANCE_OF}${padded(address)}`, block))
        balances.push(...(await send(rpcUrl, calls)).map(toBigInt))
      }
      return balances
    },
    async totalSupply(token, block) {
      return toBigInt(await call(read(token, TOTAL_SUPPLY, block)))
    },
    async *transferLogs(token, from, to) {
      for (let first = from; first <= to; first += BLOCKS_PER_QUERY) {
        const last = Math.min(to, first + BLOCKS_PER_QUERY - 1)
        const filter = { address: token, topics: [TRANSFER_TOPIC], fromBlock: hex(first), toBlock: hex(last) }
        // As the Ethereum JSON-RPC specifies it.
        const logs = (await call({ method: 'eth_getLogs', params: [filter] })) as RawLog[]
        yield* logs.map(toTransferLog)
      }
    },
    async gasUsed(txHashes) {
      let total = 0n
      for (const part of chunks(txHashes, 1)) {
        const receipts = await send(
          rpcUrl,
          part.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
        )
        // As the Ethereum JSON-RPC specifies it; null for a hash the node does not know.
        for (const receipt of receipts as ({ gasUsed: string } | null)[])
          total += BigInt(receipt?.gasUsed ?? 0)
      }
      return total
    },
  }
}

interface RawLog {
  transactionHash: string
  topics: string[]
  data: string
}

function toTransferLog(log: RawLog): TransferLog {
  const [, from = '', to = ''] = log.topics
  return {
    txHash: log.transactionHash.toLowerCase(),
    from: `0x${from.slice(-40).toLowerCase()}`,
    to: `0x${to.slice(-40).toLowerCase()}`,
    amount: toBigInt(log.data),
  }
}

const ATTEMPTS_MAX = 5
const RETRY_MS = 1_000

/** @throws CommandFailed where the node does not answer, or refuses a call. */
async function send(rpcUrl: string, calls: readonly Call[]): Promise<unknown[]> {
  if (calls.length === 0) return []
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(rpcUrl, calls)
    } catch (error) {
      if (error instanceof CommandFailed) throw error
      if (attempt === ATTEMPTS_MAX) {
        throw new CommandFailed(
          `The chain's node at ${rpcUrl} does not answer: name another with --rpc-url.`,
          {
            cause: error,
          },
        )
      }
      await sleep(RETRY_MS)
    }
  }
}

async function sendOnce(rpcUrl: string, calls: readonly Call[]): Promise<unknown[]> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call }))),
  })
  // As JSON-RPC 2.0 specifies it: one answer per call, in any order.
  const answers = (await response.json()) as { id: number; result?: unknown; error?: { message: string } }[]
  const results = Array.from<unknown>({ length: calls.length })
  for (const { id, result, error } of answers) {
    if (error) throw new CommandFailed(`The chain's node refused ${calls[id]?.method}: ${error.message}`)
    results[id] = result
  }
  return results
}

function toBigInt(result: unknown): bigint {
  if (typeof result === 'string' && /^0x[0-9a-f]+$/i.test(result)) return BigInt(result)
  throw new CommandFailed(
    `The chain's node answered ${JSON.stringify(result)} where a number was asked for: is the contract there?`,
  )
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}

function padded(address: string): string {
  return address.slice(2).toLowerCase().padStart(64, '0')
}

function* chunks<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
