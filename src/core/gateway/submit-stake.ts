import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { InvalidRequest } from '../shared/errors.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { StakeWithBacking } from './create-stake.ts'
import { EconomyNotBacked, StakeNotFound, StakeStateConflict } from './errors.ts'
import type { GatewayCalls } from './gateway-calls.ts'

/** What the staker hands in: a signature for us to bring, or the transaction that they sent themselves. */
export type HandIn = { signature: string } | { txHash: string }

interface Deps {
  unitOfWork: UnitOfWork
  gatewayCalls: GatewayCalls
  clock: Clock
  ids: Ids
}

/**
 * Takes the staker's signature, which a facilitator brings to the gateway, or the hash of the transaction by which the staker
 * brought the stake. The chain decides either way: a hash is a hint where to look sooner.
 *
 * The same signature again changes nothing. @throws StakeNotFound, StakeStateConflict, InvalidRequest for a signature of another
 */
export async function submitStake(
  deps: Deps,
  command: { actor: Actor; economyId: string; stakeId: string; handIn: HandIn },
): Promise<StakeWithBacking> {
  const { actor, economyId, stakeId, handIn } = command
  const owner = { tenantId: actor.tenantId, economyId }
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const stake = await tx.messages.find(economyId, 'stake', stakeId)
    if (!stake) throw new StakeNotFound()
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    const now = deps.clock.now()
    if ('txHash' in handIn) {
      if (stake.status !== 'awaiting_signature') return { stake, backing }
      const isNoted = await tx.messages.noteSent(economyId, stakeId, handIn.txHash, now)
      if (isNoted && stake.sentTxHash !== handIn.txHash) {
        const payload = { transaction_hash: handIn.txHash }
        await tx.outbox.append({ ...owner, topic: 'stake.sent', subjectId: stakeId, payload })
      }
      return { stake: { ...stake, sentTxHash: handIn.txHash, updatedAt: now }, backing }
    }
    const { signature } = handIn
    if (stake.signature === signature) return { stake, backing }
    if (stake.status !== 'awaiting_signature')
      throw new StakeStateConflict(stake.status, 'it takes no signature any more.')
    if (BigInt(Math.floor(now.getTime() / 1_000)) > stake.intent.deadline)
      throw new StakeStateConflict(stake.status, 'its deadline has passed. Prepare a new one.')
    if (!deps.gatewayCalls.isAuthorizedBy(backing, stake.intent, stake.messageHash, signature)) {
      throw new InvalidRequest([
        {
          pointer: '/signature',
          detail: `is not a signature of typed_data by ${stake.intent.sender}: a contract's wallet sends the transactions instead`,
        },
      ])
    }
    if (!(await tx.messages.sign(economyId, stakeId, signature, now)))
      throw new StakeStateConflict(stake.status, 'it changed meanwhile. Look at it again.')
    await tx.outbox.append({ ...owner, topic: 'stake.signed', subjectId: stakeId })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'stake.signed',
        subjectType: 'stake',
        subjectId: stakeId,
        details: { message_hash: stake.messageHash },
      }),
    )
    return { stake: { ...stake, status: 'signed', signature, updatedAt: now }, backing }
  })
}
