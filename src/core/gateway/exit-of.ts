import type { Clock } from '../shared/clock.ts'
import type { GatewayReader } from './gateway-reader.ts'
import type { MessageChange, MessageInWork } from './message-desk.ts'

/**
 * How a message ended that the chain-halt exit paid out. The value chain's gateway tells it alone, at a final block: once it has given the
 * utility chain up, what stands there does not count any more, and there may be nobody left to ask.
 * @returns null while the utility chain is not given up, or nobody has claimed what the message is about.
 * @throws ChainUnavailable when no node of the value chain answers.
 * @see docs/adr/0020-chain-halt-exit.md
 */
export async function exitOf(
  { reader, clock }: { reader: GatewayReader; clock: Clock },
  { message, source, target, refusals }: MessageInWork,
): Promise<Omit<MessageChange, 'topic'> | null> {
  const isStake = message.kind === 'stake'
  const { chainId, gateway, final } = isStake ? source : target
  if (final === null || !(await reader.isHalted(chainId, gateway, final.number))) return null
  const box = isStake ? 'outbox' : 'inbox'
  const [status] = await reader.statuses({ chainId, gateway, box, messageHash: message.messageHash }, [
    final.number,
  ])
  if (status !== (isStake ? 'revoked' : 'progressed')) return null
  return {
    status: isStake ? 'revoked' : 'completed',
    problem: null,
    refusals,
    root: null,
    steps: isStake ? [] : [{ name: 'progress_target', status: 'done', txHash: null }],
    submission: null,
    lookAt: null,
    at: clock.now(),
  }
}
