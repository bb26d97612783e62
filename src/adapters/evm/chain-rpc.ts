import {
  type BatchProbe,
  type ChainRpc,
  type Chains,
  type ChainSettings,
  type LaneSnapshot,
  type NonceUser,
  type TransactionPlace,
} from '#core/chain/chain-rpc.ts'
import { encodeExecuteBatch, PROBE_CALLDATA } from './batch-call.ts'
import { bytesToHex, toQuantity } from './bytes.ts'
import { classifyBroadcastAnswer, type RawAnswer } from './classify-broadcast-answer.ts'
import { decodeRevertReason } from './revert-reason.ts'
import { asList, asRecord, asText, quantityToBigInt, quantityToNumber } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered, RpcRefused } from './rpc-errors.ts'

/** Where a node has no opinion. One gwei, what most wallets start from. */
const PRIORITY_FEE_DEFAULT = 1_000_000_000n
/** Blocks with all their transactions per request, and in a whole search. */
const BLOCKS_PER_REQUEST = 8
const BLOCKS_SEARCHED_MAX = 4_096
/** executed and skipped, 32 bytes each: what an empty batch answers. */
const PROBE_RESULT_LENGTH = 2 + 2 * 64

/** One chain over JSON-RPC. */
export function createChainRpc(rpc: Pick<RpcClient, 'call' | 'batch'>, settings: ChainSettings): ChainRpc {
  return {
    settings,
    laneSnapshot: (address) => laneSnapshot(rpc, address),
    probeBatch: (from, tokenRules) => probeBatch(rpc, from, tokenRules),
    broadcast: (rawTx, txHash) => broadcast(rpc, rawTx, txHash),
    placesOf: (txHashes) => placesOf(rpc, txHashes),
    findNonceUser: (search) => findNonceUser(rpc, search),
    encodeBatch: encodeExecuteBatch,
  }
}

/** The chains of this process by id. */
export function createChains(chains: readonly ChainRpc[]): Chains {
  const byId = new Map(chains.map((chain) => [chain.settings.chainId, chain]))
  return {
    get(chainId) {
      const chain = byId.get(chainId)
      if (!chain) throw new RangeError(`chain ${chainId} is not configured`)
      return chain
    },
  }
}

type Rpc = Pick<RpcClient, 'call' | 'batch'>

async function laneSnapshot(rpc: Rpc, address: string): Promise<LaneSnapshot> {
  const [count, balance, block, tip, pending] = await rpc.batch([
    { method: 'eth_getTransactionCount', params: [address, 'latest'] },
    { method: 'eth_getBalance', params: [address, 'latest'] },
    { method: 'eth_getBlockByNumber', params: ['latest', false] },
    { method: 'eth_maxPriorityFeePerGas', params: [] },
    { method: 'eth_getTransactionCount', params: [address, 'pending'] },
  ])
  const head = asRecord(answered(block))
  return {
    transactionCount: quantityToNumber(answered(count)),
    ...(!(pending instanceof RpcRefused) && { pendingCount: quantityToNumber(pending) }),
    balanceWei: quantityToBigInt(answered(balance)),
    headNumber: quantityToNumber(head['number']),
    blockGasLimit: quantityToBigInt(head['gasLimit']),
    baseFeePerGas: quantityToBigInt(head['baseFeePerGas'] ?? '0x0'),
    priorityFeePerGas: tip instanceof RpcRefused ? PRIORITY_FEE_DEFAULT : quantityToBigInt(tip),
  }
}

async function probeBatch(rpc: Rpc, from: string, tokenRules: string): Promise<BatchProbe> {
  try {
    const result = asText(
      await rpc.call('eth_call', [{ from, to: tokenRules, data: PROBE_CALLDATA }, 'latest']),
    )
    if (result.length === PROBE_RESULT_LENGTH) return { isOpen: true }
    return { isOpen: false, reason: 'no token rules are deployed at the address' }
  } catch (error) {
    if (!(error instanceof RpcRefused)) throw error
    return { isOpen: false, reason: decodeRevertReason(error.data) ?? error.message }
  }
}

async function broadcast(rpc: Rpc, rawTx: Uint8Array, txHash: string) {
  const answer = await send(rpc, rawTx)
  const first = classifyBroadcastAnswer(answer, txHash)
  if (first.reason !== 'nonce_used') return first
  const isKnown = await placesOf(rpc, [txHash]).then(
    ([place]) => place !== 'absent',
    () => null,
  )
  return classifyBroadcastAnswer(answer, txHash, isKnown)
}

async function send(rpc: Rpc, rawTx: Uint8Array): Promise<RawAnswer> {
  try {
    return { hash: await rpc.call('eth_sendRawTransaction', [bytesToHex(rawTx)]) }
  } catch (error) {
    if (error instanceof RpcRefused) return { refusal: error.message }
    return { failure: error instanceof Error ? error.message : String(error) }
  }
}

async function placesOf(rpc: Rpc, txHashes: readonly string[]): Promise<TransactionPlace[]> {
  const answers = await rpc.batch(
    txHashes.map((hash) => ({ method: 'eth_getTransactionByHash', params: [hash] })),
  )
  return answers.map((answer) => {
    const transaction = answered(answer)
    if (transaction === null) return 'absent'
    return asRecord(transaction)['blockNumber'] ? 'mined' : 'pending'
  })
}

async function findNonceUser(
  rpc: Rpc,
  search: { address: string; nonce: number; from: number; notBefore: Date },
): Promise<NonceUser | null> {
  const newest = await lastBlockToSearch(rpc, search)
  if (newest === null) return null
  const oldest = Math.max(0, newest - BLOCKS_SEARCHED_MAX)
  for (let high = newest; high >= oldest; high -= BLOCKS_PER_REQUEST) {
    const numbers = Array.from({ length: Math.min(BLOCKS_PER_REQUEST, high + 1) }, (_, index) => high - index)
    const blocks = await rpc.batch(
      numbers.map((number) => ({ method: 'eth_getBlockByNumber', params: [toQuantity(number), true] })),
    )
    for (const answer of blocks) {
      const block = asRecord(answered(answer))
      const user = asList(block['transactions'])
        .map(asRecord)
        .find(
          (tx) =>
            asText(tx['from']).toLowerCase() === search.address &&
            quantityToNumber(tx['nonce']) === search.nonce,
        )
      if (user)
        return { txHash: asText(user['hash']).toLowerCase(), blockNumber: quantityToNumber(block['number']) }
      if (quantityToNumber(block['timestamp']) * 1_000 < search.notBefore.getTime()) return null
    }
  }
  return null
}

/**
 * The block in which the nonce was used, found by halving where the node still has the counts of old blocks; else the newest
 * one. Null while the nonce is free at `from`.
 */
async function lastBlockToSearch(
  rpc: Rpc,
  search: { address: string; nonce: number; from: number },
): Promise<number | null> {
  const isUsedAt = async (block: number): Promise<boolean> => {
    const count = await rpc.call('eth_getTransactionCount', [search.address, toQuantity(block)])
    return quantityToNumber(count) > search.nonce
  }
  if (search.from < 0) return null
  try {
    if (!(await isUsedAt(search.from))) return null
    let [free, used] = [-1, search.from]
    while (used - free > 1) {
      const middle = Math.floor((free + used) / 2)
      if (await isUsedAt(middle)) used = middle
      else free = middle
    }
    return used
  } catch (error) {
    if (!(error instanceof RpcRefused)) throw error
    return search.from
  }
}
