import { FunctionFragment } from 'ethers'
import { bytesToHex, hexToBytes, uuidToBytes32 } from './bytes.ts'

const EXECUTE_BATCH = FunctionFragment.from(
  'function executeBatch(bytes32 batchId, bytes payments) returns (uint256 executed, uint256 skipped)',
)
const SELECTOR = hexToBytes(EXECUTE_BATCH.selector)
const WORD_BYTES = 32

/** Calldata of `TokenRules.executeBatch`, written in bytes: a batch of 1,000 is 45 KB. */
export function encodeExecuteBatch(submissionId: string, payments: Uint8Array): Buffer {
  const padding = Buffer.alloc((WORD_BYTES - (payments.length % WORD_BYTES)) % WORD_BYTES)
  const offset = word(2 * WORD_BYTES)
  return Buffer.concat([
    SELECTOR,
    uuidToBytes32(submissionId),
    offset,
    word(payments.length),
    payments,
    padding,
  ])
}

/** An empty batch: what an eth_call asks to learn whether batches get through. */
export const PROBE_CALLDATA = bytesToHex(
  Buffer.concat([SELECTOR, Buffer.alloc(WORD_BYTES), word(2 * WORD_BYTES), word(0)]),
)

function word(value: number): Buffer {
  const bytes = Buffer.alloc(WORD_BYTES)
  bytes.writeUInt32BE(value, WORD_BYTES - 4)
  return bytes
}
