import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { type FieldError, InvalidRequest } from '../shared/errors.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Backing } from './backing.ts'
import { EconomyNotBacked, messageNotFound, messageStateConflict } from './errors.ts'
import type { GatewayCalls, TypedData } from './gateway-calls.ts'
import { type GatewayMessage, type MessageKind, type MessageWithBacking, NOUN_OF } from './message.ts'

/**
 * What the sender hands in: signatures for us to bring, or the transaction that they sent themselves. The permit is a redeemer's, by
 * which the gateway may take the tokens; null where they gave an allowance, and of a stake, whose one signature does both.
 */
export type HandIn = { signature: string; permitSignature: string | null } | { txHash: string }

interface Deps {
  unitOfWork: UnitOfWork
  gatewayCalls: GatewayCalls
  clock: Clock
  ids: Ids
}

/**
 * Takes the sender's signatures, which a facilitator brings to the gateway, or the hash of the transaction by which the sender
 * brought the message. The chain decides either way: a hash is a hint where to look sooner.
 *
 * The same signatures again change nothing.
 * @throws StakeNotFound, StakeStateConflict, UnstakeNotFound, UnstakeStateConflict
 * @throws InvalidRequest naming the signature that is not the sender's
 */
export async function submitMessage(
  deps: Deps,
  command: { actor: Actor; economyId: string; kind: MessageKind; messageId: string; handIn: HandIn },
): Promise<MessageWithBacking> {
  const { actor, economyId, kind, messageId, handIn } = command
  const noun = NOUN_OF[kind]
  const told = { tenantId: actor.tenantId, economyId, subjectId: messageId }
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const message = await tx.messages.find(economyId, kind, messageId)
    if (!message) throw messageNotFound(kind)
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    const now = deps.clock.now()
    if ('txHash' in handIn) {
      if (message.status !== 'awaiting_signature') return { message, backing }
      const isNoted = await tx.messages.noteSent(economyId, messageId, handIn.txHash, now)
      if (isNoted && message.sentTxHash !== handIn.txHash) {
        const payload = { transaction_hash: handIn.txHash }
        await tx.outbox.append({ ...told, topic: `${noun}.sent`, payload })
      }
      return { message: { ...message, sentTxHash: handIn.txHash, updatedAt: now }, backing }
    }
    if (isSignedWith(message, handIn)) return { message, backing }
    const { status } = message
    if (status !== 'awaiting_signature')
      throw messageStateConflict(kind, status, 'it takes no signature any more.')
    if (BigInt(Math.floor(now.getTime() / 1_000)) > message.intent.deadline)
      throw messageStateConflict(kind, status, 'its deadline has passed. Prepare a new one.')
    requireSigned(deps.gatewayCalls, backing, message, handIn)
    if (!(await tx.messages.sign(economyId, messageId, handIn, now))) {
      const changed = await tx.messages.find(economyId, kind, messageId)
      // The same signatures came with another request at the same time.
      if (changed && isSignedWith(changed, handIn)) return { message: changed, backing }
      throw messageStateConflict(kind, status, 'it changed meanwhile. Look at it again.')
    }
    await tx.outbox.append({ ...told, topic: `${noun}.signed` })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: `${noun}.signed`,
        subjectType: noun,
        subjectId: messageId,
        details: { message_hash: message.messageHash },
      }),
    )
    const { signature, permitSignature } = handIn
    const permit = message.permit && { ...message.permit, signature: permitSignature }
    return { message: { ...message, status: 'signed', signature, permit, updatedAt: now }, backing }
  })
}

function isSignedWith(
  message: GatewayMessage,
  { signature, permitSignature }: Exclude<HandIn, { txHash: string }>,
): boolean {
  return message.signature === signature && (message.permit?.signature ?? null) === permitSignature
}

/** @throws InvalidRequest with every signature that is somebody else's, or of something else */
function requireSigned(
  calls: GatewayCalls,
  backing: Backing,
  { kind, intent, messageHash, permit }: GatewayMessage,
  { signature, permitSignature }: { signature: string; permitSignature: string | null },
): void {
  const fields: FieldError[] = []
  const check = (pointer: string, name: string, data: TypedData, given: string) => {
    if (calls.isSignedBy(data, intent.sender, given)) return
    const detail = `is not a signature of ${name} by ${intent.sender}: a contract's wallet sends the transactions instead`
    fields.push({ pointer, detail })
  }
  if (kind === 'stake')
    check('/signature', 'typed_data', calls.stakeAuthorization(backing, intent, messageHash), signature)
  else check('/signature', 'typed_data', calls.redeemIntent(backing, intent), signature)
  if (permit && permitSignature !== null)
    check(
      '/permit_signature',
      'permit_typed_data',
      calls.redeemPermit(backing, intent, permit.nonce),
      permitSignature,
    )
  if (fields.length > 0) throw new InvalidRequest(fields)
}
