import { EconomyNotFound } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { BaseUnits } from '../shared/money.ts'
import { type Backing, toValueDown } from './backing.ts'
import { EconomyNotBacked, InvalidMessageAmount } from './errors.ts'
import type { MessageWithBacking } from './message.ts'
import {
  insertPrepared,
  newHashLock,
  type PrepareDeps,
  prepareMessage,
  STAKE_MAX,
  SUPPLY_MAX,
} from './prepare-message.ts'

export interface CreateUnstake {
  actor: Actor
  economyId: string
  /** Base units of the branded token. */
  amount: BaseUnits
  /** Who redeems: an address of the utility chain whose key is not ours. Lower-case hex with 0x. */
  redeemer: string
  /** Who is paid, on the value chain. */
  beneficiary: string
  /** Base units of the branded token, on top of the amount, for whoever finishes the redemption there. */
  bounty: BaseUnits
  /** Base units of the value token, out of what is paid, for whoever pays. */
  fee: BaseUnits
  /** How many permits of the token the redeemer has used. */
  permitNonce: bigint
  /** Seconds in which the redemption can be declared. */
  validForSeconds: number
}

/**
 * Prepares an unstake: its hash lock's secret is made and sealed, and what the redeemer has to sign follows from it. Nothing moves
 * until the redeemer signs. It needs nobody's permission: not an active economy either.
 *
 * Atomic: on any error nothing exists. The secret is stored, sealed, before its hash is told to anybody.
 * @throws EconomyNotFound, EconomyNotBacked, InvalidMessageAmount
 */
export async function createUnstake(deps: PrepareDeps, command: CreateUnstake): Promise<MessageWithBacking> {
  const { actor, economyId, redeemer: sender, permitNonce, ...wanted } = command
  const lock = await newHashLock(deps)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    requirePayable(backing, command)
    const { amount, beneficiary, bounty, fee, validForSeconds } = wanted
    const message = {
      ...prepareMessage(deps, 'redeem', backing, lock, {
        sender,
        beneficiary,
        amount,
        bounty,
        fee,
        validForSeconds,
      }),
      permit: { nonce: permitNonce, signature: null },
    }
    await insertPrepared(deps, tx, actor, { message, secretJwe: lock.secretJwe })
    return { message, backing }
  })
}

/** @throws InvalidMessageAmount unless something is left for the beneficiary */
export function requirePayable(
  backing: Backing,
  { amount, bounty, fee }: Pick<CreateUnstake, 'amount' | 'bounty' | 'fee'>,
): void {
  if (amount < 1n || amount > SUPPLY_MAX)
    throw new InvalidMessageAmount('/amount', `must be from 1 to ${SUPPLY_MAX} base units`)
  if (bounty > SUPPLY_MAX)
    throw new InvalidMessageAmount('/bounty', `must be at most ${SUPPLY_MAX} base units`)
  const paid = toValueDown(backing, amount)
  if (paid > STAKE_MAX) throw new InvalidMessageAmount('/amount', 'is worth more than a vault can hold')
  if (paid === 0n) throw new InvalidMessageAmount('/amount', 'would pay nothing: redeem more')
  if (paid <= fee)
    throw new InvalidMessageAmount('/fee', `must be less than the ${paid} base units that are paid`)
}
