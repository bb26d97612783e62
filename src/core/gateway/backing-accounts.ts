import { LedgerInconsistency } from '../ledger/errors.ts'
import type { BaseUnits } from '../shared/money.ts'

/** The two books of a backing: one of value tokens, on the value chain, one of branded tokens, on the utility chain. */
export type Book = 'value' | 'utility'

/**
 * The accounts of each book, which add up to zero: where everything comes from (minus all the rest), what is on its way, and what is there
 * for good. `redeeming` is the escrow of redemptions under way, whose tokens still exist.
 */
export const ACCOUNTS = {
  value: ['outside', 'in_flight', 'vault'],
  utility: ['issuance', 'supply', 'redeeming'],
} as const
export type BackingAccount = (typeof ACCOUNTS)[Book][number]

/** What each event of a gateway moves. From the first account that has what the message holds. @see contracts/src/interfaces */
const MOVES = {
  StakeDeclared: { from: ['outside'], to: 'in_flight' },
  StakeProgressed: { from: ['in_flight'], to: 'vault' },
  // By the chain-halt exit, also one that was released into the vault and never minted.
  StakeRevoked: { from: ['in_flight', 'vault'], to: 'outside' },
  Unstaked: { from: ['vault'], to: 'outside' },
  ExitPaid: { from: ['vault'], to: 'outside' },
  Minted: { from: ['issuance'], to: 'supply' },
  RedeemDeclared: { from: ['supply'], to: 'redeeming' },
  RedeemProgressed: { from: ['redeeming'], to: 'issuance' },
  RedeemRevoked: { from: ['redeeming'], to: 'supply' },
} as const satisfies Record<string, { from: readonly BackingAccount[]; to: BackingAccount }>

/** An event that moves value or tokens. */
export type GatewayEvent = keyof typeof MOVES

/** Those of each book's gateway. */
export const EVENTS = {
  value: ['StakeDeclared', 'StakeProgressed', 'StakeRevoked', 'Unstaked', 'ExitPaid'],
  utility: ['Minted', 'RedeemDeclared', 'RedeemProgressed', 'RedeemRevoked'],
} as const satisfies Record<Book, readonly GatewayEvent[]>

/** A gateway's event in its block. */
export interface GatewayLog {
  event: GatewayEvent
  /** Null for what leaves by the exit without a message. */
  messageHash: string | null
  /** Base units; null where the event says only which message it is about. */
  amount: BaseUnits | null
  chainId: number
  blockNumber: number
  blockHash: string
  txHash: string
  logIndex: number
}

/** What one log moves between two accounts of its book. */
export interface BackingPosting {
  log: GatewayLog
  from: BackingAccount
  to: BackingAccount
  /** Base units, above zero. */
  amount: BaseUnits
}

/** Base units that a message has in each account, by its hash. */
export type Holdings = ReadonlyMap<string, Readonly<Partial<Record<BackingAccount, BaseUnits>>>>

/**
 * What a gateway's logs move, in their order. An event without an amount moves what its message holds: what an earlier event brought
 * there, of these logs or of `known`. Pure.
 * @throws LedgerInconsistency for an event about a message of which no earlier one is known: the log has a gap
 */
export function planPostings(logs: readonly GatewayLog[], known: Holdings): BackingPosting[] {
  const holdings = new Map([...known].map(([hash, held]) => [hash, { ...held }]))
  const postings: BackingPosting[] = []
  for (const log of logs) {
    const held = holdings.get(log.messageHash ?? '') ?? {}
    const posting = planPosting(log, held)
    if (posting.amount === 0n) continue
    postings.push(posting)
    if (log.messageHash === null) continue
    held[posting.from] = (held[posting.from] ?? 0n) - posting.amount
    held[posting.to] = (held[posting.to] ?? 0n) + posting.amount
    holdings.set(log.messageHash, held)
  }
  return postings
}

function planPosting(log: GatewayLog, held: Partial<Record<BackingAccount, BaseUnits>>): BackingPosting {
  const { from, to } = MOVES[log.event]
  if (log.amount !== null) return { log, from: from[0], to, amount: log.amount }
  const source = from.find((account) => (held[account] ?? 0n) > 0n)
  if (source === undefined)
    throw new LedgerInconsistency(
      `${log.event} of message ${log.messageHash} in block ${log.blockNumber}: it holds nothing in ${from.join(' or ')}`,
    )
  return { log, from: source, to, amount: held[source] ?? 0n }
}
