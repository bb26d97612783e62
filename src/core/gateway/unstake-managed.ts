import { hash } from 'node:crypto'
import { EconomyNotFound } from '../economy/errors.ts'
import type { LoadEconomyConfig } from '../rule/economy-config.ts'
import { draftTransactionType } from '../rule/create-transaction-type.ts'
import { ensureTransactionType, OPEN_TYPE } from '../rule/ensure-transaction-type.ts'
import type { Actor } from '../shared/actor.ts'
import { InvalidRequest } from '../shared/errors.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { AcceptRequest, Drafts } from '../transaction/accept-transactions.ts'
import { acceptPrepared, type Prepared } from '../transaction/accept-prepared.ts'
import type { Acceptor } from '../transaction/acceptor.ts'
import { requireAcceptable } from '../transaction/require-acceptable.ts'
import type { ExecuteTransaction } from '../transaction/transaction.ts'
import { UserNotFound } from '../user/errors.ts'
import type { User } from '../user/user.ts'
import type { Backing } from './backing.ts'
import { requirePayable } from './create-unstake.ts'
import { ensureRedeemer } from './ensure-redeemer.ts'
import { EconomyNotBacked, UnstakeNotFound } from './errors.ts'
import type { Redeemer } from './redeemer-store.ts'
import type { Consent, GatewayMessage, MessageWithBacking, NewManagedUnstake } from './message.ts'
import { newHashLock, type PrepareDeps, prepareMessage } from './prepare-message.ts'

/** By which tokens move to the redeemer. */
const TYPE_NAME = 'unstake'
/** Seconds: a hundred years. Tokens that have moved to the redeemer must never be too late. */
const VALID_FOR_SECONDS = 3_155_760_000
/** Milliseconds that the clocks of a business and ours may differ. */
const CLOCK_SKEW_MS = 300_000

export interface UnstakeManaged {
  actor: Actor
  economyId: string
  /** Whose wallet it is: a user's or the company's. */
  userId: string
  /** Base units of the branded token. */
  amount: BaseUnits
  /** Who is paid, on the value chain. */
  beneficiary: string
  /** Base units of the branded token, on top of the amount, for whoever finishes the redemption there. */
  bounty: BaseUnits
  /** Base units of the value token, out of what is paid, for whoever pays. */
  fee: BaseUnits
  /** What the user agreed to, and when. Null of the company, which asks for it itself. */
  consent: { text: string; givenAt: Date } | null
  idempotency: AcceptRequest['idempotency']
}

interface Deps extends PrepareDeps {
  loadEconomyConfig: LoadEconomyConfig
  acceptor: Pick<Acceptor, 'submit'>
}

/**
 * Redeems tokens of a managed wallet, which has no key of its own: a transaction moves them to the economy's redeemer, within the
 * rules and caps of all managed payments, and once that is final the redeemer's key signs for the beneficiary that the consent names.
 *
 * Unstake, consent and audit entry are written in the database transaction that holds the tokens: none is there without the others;
 * the same key again finds all of it. If the tokens do not move, the unstake fails and the hold is released.
 * @throws UserNotFound, EconomyNotBacked, InvalidMessageAmount, InvalidRequest for a consent that is missing or out of place
 * @throws whatever an execution is refused with
 */
export async function unstakeManaged(
  deps: Deps,
  command: UnstakeManaged,
): Promise<MessageWithBacking & { replayed: boolean }> {
  const { actor, economyId, idempotency } = command
  const { tenantId } = actor
  const request = { tenantId, economyId, idempotency }
  const { transactionId, replayed } = await acceptPrepared(deps, request, () => prepare(deps, command))
  return deps.unitOfWork(tenantId, async (tx) => {
    const message = await tx.messages.findByTransaction(economyId, transactionId)
    const backing = await tx.backings.find(economyId)
    if (!message || !backing) throw new UnstakeNotFound()
    return { message, backing, replayed }
  })
}

