import type { KeyVault } from '../chain/key-vault.ts'
import { EconomyNotFound, EconomyStateConflict } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type SeenBacking, toUtilityDown } from './backing.ts'
import { EconomyNotBacked, InvalidStakeAmount } from './errors.ts'
import type { GatewayCalls } from './gateway-calls.ts'
import { type GatewayMessage, type Intent, MESSAGE_STEPS } from './message.ts'

/** Base units. What a vault counts with. */
const STAKE_MAX: BaseUnits = 2n ** 120n - 1n
/** Base units. No token has more in existence. */
const SUPPLY_MAX: BaseUnits = 2n ** 128n - 1n

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

interface Deps {
  unitOfWork: UnitOfWork
  gatewayCalls: GatewayCalls
  keyVault: Pick<KeyVault, 'seal'>
  /** 32 random bytes. */
  newSecret: () => Uint8Array
  clock: Clock
  ids: Ids
}

/** A stake with the backing that its transactions and signatures are made from. */
export interface StakeWithBacking {
  stake: GatewayMessage
  backing: SeenBacking
}

/**
 * Prepares a stake: its hash lock's secret is made and sealed, and what the staker has to sign follows from it. Nothing moves until
 * the staker signs.
 *
 * Atomic: on any error nothing exists. The secret is stored, sealed, before its hash is told to anybody.
 * @throws EconomyNotFound, EconomyNotBacked, EconomyStateConflict, InvalidStakeAmount
 */
export async function createStake(deps: Deps, command: CreateStake): Promise<StakeWithBacking> {
  const { actor, economyId } = command
  const id = deps.ids.next()
  const secret = deps.newSecret()
  const hashLock = deps.gatewayCalls.hashLockOf(secret)
  const secretJwe = await deps.keyVault.seal(secret, { laneId: id, address: hashLock })
  secret.fill(0)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    if (economy.status === 'failed') throw new EconomyStateConflict(economy.status, 'active')
    requireAmounts(backing, command)
    const beneficiary = command.beneficiary ?? (await tx.economies.companyAddress(economyId))
    const now = deps.clock.now()
    const stake = stakeOf(deps, command, { id, hashLock, beneficiary, backing, now })
    await tx.messages.insert(stake, secretJwe)
    await tx.outbox.append({ tenantId: actor.tenantId, economyId, topic: 'stake.created', subjectId: id })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'stake.created',
        subjectType: 'stake',
        subjectId: id,
        details: {
          amount: command.amount.toString(),
          staker: command.staker,
          beneficiary,
          message_hash: stake.messageHash,
        },
      }),
    )
    return { stake, backing }
  })
}

function requireAmounts(backing: SeenBacking, { amount, bounty, fee }: CreateStake): void {
  if (amount < 1n || amount > STAKE_MAX)
    throw new InvalidStakeAmount('/amount', `must be from 1 to ${STAKE_MAX} base units`)
  if (bounty > STAKE_MAX) throw new InvalidStakeAmount('/bounty', `must be at most ${STAKE_MAX} base units`)
  const minted = toUtilityDown(backing, amount)
  if (minted > SUPPLY_MAX) throw new InvalidStakeAmount('/amount', 'would mint more than a token can have')
  if (minted <= fee)
    throw new InvalidStakeAmount(
      minted === 0n ? '/amount' : '/fee',
      minted === 0n
        ? 'would mint nothing: stake more'
        : `must be less than the ${minted} base units that are minted`,
    )
}

function stakeOf(
  { gatewayCalls }: Deps,
  command: CreateStake,
  known: { id: string; hashLock: string; beneficiary: string; backing: SeenBacking; now: Date },
): GatewayMessage {
  const { id, hashLock, beneficiary, backing, now } = known
  const intent: Intent = {
    termsId: backing.termsId,
    sender: command.staker,
    beneficiary,
    amount: command.amount,
    bounty: command.bounty,
    fee: command.fee,
    nonce: nonceOf(id),
    hashLock,
    deadline: BigInt(Math.floor(now.getTime() / 1_000) + command.validForSeconds),
  }
  return {
    id,
    economyId: backing.economyId,
    kind: 'stake',
    status: 'awaiting_signature',
    messageHash: gatewayCalls.messageHash('stake', backing, intent),
    intent,
    signature: null,
    permit: null,
    sentTxHash: null,
    problem: null,
    steps: MESSAGE_STEPS.map((name) => ({
      name,
      status: 'pending',
      txHash: null,
      startedAt: null,
      finishedAt: null,
    })),
    createdAt: now,
    updatedAt: now,
    endedAt: null,
  }
}

/** A key of its own, so that messages of one sender do not wait for each other; its first number is 0. */
function nonceOf(id: string): bigint {
  return BigInt(`0x${id.replaceAll('-', '')}`) << 64n
}
