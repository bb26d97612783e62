import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { ChainLog } from '#core/ledger/block.ts'
import { bytes32ToUuid } from './bytes.ts'
import { tokenRules } from './generated/token-rules.ts'
import { utilityBrandedToken } from './generated/utility-branded-token.ts'
import { asRecord, asText, quantityToNumber } from './read-json.ts'

// Logs are read by hand: at thousands of transfers per second, general ABI decoding would be most of the work.

const TRANSFER = utilityBrandedToken.topicOf('Transfer')
const PAYMENT_SKIPPED = tokenRules.topicOf('PaymentSkipped')
const BATCH_EXECUTED = tokenRules.topicOf('BatchExecuted')

/** The events that the ledger lives from. */
export const LEDGER_TOPICS: readonly string[] = [TRANSFER, PAYMENT_SKIPPED, BATCH_EXECUTED]

/** Characters of `0x` and of one 32-byte word in hex; a word's last 20 bytes are an address. */
const PREFIX_LENGTH = 2
const WORD_LENGTH = 64
const ADDRESS_OFFSET = PREFIX_LENGTH + 24

/** A log as the node sends it. */
export interface RawLog {
  address: string
  topics: readonly string[]
  data: string
  blockHash: string
  transactionHash: string
  logIndex: number
}

/** @throws ChainUnavailable when the node's answer is no log. */
export function readRawLog(value: unknown): RawLog {
  const log = asRecord(value)
  const topics = log['topics']
  if (!Array.isArray(topics)) throw new ChainUnavailable('a node answered with a log without topics')
  return {
    address: asText(log['address']).toLowerCase(),
    topics: topics.map(asText),
    data: asText(log['data']),
    blockHash: asText(log['blockHash']),
    transactionHash: asText(log['transactionHash']),
    logIndex: quantityToNumber(log['logIndex']),
  }
}

/** The log's meaning to the ledger; null for other events, and for events that share a name but not the form (ERC-721). */
export function decodeLog(raw: RawLog): ChainLog | null {
  const { address, topics, data } = raw
  const [topic, first, second] = topics
  const words = (data.length - PREFIX_LENGTH) / WORD_LENGTH
  const place = { address, txHash: raw.transactionHash, logIndex: raw.logIndex }
  if (topic === TRANSFER && topics.length === 3 && words === 1 && first && second) {
    return { type: 'transfer', ...place, from: addressIn(first), to: addressIn(second), amount: BigInt(data) }
  }
  if (topic === PAYMENT_SKIPPED && topics.length === 3 && words === 1 && first && second) {
    const selector = data.slice(0, PREFIX_LENGTH + 8)
    return {
      type: 'payment_skipped',
      ...place,
      submissionId: bytes32ToUuid(first),
      index: Number(BigInt(second)),
      reason: tokenRules.errorName(selector) ?? selector,
    }
  }
  if (topic === BATCH_EXECUTED && topics.length === 2 && words === 2 && first) {
    return {
      type: 'batch_executed',
      ...place,
      submissionId: bytes32ToUuid(first),
      executed: Number(BigInt(data.slice(0, PREFIX_LENGTH + WORD_LENGTH))),
      skipped: Number(BigInt(`0x${data.slice(PREFIX_LENGTH + WORD_LENGTH)}`)),
    }
  }
  return null
}

function addressIn(topic: string): string {
  return `0x${topic.slice(ADDRESS_OFFSET).toLowerCase()}`
}
