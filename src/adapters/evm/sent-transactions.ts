import { Transaction } from 'ethers'
import type { PaymentLeg } from '#core/chain/queued-payment.ts'
import type { SentBatch, SentTransaction, SentTransactions } from '#core/chain/sent-transaction.ts'
import { PROBE_CALLDATA } from './batch-call.ts'
import { bytes32ToUuid, bytesToHex, hexToBytes } from './bytes.ts'
import { decodeLog, readRawLog } from './logs.ts'
import { asList, asRecord, asText, quantityToBigInt, quantityToNumber } from './read-json.ts'
import type { RpcClient } from './rpc-client.ts'
import { answered } from './rpc-errors.ts'

const SELECTOR_BYTES = 4
const WORD_BYTES = 32
const SALT_BYTES = 12
const ADDRESS_BYTES = 20
const LEG_BYTES = ADDRESS_BYTES + 12
const SELECTOR = PROBE_CALLDATA.slice(2, 2 + 2 * SELECTOR_BYTES)

type Rpc = Pick<RpcClient, 'batch'>

/** Reads transactions over JSON-RPC. @param clientOf Throws RangeError for a chain that is not configured. */
export function createSentTransactions(clientOf: (chainId: number) => Rpc): SentTransactions {
  return { read: (chainId, txHash) => read(clientOf(chainId), chainId, txHash), decodeBatch }
}

async function read(rpc: Rpc, chainId: number, txHash: string): Promise<SentTransaction | null> {
  const [found, outcome] = await rpc.batch([
    { method: 'eth_getTransactionByHash', params: [txHash] },
    { method: 'eth_getTransactionReceipt', params: [txHash] },
  ])
  if (answered(found) === null || answered(outcome) === null) return null
  const [tx, receipt] = [asRecord(found), asRecord(outcome)]
  const block = asRecord(await blockOf(rpc, asText(receipt['blockHash'])))
  const price = quantityToBigInt(receipt['effectiveGasPrice'])
  return {
    txHash,
    chainId,
    from: asText(tx['from']).toLowerCase(),
    to: typeof tx['to'] === 'string' ? tx['to'].toLowerCase() : null,
    nonce: quantityToNumber(tx['nonce']),
    data: hexToBytes(asText(tx['input'])),
    gasLimit: quantityToBigInt(tx['gas']),
    value: quantityToBigInt(tx['value']),
    maxFeePerGas: tx['maxFeePerGas'] ? quantityToBigInt(tx['maxFeePerGas']) : price,
    maxPriorityFeePerGas: tx['maxPriorityFeePerGas'] ? quantityToBigInt(tx['maxPriorityFeePerGas']) : 0n,
    rawTx: rawTxOf(tx, chainId, txHash),
    blockNumber: quantityToNumber(receipt['blockNumber']),
    blockHash: asText(receipt['blockHash']),
    minedAt: new Date(quantityToNumber(block['timestamp']) * 1_000),
    succeeded: quantityToBigInt(receipt['status']) === 1n,
    gasUsed: quantityToBigInt(receipt['gasUsed']),
    effectiveGasPrice: price,
    skipped: skippedIn(receipt),
  }
}

async function blockOf(rpc: Rpc, hash: string): Promise<unknown> {
  const [block] = await rpc.batch([{ method: 'eth_getBlockByHash', params: [hash, false] }])
  return answered(block)
}

/** Only the rules that were called skip payments in their own transaction; a batch calls nothing but its token. */
function skippedIn(receipt: Readonly<Record<string, unknown>>): Map<number, string> {
  const skipped = new Map<number, string>()
  for (const value of asList(receipt['logs'])) {
    const log = decodeLog(readRawLog(value))
    if (log?.type === 'payment_skipped') skipped.set(log.index, log.reason)
  }
  return skipped
}

/** Our own are of EIP-1559. Whatever does not give the same hash again is left empty. */
function rawTxOf(tx: Readonly<Record<string, unknown>>, chainId: number, txHash: string): Uint8Array {
  try {
    const transaction = Transaction.from({
      type: 2,
      chainId,
      nonce: quantityToNumber(tx['nonce']),
      to: asText(tx['to']),
      data: asText(tx['input']),
      value: quantityToBigInt(tx['value']),
      gasLimit: quantityToBigInt(tx['gas']),
      maxFeePerGas: quantityToBigInt(tx['maxFeePerGas']),
      maxPriorityFeePerGas: quantityToBigInt(tx['maxPriorityFeePerGas']),
      signature: {
        r: `0x${quantityToBigInt(tx['r']).toString(16).padStart(64, '0')}`,
        s: `0x${quantityToBigInt(tx['s']).toString(16).padStart(64, '0')}`,
        v: Number(quantityToBigInt(tx['yParity'] ?? tx['v'])),
      },
    })
    if (transaction.hash === txHash) return hexToBytes(transaction.serialized)
  } catch {
    // Of another type: nothing that a lane has signed.
  }
  return new Uint8Array(0)
}

/** The reverse of `encodeExecuteBatch` and `planBatch`; null for whatever they did not write. */
export function decodeBatch(data: Uint8Array): SentBatch | null {
  const bytes = Buffer.from(data)
  const head = SELECTOR_BYTES + 3 * WORD_BYTES
  if (bytes.length < head || bytes.toString('hex', 0, SELECTOR_BYTES) !== SELECTOR) return null
  const length = Number(BigInt(bytesToHex(bytes.subarray(head - WORD_BYTES, head))))
  if (length > bytes.length - head) return null
  const payments = readPayments(bytes.subarray(head, head + length))
  if (!payments) return null
  const batchId = bytesToHex(bytes.subarray(SELECTOR_BYTES, SELECTOR_BYTES + WORD_BYTES))
  return { submissionId: bytes32ToUuid(batchId), payments }
}

function readPayments(packed: Buffer): SentBatch['payments'] | null {
  const payments: { payerSalt: Buffer; legs: PaymentLeg[] }[] = []
  let at = 0
  while (at < packed.length) {
    const count = packed[at + SALT_BYTES]
    const end = at + SALT_BYTES + 1 + (count ?? 0) * LEG_BYTES
    if (count === undefined || end > packed.length) return null
    const legs: PaymentLeg[] = []
    for (let leg = at + SALT_BYTES + 1; leg < end; leg += LEG_BYTES) {
      const recipient = bytesToHex(packed.subarray(leg, leg + ADDRESS_BYTES))
      const amount = BigInt(bytesToHex(packed.subarray(leg + ADDRESS_BYTES, leg + LEG_BYTES)))
      legs.push({ recipient, amount, isFresh: false })
    }
    payments.push({ payerSalt: packed.subarray(at, at + SALT_BYTES), legs })
    at = end
  }
  return payments
}
