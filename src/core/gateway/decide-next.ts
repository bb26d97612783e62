import type { BoxStatus } from './gateway-reader.ts'
import type { MessageStatus } from './message.ts'

/** What both chains show of a message. */
export interface MessageView {
  source: { latest: BoxStatus; final: BoxStatus }
  target: { latest: BoxStatus; final: BoxStatus }
  /** The source's status at the newest final root that the target believes; null where it cannot be proven any more. */
  sourceAtRoot: BoxStatus | null
  /** The target's status at the newest final root that the source believes. */
  targetAtRoot: BoxStatus | null
  /** Of a managed wallet: whether its tokens are with the redeemer for good. none: its sender has the key. */
  funding: 'none' | 'pending' | 'arrived' | 'failed'
  /** The gateway may take the sender's tokens, as far as that is ours to see to. */
  isAllowed: boolean
  /** The sender's signature was handed in, or is ours to make. */
  isSigned: boolean
  /** The source's final block is younger than the deadline allows. */
  isExpired: boolean
  /** It is so much younger that anybody may take the message back. */
  isOverdue: boolean
  /** The target can pay out now: a co-gateway has a limit of what it mints in a window. */
  isPayable: boolean
}

/** Calls by name; the proofs, the secret and the signature they need are found by who makes them. */
export type NextCall =
  | 'allow'
  | 'declare'
  | 'confirm'
  | 'progress_target'
  | 'progress_source'
  | 'progress_source_with_proof'
  | 'revoke'
  | 'confirm_revocation'
  | 'progress_revocation'

export type NextStep =
  | { do: 'call'; call: NextCall }
  /** `at`: the end that has to learn a newer root of the other one. */
  | { do: 'await_root'; at: 'source' | 'target' }
  | { do: 'wait'; for: 'signature' | 'tokens' | 'finality' | 'mint_limit' }
  | { do: 'end'; status: 'completed' | 'revoked' | 'expired' | 'failed' }

/**
 * What to do for a message now, from what the chains show and nothing else: so it does not matter who did the steps before, nor
 * how often this is asked.
 *
 * Only final states are built on: a step whose ground a re-org could take away waits. The secret goes out on the target first, and
 * on the source only once the payment there is final.
 * @see docs/protocol.md for the table of transitions that this walks through.
 */
export function decideNext(view: MessageView): NextStep {
  const { source, target } = view
  if (source.final === 'undeclared') return beforeDeclaration(view)
  if (source.final === 'revoked') return { do: 'end', status: 'revoked' }
  if (target.latest !== target.final) return { do: 'wait', for: 'finality' }
  if (isLate(view)) return call('revoke')
  switch (target.final) {
    case 'undeclared':
      return isProvable(view.sourceAtRoot) ? call('confirm') : { do: 'await_root', at: 'target' }
    case 'declared':
      return onConfirmed(view)
    case 'progressed':
      return onProgressed(view)
    case 'revoked':
      return onRevoked(view)
    // An inbox never declares a revocation.
    case 'declared_revocation':
      return { do: 'wait', for: 'finality' }
  }
}

function beforeDeclaration({ source, funding, isAllowed, isSigned, isExpired }: MessageView): NextStep {
  if (source.latest !== 'undeclared') return { do: 'wait', for: 'finality' }
  if (funding === 'failed') return { do: 'end', status: 'failed' }
  if (funding === 'pending') return { do: 'wait', for: 'tokens' }
  if (isExpired) return { do: 'end', status: 'expired' }
  if (!isSigned) return { do: 'wait', for: 'signature' }
  return call(isAllowed ? 'declare' : 'allow')
}

/** Nobody finished it in time: its sender gets it back, unless the target has paid. */
function isLate({ source, target, isOverdue }: MessageView): boolean {
  const isOpen = source.latest === 'declared' && source.final === 'declared'
  return isOverdue && isOpen && (target.final === 'undeclared' || target.final === 'declared')
}

function onConfirmed({ source, sourceAtRoot, isPayable }: MessageView): NextStep {
  // A revocation that is not final yet may still become one: paying meanwhile would be right as well, but its sender may have paid the penalty.
  if (source.latest !== source.final) return { do: 'wait', for: 'finality' }
  if (source.final === 'declared_revocation') {
    return sourceAtRoot === 'declared_revocation'
      ? call('confirm_revocation')
      : { do: 'await_root', at: 'target' }
  }
  return isPayable ? call('progress_target') : { do: 'wait', for: 'mint_limit' }
}

function onProgressed({ source, targetAtRoot }: MessageView): NextStep {
  if (source.final === 'progressed') return { do: 'end', status: 'completed' }
  if (source.latest === 'progressed') return { do: 'wait', for: 'finality' }
  if (source.latest === 'declared') return call('progress_source')
  // Taken back too late: it is paid already, and only a proof of that ends it.
  return targetAtRoot === 'progressed'
    ? call('progress_source_with_proof')
    : { do: 'await_root', at: 'source' }
}

function onRevoked({ source, targetAtRoot }: MessageView): NextStep {
  if (source.latest === 'revoked') return { do: 'wait', for: 'finality' }
  return targetAtRoot === 'revoked' ? call('progress_revocation') : { do: 'await_root', at: 'source' }
}

/** Where a message stands for its sender. `isSigned` tells apart what waits for the sender from what waits for us. */
export function statusOf({ source, target, funding, isSigned }: MessageView, end: NextStep): MessageStatus {
  if (end.do === 'end') return end.status
  if (source.final === 'undeclared' && funding === 'pending') return 'awaiting_tokens'
  if (source.final === 'undeclared') return isSigned ? 'signed' : 'awaiting_signature'
  if (target.final === 'progressed') return 'progressed'
  if (source.final === 'declared_revocation' || target.final === 'revoked') return 'revoking'
  return target.final === 'declared' ? 'confirmed' : 'declared'
}

const call = (name: NextCall): NextStep => ({ do: 'call', call: name })

function isProvable(status: BoxStatus | null): boolean {
  return status === 'declared' || status === 'progressed' || status === 'declared_revocation'
}
