import { EconomyNotFound, EconomyStateConflict } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { BaseUnits } from '../shared/money.ts'
import { type Backing, toUtilityDown } from './backing.ts'
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

export interface CreateStake {
  actor: Actor
  economyId: string
  /** Base units of the value token. */
  amount: BaseUnits
  /** Who stakes: an address of the value chain whose key is not ours. Lower-case hex with 0x. */
  staker: string
  /** Who the tokens are minted to; absent: the company. */
  beneficiary?: string
  /** Base units of the value token, on top of the amount, for whoever finishes the stake there. */
  bounty: BaseUnits
  /** Base units of the branded token, out of what is minted, for whoever finishes it there. */
  fee: BaseUnits
  /** Seconds in which the stake can be declared. */
  validForSeconds: number
}

/**
 * Prepares a stake: its hash lock's secret is made and sealed, and what the staker has to sign follows from it. Nothing moves until
 * the staker signs.
 *
 * Atomic: on any error nothing exists. The secret is stored, sealed, before its hash is told to anybody.
 * @throws EconomyNotFound, EconomyNotBacked, EconomyStateConflict, InvalidMessageAmount
 */
export async function createStake(deps: PrepareDeps, command: CreateStake): Promise<MessageWithBacking> {
  const { actor, economyId } = command
  const lock = await newHashLock(deps)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    if (economy.status === 'failed') throw new EconomyStateConflict(economy.status, 'active')
    requireAmounts(backing, command)
    const beneficiary = command.beneficiary ?? (await tx.economies.companyAddress(economyId))
    const { amount, bounty, fee, staker: sender, validForSeconds } = command
    const wanted = { sender, beneficiary, amount, bounty, fee, validForSeconds }
    const message = prepareMessage(deps, 'stake', backing, lock, wanted)
    await insertPrepared(deps, tx, actor, { message, secretJwe: lock.secretJwe })
    return { message, backing }
  })
}

function requireAmounts(backing: Backing, { amount, bounty, fee }: CreateStake): void {
  if (amount < 1n || amount > STAKE_MAX)
    throw new InvalidMessageAmount('/amount', `must be from 1 to ${STAKE_MAX} base units`)
  if (bounty > STAKE_MAX) throw new InvalidMessageAmount('/bounty', `must be at most ${STAKE_MAX} base units`)
  const minted = toUtilityDown(backing, amount)
  if (minted > SUPPLY_MAX) throw new InvalidMessageAmount('/amount', 'would mint more than a token can have')
  if (minted <= fee)
    throw new InvalidMessageAmount(
      minted === 0n ? '/amount' : '/fee',
      minted === 0n
        ? 'would mint nothing: stake more'
        : `must be less than the ${minted} base units that are minted`,
    )
}
