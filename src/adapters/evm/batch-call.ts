import { hexToBytes, uuidToBytes32 } from './bytes.ts'
import { tokenRules } from './generated/token-rules.ts'

const WORD_BYTES = 32
const SELECTOR_BYTES = 4

/** An empty batch: what an eth_call asks to learn whether batches get through. */
export const PROBE_CALLDATA = tokenRules.encodeCall('executeBatch', `0x${'0'.repeat(64)}`, '0x')

const SELECTOR = hexToBytes(PROBE_CALLDATA).subarray(0, SELECTOR_BYTES)

/**
 * Calldata of `TokenRules.executeBatch(bytes32 batchId, bytes payments)`. Written in bytes: a batch of 1,000 is 45 KB, which
 * ethers would take through hex strings several times.
 */
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

function word(value: number): Buffer {
  const bytes = Buffer.alloc(WORD_BYTES)
  bytes.writeUInt32BE(value, WORD_BYTES - 4)
  return bytes
}
