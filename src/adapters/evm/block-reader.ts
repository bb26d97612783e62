import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { BlockHeader, ChainLog, Receipt } from '#core/ledger/block.ts'
import type { BlockReader, BlockReaders, CallInBlock } from '#core/ledger/block-reader.ts'
import { BlockVanished } from '#core/ledger/errors.ts'
import { bytesToHex, toQuantity } from './bytes.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { decodeLog, LEDGER_TOPICS, readRawLog } from './logs.ts'
import { asList, asRecord, asText, quantityToBigInt, quantityToNumber } from './read-json.ts'
import { decodeRevertReason } from './revert-reason.ts'
import type { RpcCall, RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** One request holds the logs of so many blocks, so that no answer gets too long. */
const BLOCKS_PER_LOG_REQUEST = 20
/** Accounts per call, so that the call stays below the gas that nodes allow. */
const BALANCES_PER_CALL = 500

type Rpc = Pick<RpcClient, 'call' | 'batch'>

/** Reads one chain's blocks over JSON-RPC. */
export function createBlockReader(rpc: Rpc): BlockReader {
  return {
    headNumber: async () => quantityToNumber(answered(await rpc.call('eth_blockNumber'))),
    headers: (from, to) => headers(rpc, from, to),
    logs: (blocks, addresses) => logs(rpc, blocks, addresses),
    receipts: (txHashes) => receipts(rpc, txHashes),
    revertReason: (call) => revertReason(rpc, call),
    balancesOf: (token, addresses, blockHash) => balancesOf(rpc, token, addresses, blockHash),
    totalSupply: (token, blockHash) => totalSupply(rpc, token, blockHash),
  }
}

/** The readers of this process's chains. @param clientOf Throws RangeError for a chain that is not configured. */
export function createBlockReaders(clientOf: (chainId: number) => Rpc): BlockReaders {
  const readers = new Map<number, BlockReader>()
  return {
    get(chainId) {
      const known = readers.get(chainId)
      if (known) return known
      const reader = createBlockReader(clientOf(chainId))
      readers.set(chainId, reader)
      return reader
    },
  }
}

async function headers(rpc: Rpc, from: number, to: number): Promise<BlockHeader[]> {
  const calls: RpcCall[] = []
  for (let number = from; number <= to; number += 1) {
    calls.push({ method: 'eth_getBlockByNumber', params: [toQuantity(number), false] })
  }
  const found: BlockHeader[] = []
  for (const answer of await rpc.batch(calls)) {
    const block = answered(answer)
    if (block === null) break
    found.push(readHeader(block))
  }
  return found
}

/** An empty bloom filter proves that the block has no logs. */
const EMPTY_BLOOM = /^0x0*$/

function readHeader(value: unknown): BlockHeader {
  const block = asRecord(value)
  return {
    number: quantityToNumber(block['number']),
    hash: asText(block['hash']),
    parentHash: asText(block['parentHash']),
    minedAt: new Date(quantityToNumber(block['timestamp']) * 1_000),
    transactionHashes: asList(block['transactions']).map(asText),
    gasUsed: quantityToBigInt(block['gasUsed']),
    mayHaveLogs: !EMPTY_BLOOM.test(asText(block['logsBloom'])),
  }
}

async function logs(
  rpc: Rpc,
  blocks: readonly BlockHeader[],
  addresses: readonly string[] | null,
): Promise<ChainLog[][]> {
  const found: ChainLog[][] = []
  for (let start = 0; start < blocks.length; start += BLOCKS_PER_LOG_REQUEST) {
    const part = blocks.slice(start, start + BLOCKS_PER_LOG_REQUEST)
    const answers = await rpc.batch(
      part.map(({ hash }) => ({
        method: 'eth_getLogs',
        params: [
          { blockHash: hash, topics: [LEDGER_TOPICS], ...(addresses !== null && { address: addresses }) },
        ],
      })),
    )
    part.forEach(({ hash }, index) => found.push(readLogs(answers[index], hash)))
  }
  return found
}

function readLogs(answer: unknown, blockHash: string): ChainLog[] {
  // A node that no longer has the block refuses (EIP-234).
  if (answer instanceof RpcRefused)
    throw new BlockVanished(`no logs of block ${blockHash}: ${answer.message}`)
  const decoded: ChainLog[] = []
  let lastIndex = -1
  for (const value of asList(answer)) {
    const raw = readRawLog(value)
    if (raw.blockHash !== blockHash)
      throw new BlockVanished(`logs of block ${blockHash} came from ${raw.blockHash}`)
    if (raw.logIndex <= lastIndex) throw new ChainUnavailable('a node answered with logs out of order')
    lastIndex = raw.logIndex
    const log = decodeLog(raw)
    if (log) decoded.push(log)
  }
  return decoded
}

async function receipts(rpc: Rpc, txHashes: readonly string[]): Promise<Receipt[]> {
  const answers = await rpc.batch(
    txHashes.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
  )
  return answers.map((answer, index) => {
    const value = answered(answer)
    if (value === null) throw new BlockVanished(`transaction ${txHashes[index]} is in no block any more`)
    const receipt = asRecord(value)
    return {
      txHash: asText(receipt['transactionHash']),
      blockHash: asText(receipt['blockHash']),
      succeeded: quantityToBigInt(receipt['status']) === 1n,
      gasUsed: quantityToBigInt(receipt['gasUsed']),
      effectiveGasPrice: quantityToBigInt(receipt['effectiveGasPrice']),
    }
  })
}

/**
 * The call again, on the state before its block: transactions before it in the same block may have mattered, so a call that
 * succeeds now is no contradiction.
 */
async function revertReason(rpc: Rpc, call: CallInBlock): Promise<string> {
  const { from, to, data, gasLimit, blockNumber } = call
  const [outcome] = await rpc.batch([
    {
      method: 'eth_call',
      params: [
        { from, to, data: bytesToHex(data), gas: toQuantity(gasLimit) },
        toQuantity(Math.max(0, blockNumber - 1)),
      ],
    },
  ])
  if (!(outcome instanceof RpcRefused)) return 'the reason can not be found again; the call would succeed now'
  return decodeRevertReason(outcome.data) ?? (outcome.message || 'no reason given')
}

async function balancesOf(
  rpc: Rpc,
  token: string,
  addresses: readonly string[],
  blockHash: string,
): Promise<bigint[]> {
  const parts: (readonly string[])[] = []
  for (let start = 0; start < addresses.length; start += BALANCES_PER_CALL) {
    parts.push(addresses.slice(start, start + BALANCES_PER_CALL))
  }
  const balances: bigint[] = []
  for (const part of parts) {
    const result = await view(rpc, token, utilityBrandedToken.encodeCall('balancesOf', [...part]), blockHash)
    balances.push(...(result === NO_CODE ? part.map(() => 0n) : readBalances(result, part.length)))
  }
  return balances
}

function readBalances(result: string, count: number): bigint[] {
  const balances = utilityBrandedToken.decodeResult('balancesOf', result)
  if (balances.length !== count) throw new ChainUnavailable('a node answered without every balance')
  return [...balances]
}

async function totalSupply(rpc: Rpc, token: string, blockHash: string): Promise<bigint> {
  const result = await view(rpc, token, utilityBrandedToken.encodeCall('totalSupply'), blockHash)
  return result === NO_CODE ? 0n : BigInt(result)
}

/** What a call to an address without code answers. */
const NO_CODE = '0x'

/** A read at exactly this block, wherever the chain's head has gone. @see EIP-1898 */
async function view(rpc: Rpc, to: string, data: string, blockHash: string): Promise<string> {
  const [outcome] = await rpc.batch([{ method: 'eth_call', params: [{ to, data }, { blockHash }] }])
  if (outcome instanceof RpcRefused)
    throw new BlockVanished(`no state of block ${blockHash}: ${outcome.message}`)
  return asText(outcome)
}
