/** The node no longer has a block it told us of: it re-organised, or another node answered. Nothing follows but to read again. */
export class BlockVanished extends Error {
  override readonly name = 'BlockVanished'
}

/**
 * What the chain says and what the ledger knows cannot both be true. Nothing was written; the chain is halted until a person
 * has looked, because every guess here could cost money.
 */
export class LedgerInconsistency extends Error {
  override readonly name = 'LedgerInconsistency'
}

/** Another follower moved the cursor first: its work stands, ours was dropped. */
export class CursorMoved extends Error {
  override readonly name = 'CursorMoved'
  override readonly message = 'another follower was faster'
}
