import type { BroadcastAnswer, BroadcastReason, BroadcastVerdict } from '#core/chain/broadcast-answer.ts'

const MESSAGE_LENGTH_MAX = 300

/** What came back from `eth_sendRawTransaction`: a hash, an error in the node's words, or nothing that counts. */
export type RawAnswer = { hash: unknown } | { refusal: string } | { failure: string }

/**
 * Words of geth, reth, erigon, nethermind, besu and anvil, first match wins. Whatever is not here is `unclear`, so unknown: an
 * error in words nobody foresaw must never look like a verdict.
 */
const TABLE: readonly [RegExp, BroadcastReason][] = [
  [
    /already.?(?:known|imported|exists)|known transaction|already in (?:the )?(?:mem|tx)?pool/i,
    'already_known',
  ],
  [
    /insufficient.?funds|upfront cost exceeds account balance|insufficient (?:sender )?balance/i,
    'out_of_funds',
  ],
  [/replacement|could not replace/i, 'replacement_underpriced'],
  [/intrinsic gas too low|floor data gas|gas limit.*(?:below|less than).*intrinsic/i, 'gas_too_low'],
  [/priority fee.*(?:higher|greater) than.*max fee|tip (?:higher|above).*fee cap/i, 'malformed'],
  [/underpriced|fee.?too.?low|(?:less than|below).*base ?fee|below.*minimum|minimum needed/i, 'underpriced'],
  [/nonce (?:is )?too low|old.?nonce|nonce.*already (?:been )?used/i, 'nonce_used'],
  [
    /nonce (?:is )?too high|nonce.?gap|nonce.*too (?:distant|far)|pool is full|pool overflow|limit reached/i,
    'not_now',
  ],
  [/chain ?id|invalid sender|wrong chain/i, 'wrong_chain'],
  [
    /exceeds.*(?:block )?gas ?limit|gas limit.*(?:too high|exceed)|gas.?limit.?cap|intrinsic gas too high/i,
    'gas_too_high',
  ],
  [
    /rlp|failed to decode|invalid (?:signature|transaction|v, ?r, ?s)|typed transaction too short/i,
    'malformed',
  ],
  [/type not supported|unsupported transaction|oversized|init ?code size/i, 'malformed'],
]

const VERDICTS: Readonly<Record<BroadcastReason, BroadcastVerdict>> = {
  accepted: 'accepted',
  already_known: 'accepted',
  already_mined: 'accepted',
  nonce_used: 'unknown',
  out_of_funds: 'rejected',
  underpriced: 'rejected',
  replacement_underpriced: 'rejected',
  wrong_chain: 'rejected',
  gas_too_low: 'rejected',
  gas_too_high: 'rejected',
  malformed: 'rejected',
  not_now: 'unknown',
  transport: 'unknown',
  unclear: 'unknown',
}

/**
 * The one place that decides what an answer to a broadcast means.
 * @param isKnown Whether the node knows our hash, once it was asked after `nonce_used`; null before.
 */
export function classifyBroadcastAnswer(
  answer: RawAnswer,
  txHash: string,
  isKnown: boolean | null = null,
): BroadcastAnswer {
  const { reason, message } = read(answer, txHash)
  if (reason === 'nonce_used' && isKnown === true)
    return { verdict: 'accepted', reason: 'already_mined', message }
  return { verdict: VERDICTS[reason], reason, message: message.slice(0, MESSAGE_LENGTH_MAX) }
}

function read(answer: RawAnswer, txHash: string): { reason: BroadcastReason; message: string } {
  if ('failure' in answer) return { reason: 'transport', message: answer.failure }
  if ('refusal' in answer) {
    const row = TABLE.find(([words]) => words.test(answer.refusal))
    return { reason: row?.[1] ?? 'unclear', message: answer.refusal }
  }
  if (typeof answer.hash === 'string' && answer.hash.toLowerCase() === txHash)
    return { reason: 'accepted', message: '' }
  return { reason: 'unclear', message: 'the node answered with another hash than ours' }
}