async function prepare(deps: Deps, command: UnstakeManaged): Promise<Prepared> {
  const { actor, userId, amount, beneficiary, bounty, fee } = command
  const { backing, user } = await find(deps, command)
  const consent = consentOf(deps, user, command.consent)
  requirePayable(backing, command)
  const redeemer = await ensureRecipient(deps, command, backing)
  const lock = await newHashLock(deps)
  const message = prepareMessage(deps, 'redeem', backing, lock, {
    sender: redeemer.address,
    beneficiary,
    amount,
    bounty,
    fee,
    validForSeconds: VALID_FOR_SECONDS,
  })
  const unstake = {
    message: { ...message, status: 'awaiting_tokens' as const },
    secretJwe: lock.secretJwe,
    userId,
    consent,
    audit: auditOf(deps, actor, { message, userId, consent }),
  }
  return { items: [paymentOf(command, redeemer.id, message.id)], attachment: { kind: 'unstake', unstake } }
}

async function find(
  { unitOfWork }: Deps,
  { actor, economyId, userId }: UnstakeManaged,
): Promise<{ backing: Backing; user: User }> {
  return unitOfWork(actor.tenantId, async (tx) => {
    if (!(await tx.economies.find(economyId))) throw new EconomyNotFound()
    const user = await tx.users.find(economyId, userId)
    // The redeemer's tokens are of unstakes that there are already.
    if (!user || user.type === 'redeemer') throw new UserNotFound()
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    return { backing, user }
  })
}

/**
 * The economy's redeemer, and the type by which tokens move to it. Before the first unstake makes them, the acceptor is asked what it would say
 * of a payment with both.
 */
async function ensureRecipient(deps: Deps, command: UnstakeManaged, backing: Backing): Promise<Redeemer> {
  const { actor, economyId } = command
  const { tenantId } = actor
  const type = { actor, economyId, name: TYPE_NAME, kind: 'user_to_company', currency: 'token' } as const
  const requireWith = async (redeemerId: string, drafts: Drafts) => {
    const items = [paymentOf(command, redeemerId, deps.ids.next())]
    await requireAcceptable(deps.acceptor, { tenantId, economyId, items }, drafts)
  }
  const redeemer = await ensureRedeemer(deps, tenantId, backing, async (recipient) =>
    requireWith(recipient.id, { recipient, type: draftTransactionType(deps, { ...type, ...OPEN_TYPE }) }),
  )
  await ensureTransactionType(deps, type, async (draft) => requireWith(redeemer.id, { type: draft }))
  return redeemer
}

/** By which the tokens move to the redeemer. */
function paymentOf(
  { userId, amount, bounty }: UnstakeManaged,
  redeemerId: string,
  unstakeId: string,
): ExecuteTransaction {
  return {
    type: { name: TYPE_NAME },
    fromUserId: userId,
    toUserId: redeemerId,
    amount: (amount + bounty).toString(),
    commission: null,
    metadata: { unstake_id: unstakeId },
    isUnstake: true,
  }
}

/** @throws InvalidRequest naming what is wrong with it */
function consentOf({ clock }: Deps, user: User, given: UnstakeManaged['consent']): Consent | null {
  const refusal = (pointer: string, detail: string) => new InvalidRequest([{ pointer, detail }])
  if (user.type === 'company') {
    if (given) throw refusal('/consent', 'is a user’s: the company asks for its own tokens and needs none')
    return null
  }
  if (!given)
    throw refusal('/consent', 'is needed: what the user was shown and agreed to, and when. Ask them first')
  if (given.givenAt.getTime() > clock.now().getTime() + CLOCK_SKEW_MS)
    throw refusal('/consent/given_at', 'is in the future: name the moment at which the user agreed')
  return { ...given, textHash: `0x${hash('sha256', given.text)}` }
}

function auditOf(
  deps: Deps,
  actor: Actor,
  { message, userId, consent }: { message: GatewayMessage; userId: string; consent: Consent | null },
): NewManagedUnstake['audit'] {
  return auditEntry(deps, actor, {
    action: 'unstake.created',
    subjectType: 'unstake',
    subjectId: message.id,
    details: {
      user_id: userId,
      amount: message.intent.amount.toString(),
      beneficiary: message.intent.beneficiary,
      message_hash: message.messageHash,
      ...(consent && {
        consent_hash: consent.textHash,
        consent_given_at: consent.givenAt.toISOString(),
      }),
    },
  })
}
